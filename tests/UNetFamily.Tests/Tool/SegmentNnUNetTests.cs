using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using UNetFamily.NnUNet;
using UNetFamily.Tests.Reference;
using UNetFamily.Tool;

namespace UNetFamily.Tests.Tool;

/// <summary><c>segment</c> with models of nnU-Net over folders of images: what it writes, what it leaves alone, and what its exit codes say.</summary>
public sealed class SegmentNnUNetTests : IDisposable
{
    private readonly string path = Directory.CreateTempSubdirectory().FullName;

    private string Images => Path.Combine(path, "images");

    private string Labels => Path.Combine(path, "labels");

    [Fact]
    public void Writes_the_label_map_of_each_case_and_leaves_finished_ones_alone()
    {
        var model = Use("c10_smaller_than_patch", "one", "two");

        Run("--model", model).Should().Be(ExitCode.Fine);

        Directory.EnumerateFiles(Labels).Select(file => Path.GetFileName(file)).Order().Should().Equal("one.nii.gz", "two.nii.gz");
        var expected = LabelVolume.Read(ImageReader.Of("NibabelIO"), Path.Combine(CasePath("c10_smaller_than_patch"), "expected", "case_001.nii.gz"));
        LabelVolume.Read(ImageReader.Of("NibabelIO"), Path.Combine(Labels, "one.nii.gz")).Labels.Should().Equal(expected.Labels);

        File.WriteAllText(Path.Combine(Labels, "one.nii.gz"), "mine");
        File.Delete(Path.Combine(Labels, "two.nii.gz"));
        Run("--model", model, "--disable-tta").Should().Be(ExitCode.Fine);
        File.ReadAllText(Path.Combine(Labels, "one.nii.gz")).Should().Be("mine");
        File.Exists(Path.Combine(Labels, "two.nii.gz")).Should().BeTrue();
    }

    [Fact]
    public void Shards_share_the_cases()
    {
        var model = Use("c10_smaller_than_patch", "a", "b", "c");

        Run("--model", model, "--shard", "2/2", "--disable-tta").Should().Be(ExitCode.Fine);

        Directory.EnumerateFiles(Labels).Select(file => Path.GetFileName(file)).Should().Equal("b.nii.gz");
    }

    [Fact]
    public void A_broken_image_fails_alone()
    {
        var model = Use("c10_smaller_than_patch", "good");
        File.WriteAllText(Path.Combine(Images, "bad_0000.nii.gz"), "no image");

        Run("--model", model, "--disable-tta").Should().Be(ExitCode.Failed);

        Directory.EnumerateFiles(Labels).Select(file => Path.GetFileName(file)).Should().Equal("good.nii.gz");
    }

    [Fact]
    public void A_missing_channel_is_found_before_the_work()
    {
        var model = Use("c04_3ch_norms", "one", "two");
        File.Delete(Path.Combine(Images, "two_0001.nii.gz"));

        Run("--model", model).Should().Be(ExitCode.Unreadable);

        Directory.Exists(Labels).Should().BeFalse();
    }

    [Fact]
    public void A_folder_that_is_no_model_is_refused()
    {
        Use("c10_smaller_than_patch", "one");

        Run("--model", Images).Should().Be(ExitCode.Unreadable);
        Run("--model", Path.Combine(CasePath("c10_smaller_than_patch"), "model", "nnUNetTrainer__nnUNetPlans__3d_fullres"), "--folds", "3").Should().Be(ExitCode.Unreadable);
    }

    [Fact]
    public void The_second_stage_of_a_cascade_takes_the_labels_of_the_first()
    {
        var model = Use("c06b_cascade_fullres", "case_001");

        Of("--model", model).Should().Match<(int Code, string Output, string Errors)>(run => run.Code == ExitCode.WrongUsage && run.Errors.Contains("--previous-stage names the folder of label maps that 3d_lowres made"));
        Run("--model", model, "--previous-stage", Path.Combine(CasePath("c06b_cascade_fullres"), "previous_stage"), "--disable-tta").Should().Be(ExitCode.Fine);
    }

    [Fact]
    public void Probabilities_are_saved_as_numpy_reads_them()
    {
        var model = Use("c10_smaller_than_patch", "one");

        Run("--model", model, "--save-probabilities", "--disable-tta").Should().Be(ExitCode.Fine);

        using var archive = ZipFile.OpenRead(Path.Combine(Labels, "one.npz"));
        using var stream = archive.GetEntry("probabilities.npy")!.Open();
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        var bytes = buffer.ToArray();
        var header = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        bytes[..8].Should().Equal(0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0);
        Encoding.ASCII.GetString(bytes, 10, header).Should().StartWith("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 16, 19, 33), }").And.EndWith("\n");
        ((10 + header) % 64).Should().Be(0);
        bytes.Length.Should().Be(10 + header + 4 * 4 * 16 * 19 * 33);
    }

