namespace UNetFamily.Tests.Checkpoints;

/// <summary>Options in the header of a file: all of them come back, and made-up ones are refused.</summary>
public class OptionsJsonTests
{
    private const string Valid = """{"Widths":[8,16],"Norm":"Batch","Upsampling":"Transposed","Padded":true,"Concat":"SkipFirst","Dropout":0,"UpActivation":false,"LastUpWidth":null,"Initialization":"Default","InChannels":1,"OutChannels":2,"SpatialDims":"Two"}""";

    public static IEnumerable<object[]> Variants() => ModelCatalog.Variants.Select(variant => new object[] { variant.Name });

    [Theory]
    [MemberData(nameof(Variants))]
    public void Every_published_variant_comes_back(string name)
    {
        var options = ModelCatalog.Find(name).Options;
        var network = options.GetType().Name[..^"Options".Length];
        OptionsJson.Read(network, OptionsJson.Write(options), long.MaxValue).Should().Be(options);
    }

    [Fact]
    public void Options_of_every_reference_case_come_back()
    {
        // Building the full-size networks takes long; their options are those of the catalogue.
        foreach (var source in Reference.ReferenceCases.All().Where(source => source.ParameterCount < 200_000))
        {
            using var scope = NewDisposeScope();
            using var module = Reference.ReferenceFamilies.Of(source.Net).Build(source).Module;
            if (module is not SegmentationModel model) continue;
            OptionsJson.Read(model.GetName(), OptionsJson.Write(model.Options), long.MaxValue).Should().Be(model.Options, "that is {0}", source);
        }
    }

    [Fact]
    public void Choices_are_written_as_a_user_would_type_them()
    {
        var options = UNetOptions.Milesial(1, 2) with { Norm = Normalization.Group(4), Initialization = Initialization.He(0.01), SpatialDims = SpatialDims.Three, LastUpWidth = 5 };
        OptionsJson.Write(options).Should().Contain("\"Norm\":{\"Group\":{\"groups\":4}}").And.Contain("\"Initialization\":{\"He\":{\"slope\":0.01}}")
            .And.Contain("\"SpatialDims\":\"Three\"").And.Contain("\"LastUpWidth\":5");
        OptionsJson.Read("UNet", OptionsJson.Write(options), long.MaxValue).Should().Be(options);
    }

    [Fact]
    public void An_option_that_came_later_keeps_its_default() =>
        OptionsJson.Read("UNet", Valid.Replace("\"Dropout\":0,", "", StringComparison.Ordinal), long.MaxValue).Should().Be(UNetOptions.Milesial(1, 2) with { Widths = [8, 16] });

    [Theory]
    [InlineData("\"Norm\":\"Batch\"", "\"Norm\":\"Batches\"", "UNet.Norm must be one of None, Batch, *")]
    [InlineData("\"Norm\":\"Batch\"", "\"Norm\":{\"Group\":{\"groups\":-8}}", "*groups*")]
    [InlineData("\"Norm\":\"Batch\"", "\"Norm\":{\"Group\":{}}", "UNet.Norm must be 'Group' with 1 values.")]
    [InlineData("\"Norm\":\"Batch\"", "\"Norm\":{\"Build\":{\"dims\":\"Two\"}}", "UNet.Norm must be one of *")]
    [InlineData("\"Norm\":\"Batch\"", "\"Norm\":null", "UNet.Norm must be a value.")]
    [InlineData("\"Norm\":\"Batch\"", "\"Norm\":7", "UNet.Norm must be one of *")]
    [InlineData("[8,16]", "[8,1e3]", "UNet.Widths must be a whole number.")]
    [InlineData("[8,16]", "[8,1000000]", "UNet.Widths is 1000000; no tensor of the file has a side longer than 1000.")]
    [InlineData("[8,16]", "null", "UNet.Widths must be a value.")]
    [InlineData("[8,16]", "8", "UNet.Widths must be a list *")]
    [InlineData("\"Padded\":true", "\"Padded\":1", "UNet.Padded must be true or false.")]
    [InlineData("\"Concat\":\"SkipFirst\"", "\"Concat\":\"0\"", "UNet.Concat must be one of SkipFirst, UpFirst.")]
    [InlineData("\"Dropout\":0", "\"Dropout\":1e999", "UNet.Dropout must be a number.")]
    [InlineData("\"Dropout\":0", "\"Dropout\":0,\"Dropout\":1", "The options are not valid JSON*")]
    [InlineData("\"Dropout\":0", "\"KeyMaps\":[]", "UNet has no option 'KeyMaps'.")]
    [InlineData("\"Dropout\":0", "\"$type\":\"System.IO.FileInfo\"", "UNet has no option '$type'.")]
    [InlineData("\"InChannels\":1,", "", "UNet lacks the option 'InChannels'.")]
    [InlineData("{\"Widths\"", "[[[[[[[[[[[[[[[[[[[[{\"Widths\"", "The options are not valid JSON*")]
    public void Made_up_options_are_refused(string part, string replaced, string message)
    {
        Valid.Should().Contain(part);
        FluentActions.Invoking(() => OptionsJson.Read("UNet", Valid.Replace(part, replaced, StringComparison.Ordinal), largest: 1000)).Should().Throw<FormatException>().WithMessage(message);
    }

    [Theory]
    [InlineData("FileInfo")]
    [InlineData("SegmentationModel")]
    [InlineData("")]
    public void Only_networks_of_the_library_are_made(string network) =>
        FluentActions.Invoking(() => OptionsJson.Read(network, "{}", 1)).Should().Throw<FormatException>().WithMessage("There is no network*");

    [Fact]
    public void Options_that_contradict_each_other_are_refused_by_the_network()
    {
        using var folder = new TestFiles.Folder();
        using var model = (UNetOptions.Milesial(1, 2) with { Widths = [2, 4] }).Build();
        var metadata = ModelFile.Metadata(model);
        metadata[ModelFile.OptionsKey] = metadata[ModelFile.OptionsKey].Replace("\"Dropout\":0", "\"Dropout\":7", StringComparison.Ordinal);
        SafetensorsWriter.Write(folder.File("a.safetensors"), model.state_dict().Select(entry => SafetensorsItem.Of(entry.Key, entry.Value)), metadata);
        FluentActions.Invoking(() => SegmentationModel.FromFile(folder.File("a.safetensors"))).Should().Throw<CheckpointException>().WithMessage("*Dropout must be from 0 to below 1, is 7*");
    }
}
