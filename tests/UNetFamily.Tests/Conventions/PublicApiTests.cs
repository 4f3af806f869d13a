using System.Runtime.CompilerServices;

namespace UNetFamily.Tests.Conventions;

public class PublicApiTests
{
    /// <summary>
    /// Every change of the public surface shows in a diff. To accept one, run the tests with <c>UNETFAMILY_UPDATE_API=1</c>; the file is then rewritten.
    /// </summary>
    [Fact]
    public void The_public_surface_is_the_one_in_the_file()
    {
        var surface = PublicSurface.Of(typeof(SegmentationModel).Assembly);
        var file = Path.Combine(Path.GetDirectoryName(SourceFile())!, "..", "..", "..", "src", "UNetFamily", "PublicApi.txt");
        if (Environment.GetEnvironmentVariable("UNETFAMILY_UPDATE_API") == "1") File.WriteAllLines(file, surface);

        // A copy beside the tests serves where they run without the sources.
        var known = File.ReadAllLines(File.Exists(file) ? file : Path.Combine(AppContext.BaseDirectory, "PublicApi.txt"));
        var difference = surface.Except(known).Select(line => $"+ {line}").Concat(known.Except(surface).Select(line => $"- {line}"));
        difference.Should().BeEmpty("src/UNetFamily/PublicApi.txt lists the public surface; run this test with UNETFAMILY_UPDATE_API=1 to accept the change");
    }

    private static string SourceFile([CallerFilePath] string path = "") => path;
}
