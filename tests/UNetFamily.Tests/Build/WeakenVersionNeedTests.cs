using System.Collections;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using UNetFamily.Build;

namespace UNetFamily.Tests.Build;

/// <summary>The build step on files: what it writes, what it leaves, what it says.</summary>
public sealed class WeakenVersionNeedTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("unetfamily-build-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Copies_the_changed_library_and_leaves_the_file_itself()
    {
        var library = Library("package/libmade.so", new ElfImage().Write(), "runtimes/linux-x64/native/");
        var before = File.ReadAllBytes(library.ItemSpec);

        var task = Run([library], out var log);

        log.Should().BeEmpty();
        task.Replaced.Should().Equal(library);
        var copy = task.Copies.Should().ContainSingle().Subject;
        copy.ItemSpec.Should().Be(Path.Combine(folder, "obj", "runtimes/linux-x64/native/", "libmade.so"));
        copy.GetMetadata("Kept").Should().Be("yes");
        File.ReadAllBytes(library.ItemSpec).Should().Equal(before);
        before[ElfImage.FlagsOf(before, ElfImage.Version)] = 2;
        File.ReadAllBytes(copy.ItemSpec).Should().Equal(before);
    }

    /// <summary>By size and time, MSBuild takes a file for the one that it has copied before.</summary>
    [Fact]
    public void Gives_the_copy_a_time_of_its_own_and_keeps_it()
    {
        var library = Library("libmade.so", new ElfImage().Write());
        File.SetLastWriteTimeUtc(library.ItemSpec, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        var copy = Run([library], out _).Copies.Single().ItemSpec;
        var written = File.GetLastWriteTimeUtc(copy);
        written.Should().NotBe(File.GetLastWriteTimeUtc(library.ItemSpec));

        Run([library], out _).Copies.Single().ItemSpec.Should().Be(copy);
        File.GetLastWriteTimeUtc(copy).Should().Be(written);
    }

    [Fact]
    public void Writes_a_new_file_instead_of_into_one_that_is_in_use()
    {
        var library = Library("libmade.so", new ElfImage().Write());
        var copy = Run([library], out _).Copies.Single().ItemSpec;
        File.WriteAllText(copy, "of an earlier build");
        using var open = File.OpenRead(copy);

        Run([library], out _).Copies.Should().ContainSingle();

        new StreamReader(open).ReadToEnd().Should().Be("of an earlier build");
        File.ReadAllBytes(copy).Should().HaveCount((int)new FileInfo(library.ItemSpec).Length);
    }

    [Fact]
    public void Keeps_files_of_one_name_apart()
    {
        var x64 = Library("x64/libmade.so", new ElfImage().Write(), "runtimes/linux-x64/native/");
        var arm64 = Library("arm64/libmade.so", (new ElfImage { Relocated = [] }).Write(), "runtimes/linux-arm64/native/");

        var copies = Run([x64, arm64], out _).Copies;

        copies.Select(copy => new FileInfo(copy.ItemSpec).Length).Should().Equal(new FileInfo(x64.ItemSpec).Length, new FileInfo(arm64.ItemSpec).Length);
    }

    [Fact]
    public void Replaces_nothing_that_needs_no_change()
    {
        var task = Run([Library("libweak.so", (new ElfImage { Flags = 2 }).Write()), Library("text.so", "INPUT(-lother)"u8.ToArray())], out var log);
        task.Replaced.Should().BeEmpty();
        task.Copies.Should().BeEmpty();
        log.Should().BeEmpty();
    }

    [Fact]
    public void Warns_of_a_library_that_uses_the_version()
    {
        var task = Run([Library("libused.so", (new ElfImage { Relocated = ["_ZSt21ios_base_library_initv"] }).Write())], out var log);
        task.Copies.Should().BeEmpty();
        log.Should().ContainSingle().Which.Should().Match("warning: *libused.so uses symbols of GLIBCXX_3.4.32 and keeps its need of it.*");
    }

    [Fact]
    public void Reports_a_damaged_library()
    {
        var task = Run([Library("libdamaged.so", new ElfImage().Write()[..^100])], out var log, succeeds: false);
        task.Copies.Should().BeEmpty();
        log.Should().ContainSingle().Which.Should().Match("error: *libdamaged.so is damaged: *");
    }

    [NativeFileFact(package: true)]
    public void The_output_has_the_package_s_file_changed_in_one_bit_where_the_machine_lacks_the_version()
    {
        var inPackage = File.ReadAllBytes(NativeFile.InPackage);
        var inOutput = File.ReadAllBytes(NativeFile.InOutput!);
        inOutput.Should().HaveSameCount(inPackage);
        var changed = Enumerable.Range(0, inPackage.Length).Where(at => inPackage[at] != inOutput[at]).ToList();
        changed.Should().HaveCount(NativeFile.MachineLacksVersion ? 1 : 0);
        changed.Should().NotContain(at => inPackage[at] != 0 || inOutput[at] != 2);

        ElfFile.Weaken(inPackage, ElfImage.Libstdcxx, ElfImage.Version).Should().Be(ElfChange.Made, "the package's own file needs the version and does not use it");
        ElfFile.Weaken(inOutput, ElfImage.Libstdcxx, ElfImage.Version).Should().Be(NativeFile.MachineLacksVersion ? ElfChange.None : ElfChange.Made);
    }

    [NativeFileFact(package: true)]
    public void The_real_file_can_do_without_the_one_version_alone()
    {
        var file = File.ReadAllBytes(NativeFile.InPackage);
        ElfFile.Weaken(file, ElfImage.Libstdcxx, "GLIBCXX_3.4.30").Should().Be(ElfChange.InUse);
        ElfFile.Weaken(file, "libc.so.6", "GLIBC_2.34").Should().Be(ElfChange.InUse);
        file.Should().Equal(File.ReadAllBytes(NativeFile.InPackage));
    }

    [NativeFileFact]
    public void Other_real_libraries_stay_as_they_are()
    {
        string?[] folders = [Path.GetDirectoryName(NativeFile.InOutput), Path.GetDirectoryName(typeof(object).Assembly.Location)];
        var libraries = folders.SelectMany(folder => new[] { "libc10.so", "libgomp-98b21ff3.so.1", "libclrjit.so" }.Select(name => Path.Combine(folder!, name))).Where(File.Exists).ToList();
        libraries.Should().Contain(library => library.EndsWith("libclrjit.so", StringComparison.Ordinal));

        Run([.. libraries.Select(library => new TaskItem(library))], out var log).Copies.Should().BeEmpty();
        log.Should().BeEmpty();
    }

    private TaskItem Library(string name, byte[] bytes, string outputFolder = "")
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return new TaskItem(path, new Dictionary<string, string> { ["DestinationSubDirectory"] = outputFolder, ["Kept"] = "yes" });
    }

    private WeakenVersionNeed Run(ITaskItem[] libraries, out List<string> log, bool succeeds = true)
    {
        var engine = new Engine();
        var task = new WeakenVersionNeed
        {
            BuildEngine = engine,
            Libraries = libraries,
            Folder = Path.Combine(folder, "obj"),
            Provider = ElfImage.Libstdcxx,
            Version = ElfImage.Version,
            Symbol = "_ZSt21ios_base_library_initv",
        };
        task.Execute().Should().Be(succeeds);
        log = engine.Log;
        return task;
    }

    private sealed class Engine : IBuildEngine
    {
        public List<string> Log { get; } = [];

        public bool ContinueOnError => false;

        public int LineNumberOfTaskNode => 0;

        public int ColumnNumberOfTaskNode => 0;

        public string ProjectFileOfTaskNode => "";

        public void LogErrorEvent(BuildErrorEventArgs e) => Log.Add($"error: {e.Message}");

        public void LogWarningEvent(BuildWarningEventArgs e) => Log.Add($"warning: {e.Message}");

        public void LogMessageEvent(BuildMessageEventArgs e)
        {
        }

        public void LogCustomEvent(CustomBuildEventArgs e)
        {
        }

        public bool BuildProjectFile(string projectFileName, string[] targetNames, IDictionary globalProperties, IDictionary targetOutputs) => throw new NotSupportedException();
    }
}
