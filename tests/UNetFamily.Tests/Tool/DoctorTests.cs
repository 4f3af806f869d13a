using UNetFamily.Tests.Build;

namespace UNetFamily.Tests.Tool;

/// <summary>The doctor where TorchSharp loads and where it doesn't: it explains, and never ends by a signal.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("unetfamily-doctor-").FullName;

    public DoctorTests()
    {
        // Links, but for the program itself: the host looks for files beside what a link leads to.
        var natives = Path.GetDirectoryName(NativeFile.InOutput) is { } path ? Directory.GetFiles(path) : [];
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory).Union(natives))
        {
            var here = InFolder(file);
            Directory.CreateDirectory(Path.GetDirectoryName(here)!);
            if (Path.GetFileName(file).StartsWith("UNetFamily.Tool.", StringComparison.Ordinal)) File.Copy(file, here);
            else File.CreateSymbolicLink(here, file);
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [NativeFileFact]
    public void Finds_the_native_library_where_all_is_well()
    {
        var (code, output) = Run("--load-native-library");
        output.Trim().Should().EndWith(NativeFile.Name);
        code.Should().Be(0);
    }

    [NativeFileFact(package: true, olderLibstdcxx: true)]
    public void Explains_the_version_that_libstdcxx_lacks()
    {
        Replace(NativeFile.InPackage);

        var (code, output) = Run();

        code.Should().Be(1, output);
        output.Should().Contain("version `GLIBCXX_3.4.32' not found (required by ")
            .And.MatchRegex(@"the newest that \S*libstdc\+\+\.so\.6 has is GLIBCXX_3\.4\.\d+\.")
            .And.Contain("GCC 13").And.Contain("<AllowOlderLibstdcxx>true</AllowOlderLibstdcxx>");
    }

    [NativeFileFact]
    public void Says_that_the_native_file_is_missing()
    {
        Replace(null);

        var (code, output) = Run();

        code.Should().Be(1, output);
        output.Should().Contain("There is no native file of TorchSharp's").And.NotContain("GLIBCXX_3.4.32");
    }

    [NativeFileFact]
    public void Says_which_package_brings_libtorch()
    {
        foreach (var file in Directory.GetFiles(folder, "lib*.so*", SearchOption.AllDirectories))
            if (Path.GetFileName(file) != NativeFile.Name) File.Delete(file);

        // Without the path to it where the tests themselves run over the libtorch of the machine.
        var (code, output) = Run(libraries: "");

        code.Should().Be(1, output);
        output.Should().Contain("libtorch.so: cannot open shared object file").And.Contain("TorchSharp-cpu").And.Contain("libtorch-cpu-linux-x64");
    }

    [NativeFileFact]
    public void Shows_the_message_of_a_file_that_is_none()
    {
        var text = Path.Combine(folder, "text");
        File.WriteAllText(text, "no library");
        Replace(text);

        var (code, output) = Run();

        code.Should().Be(1, output);
        output.Should().Contain($"{NativeFile.Name}: file too short");
    }

    [NativeFileFact]
    public void What_computes_nothing_works_without_the_native_library()
    {
        Replace(null);
        var file = Checkpoints.TestFiles.Path("envelope.pth");
        var plain = Path.Combine(folder, "plain.safetensors");

        Tool(null, "--help").Code.Should().Be(0);
        Tool(null, "segment", "--fodls").Output.Should().Contain("Did you mean --folds?");
        Tool(null, "[suggest:25]", "unetfamily summary unet-m").Output.Should().Contain("unet-milesial-bilinear");
        Tool(null, "inspect", file).Output.Should().Contain("9 tensors with 32 numbers");
        Tool(null, "convert", file, plain).Code.Should().Be(0);
        foreach (var arguments in (string[][])[["summary", "unet-milesial", "--size", "32"], ["verify", file], ["diff", file, plain]])
        {
            var (code, output) = Tool(null, arguments);
            (code, output).Should().Be((1, "TorchSharp's native library or libtorch does not load. `unetfamily doctor` says why, and what helps.\n"), "of {0}", arguments[0]);
        }
    }

    private string InFolder(string file) => Path.Combine(folder, Path.GetRelativePath(AppContext.BaseDirectory, file));

    private void Replace(string? by)
    {
        var file = InFolder(NativeFile.InOutput!);
        File.Delete(file);
        if (by is not null) File.Copy(by, file);
    }

    private (int Code, string Output) Run(string? argument = null, string? libraries = null) => Tool(libraries, argument is null ? ["doctor"] : ["doctor", argument]);

    private (int Code, string Output) Tool(string? libraries, params string[] arguments)
    {
        var (code, output, errors) = ChildProcess.Run(Path.Combine(folder, "UNetFamily.Tool.dll"), arguments, libraries is null ? [] : [("LD_LIBRARY_PATH", libraries)]);
        Directory.Exists(Path.Combine(folder, "cpu")).Should().BeFalse("TorchSharp's own search copies the packages into the application's folder");
        return (code, output + errors);
    }
}
