namespace UNetFamily.Tests.Checkpoints;

/// <summary>What a file of weights does to the file of its name.</summary>
public sealed class ReplacingTests : FileTests
{
    private static readonly UNetOptions Small = UNetOptions.Milesial(1, 2) with { Widths = [2, 4] };

    /// <summary>Everything that writes a file of weights.</summary>
    private static readonly Dictionary<string, Action<SegmentationModel, string>> Writers = new()
    {
        [nameof(CheckpointSaving.Save)] = (model, path) => model.Save(path),
        [nameof(CheckpointSaving.Export)] = (model, path) => model.Export(path, UNetKeyMaps.Milesial),
        [nameof(TrainingFiles.SaveTraining)] = (model, path) =>
        {
            using var optimizer = optim.SGD(model.parameters(), 0.1);
            model.SaveTraining(path, optimizer, new());
        },
        [nameof(Checkpoint.SaveAs)] = (_, path) =>
        {
            using var file = Checkpoint.Open(TestFiles.Path("module.pth"));
            file.SaveAs(path);
        },
    };

    public static TheoryData<string> Names() => new(Writers.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_link_goes_on_leading_to_the_file_that_is_replaced(string writer)
    {
        using var model = Small.Build();
        Directory.CreateDirectory(folder.File("store"));
        File.WriteAllText(folder.File("store/v1.safetensors"), "old");
        File.CreateSymbolicLink(folder.File("store/current"), "v1.safetensors");
        File.CreateSymbolicLink(folder.File("latest.safetensors"), folder.File("store/current"));

        Writers[writer](model, folder.File("latest.safetensors"));

        new FileInfo(folder.File("latest.safetensors")).LinkTarget.Should().Be(folder.File("store/current"));
        new FileInfo(folder.File("store/v1.safetensors")).LinkTarget.Should().BeNull();
        Checkpoint.Open(folder.File("store/v1.safetensors")).Dispose();
        Directory.GetFileSystemEntries(folder.File("store")).Should().HaveCount(2);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_link_to_nothing_makes_the_file_that_it_names(string writer)
    {
        using var model = Small.Build();
        File.CreateSymbolicLink(folder.File("latest.safetensors"), "v1.safetensors");
        Writers[writer](model, folder.File("latest.safetensors"));
        new FileInfo(folder.File("latest.safetensors")).LinkTarget.Should().Be("v1.safetensors");
        Checkpoint.Open(folder.File("v1.safetensors")).Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_mode_of_the_file_stays(string writer)
    {
        if (OperatingSystem.IsWindows()) return;
        using var model = Small.Build();
        var file = folder.File("a.safetensors");
        foreach (var mode in new[] { UnixFileMode.UserRead | UnixFileMode.UserWrite, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead })
        {
            File.WriteAllText(file, "old");
            File.SetUnixFileMode(file, mode);
            Writers[writer](model, file);
            File.GetUnixFileMode(file).Should().Be(mode);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_missing_folder_is_named(string writer)
    {
        using var model = Small.Build();
        var (file, missing) = (folder.File("not/there/a.safetensors"), folder.File("not/there"));
        model.Invoking(it => Writers[writer](it, file)).Should().Throw<DirectoryNotFoundException>().WithMessage($"'{file}' can't be written: there is no folder '{missing}'.");
        File.CreateSymbolicLink(folder.File("link"), file);
        model.Invoking(it => Writers[writer](it, folder.File("link"))).Should().Throw<DirectoryNotFoundException>().WithMessage($"'{folder.File("link")}' can't be written: there is no folder '{missing}'.");
        Directory.CreateDirectory(folder.File("folder"));
        model.Invoking(it => Writers[writer](it, folder.File("folder"))).Should().Throw<IOException>().WithMessage("*it is a folder.");
        folder.Files.Should().HaveCount(2);
    }
}
