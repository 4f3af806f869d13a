using UNetFamily.NnUNet;

namespace UNetFamily.Tests.NnUNet.Stages;

public sealed class PostprocessingTests : IDisposable
{
    private const string Function = "remove_all_but_largest_component_from_segmentation";

    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Fact]
    public void Steps_are_applied_in_order()
    {
        var steps = Read($$"""{"postprocessing_fns": ["{{Function}}", "{{Function}}"], "postprocessing_kwargs": [{"labels_or_regions": [1, [2, 3]]}, {"labels_or_regions": 2, "background_label": 1}], "input_folder": "anything"}""");
        steps.Steps.Should().Equal(new KeepLargest(1, 2, 3), new KeepLargest(2) { Background = 1 });

        ushort[] row = [2, 0, 1, 2, 1, 2, 2, 0, 3];
        steps.Apply(row, new VolumeSize(1, 1, 9));
        row.Should().Equal(0, 0, 1, 1, 1, 2, 2, 0, 0);
    }

    [Theory]
    [InlineData("{", "*")]
    [InlineData("[]", "there is no list 'postprocessing_fns'.")]
    [InlineData("""{"postprocessing_fns": ["f"], "postprocessing_kwargs": []}""", "there are 1 functions and arguments for 0.")]
    [InlineData("""{"postprocessing_fns": ["f"], "postprocessing_kwargs": [{}]}""", "the function f isn't supported. Supported is " + Function + ".")]
    [InlineData("{\"postprocessing_fns\": [\"" + Function + "\"], \"postprocessing_kwargs\": [{}]}", Function + " has no labels_or_regions.")]
    [InlineData("{\"postprocessing_fns\": [\"" + Function + "\"], \"postprocessing_kwargs\": [{\"labels_or_regions\": [-1]}]}", "-1 is no label.")]
    [InlineData("{\"postprocessing_fns\": [\"" + Function + "\"], \"postprocessing_kwargs\": [{\"labels_or_regions\": 1, \"x\": 2}]}", "the argument x of " + Function + " isn't supported.")]
    public void A_file_that_makes_no_sense_is_refused_with_its_path(string json, string message)
    {
        var reading = () => Read(json);
        reading.Should().Throw<InvalidDataException>().WithMessage($"{path}: {message}");
    }

    private Postprocessing Read(string json)
    {
        File.WriteAllText(path, json);
        return Postprocessing.Read(path);
    }
}
