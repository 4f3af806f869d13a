using UNetFamily.Scans;
using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Scans;

/// <summary>What a file says of the scans that its network takes.</summary>
public sealed class ScanPreparationTests : FileTests
{
    [Fact]
    public void What_a_network_needs_is_in_the_file_of_its_weights()
    {
        var path = folder.File("net.safetensors");
        using var model = SomeScans.Net();
        model.Save(path, SomeScans.Known.ToNotes());

        ScanPreparation.In(path).Should().BeEquivalentTo(SomeScans.Known);
        model.Save(path);
        ScanPreparation.In(path).Should().BeNull();
    }

    [Theory]
    [InlineData("""{"roi_size":[8,8,8]}""", "*classes*")]
    [InlineData("""{"roi_size":[8],"classes":["a","b"]}""", "*roi_size needs 2 or 3 sides of 0 to 4096, is*")]
    [InlineData("""{"roi_size":[8,8,99999999],"classes":["a","b"]}""", "*roi_size needs 2 or 3 sides of 0 to 4096, is*")]
    [InlineData("""{"roi_size":[8,8,8],"classes":["a","b"],"spacing":1e-9}""", "*a spacing of 1E-09 mm is outside 0.01 to 100.")]
    [InlineData("""{"roi_size":[8,8,8],"classes":["a","b"],"overlap":1}""", "*an overlap of 1 is not from 0 to below 1.")]
    [InlineData("""{"roi_size":[8,8,8],"classes":["a"]}""", "*there must be 2 to 256 classes, not 1.")]
    [InlineData("""{"roi_size":[8,8,8],"classes":["a","b"],"run":"me"}""", "*can't be read*")]
    [InlineData("""{"roi_size":[4096,4096,4096],"classes":["a","b"]}""", "*more than 268,435,456 voxels.")]
    [InlineData("""{"roi_size":null,"classes":["a","b"]}""", "*must not be null.")]
    [InlineData("""{"roi_size":[8,8,8],"classes":["a",null]}""", "*must not be null.")]
    [InlineData("null", "*preprocessing is empty.")]
    public void Nonsense_in_the_file_is_refused(string note, string message)
    {
        var path = folder.File("net.safetensors");
        using var model = SomeScans.Net();
        model.Save(path, new Dictionary<string, string> { [ScanPreparation.Key] = note });

        ((Action)(() => ScanPreparation.In(path))).Should().Throw<InvalidDataException>().WithMessage(message);
    }
}