    [Fact]
    public void One_image_goes_to_a_file_or_a_folder_with_its_probabilities()
    {
        var model = Use("c10_smaller_than_patch", "one");
        var (image, file) = (Path.Combine(Images, "one_0000.nii.gz"), Path.Combine(path, "mine.nii.gz"));

        var run = ToolRun.Of("segment", "--model", model, "--input", image, "--output", file, "--save-probabilities", "--disable-tta", "--device", "cpu");

        run.Code.Should().Be(ExitCode.Fine);
        run.Output.Should().EndWith($"Label map: {file}\n").And.Contain(" ml\n");
        Run("--model", model, "--disable-tta").Should().Be(ExitCode.Fine);
        LabelVolume.Read(ImageReader.Of("NibabelIO"), file).Labels.Should().Equal(LabelVolume.Read(ImageReader.Of("NibabelIO"), Path.Combine(Labels, "one.nii.gz")).Labels);
        File.Exists(Path.Combine(path, "mine.npz")).Should().BeTrue();
        ToolRun.Of("segment", "-m", model, "-i", image, "-o", Path.Combine(path, "mine.nrrd")).Should().Match<(int Code, string Output, string Errors)>(other => other.Code == ExitCode.WrongUsage && other.Errors.Contains("a name that ends with .nii.gz"));
    }

    [Fact]
    public void Several_models_are_an_ensemble()
    {
        var model = Use("c10_smaller_than_patch", "one");

        Run("--model", model, "--model", model, "--disable-tta").Should().Be(ExitCode.Fine);

        Run("--model", model, "--model", Path.Combine(Images, "one_0000.nii.gz")).Should().Be(ExitCode.WrongUsage);
    }

    [Fact]
    public void Json_has_every_case()
    {
        var model = Use("c10_smaller_than_patch", "good");
        File.WriteAllText(Path.Combine(Images, "bad_0000.nii.gz"), "no image");

        var (code, output, errors) = Of("--model", model, "--disable-tta", "--json");

        code.Should().Be(ExitCode.Failed);
        var cases = JsonDocument.Parse(output).RootElement.GetProperty("cases").EnumerateArray().ToArray();
        cases.Select(one => (one.GetProperty("name").GetString(), one.GetProperty("outcome").GetString())).Should().Equal(("bad", "failed"), ("good", "done"));
        cases[1].GetProperty("classes").EnumerateArray().Should().HaveCount(3);
        errors.Should().Contain("1/2 bad: ");
    }

    [Fact]
    public void Ctrl_C_stops_between_cases()
    {
        var model = Use("c10_smaller_than_patch", "one");
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        var (code, output, errors) = ToolRun.Of(cancelled.Token, "segment", "--model", model, "--input", Images, "--output", Labels);

        (code, output, errors).Should().Be((ExitCode.Stopped, "", "Stopped; what was not finished was not written.\n"));
        Directory.Exists(Labels).Should().BeFalse();
    }

    [Theory]
    [InlineData("--shard 0/2", "--shard needs a part and their number, from 1/4 to 4/4, not '0/2'.")]
    [InlineData("--shard 3/2", "--shard needs a part and their number, from 1/4 to 4/4, not '3/2'.")]
    [InlineData("--step-size 0", "--step-size needs a share above 0 up to 1 (nnU-Net's is 0.5), not '0'.")]
    [InlineData("--folds x", "--folds needs numbers such as 0,1,2, or all, not 'x'.")]
    [InlineData("--device tpu", "--device needs cpu, cuda or cuda:0, cuda:1 and so on, not 'tpu'. Did you mean cpu?")]
    [InlineData("--fodls 0", "There is no option '--fodls' of segment. Did you mean --folds? Options: --model, ")]
    [InlineData("--spacing 1", "--spacing doesn't fit MODEL, a model folder of nnU-Net: its plans say the spacing.")]
    [InlineData("--overlap 0.5", "--overlap doesn't fit MODEL, a model folder of nnU-Net: its windows are placed by --step-size, which is 1 minus the overlap.")]
    [InlineData("--previous-stage x", "--previous-stage is for the second stage of a cascade, and MODEL is none.")]
    public void Wrong_options_are_named(string options, string message)
    {
        var model = Use("c10_smaller_than_patch", "one");

        var (code, _, errors) = ToolRun.Of(["segment", "--model", model, "--input", Images, "--output", Labels, .. options.Split(' ')]);

        code.Should().Be(ExitCode.WrongUsage);
        errors.TrimEnd().Split('\n')[^1].Should().StartWith(message.Replace("MODEL", model, StringComparison.Ordinal));
    }

    public void Dispose() => Directory.Delete(path, recursive: true);

    private static string CasePath(string name) => Path.Combine(ReferenceCases.FolderOf("nnunet"), name);

    /// <summary>Copies a case's images under other names.</summary>
    /// <returns>Its model folder.</returns>
    private string Use(string name, params string[] cases)
    {
        Directory.CreateDirectory(Images);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(CasePath(name), "input")))
            foreach (var target in cases) File.Copy(file, Path.Combine(Images, Path.GetFileName(file).Replace("case_001", target, StringComparison.Ordinal)));
        return Directory.EnumerateDirectories(Path.Combine(CasePath(name), "model")).Single();
    }

    private int Run(params string[] options) => Of(options).Code;

    private (int Code, string Output, string Errors) Of(params string[] options) => ToolRun.Of(["segment", .. options, "--input", Images, "--output", Labels, "--device", "cpu"]);
}
