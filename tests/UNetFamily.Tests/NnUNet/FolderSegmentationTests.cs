using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using UNetFamily.NnUNet;
using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.Segment;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.NnUNet;

/// <summary>The command line over folders of images: what it writes, what it leaves alone, and what its exit codes say.</summary>
public sealed class FolderSegmentationTests : IDisposable
{
    private readonly string path = Directory.CreateTempSubdirectory().FullName;

    private string Images => Path.Combine(path, "images");

    private string Labels => Path.Combine(path, "labels");

    [Fact]
    public void Writes_the_label_map_of_each_case_and_leaves_finished_ones_alone()
    {
        var model = Use("c10_smaller_than_patch", "one", "two");

        Run("--nnunet", model).Should().Be(FolderSegmentation.Done);

        Directory.EnumerateFiles(Labels).Select(file => Path.GetFileName(file)).Order().Should().Equal("one.nii.gz", "two.nii.gz");
        var expected = LabelVolume.Read(ImageReader.Of("NibabelIO"), Path.Combine(CasePath("c10_smaller_than_patch"), "expected", "case_001.nii.gz"));
        LabelVolume.Read(ImageReader.Of("NibabelIO"), Path.Combine(Labels, "one.nii.gz")).Labels.Should().Equal(expected.Labels);

        File.WriteAllText(Path.Combine(Labels, "one.nii.gz"), "mine");
        File.Delete(Path.Combine(Labels, "two.nii.gz"));
        Run("--nnunet", model, "--disable-tta").Should().Be(FolderSegmentation.Done);
        File.ReadAllText(Path.Combine(Labels, "one.nii.gz")).Should().Be("mine");
        File.Exists(Path.Combine(Labels, "two.nii.gz")).Should().BeTrue();
    }

    [Fact]
    public void Shards_share_the_cases()
    {
        var model = Use("c10_smaller_than_patch", "a", "b", "c");

        Run("--nnunet", model, "--shard", "2/2", "--disable-tta").Should().Be(FolderSegmentation.Done);

        Directory.EnumerateFiles(Labels).Select(file => Path.GetFileName(file)).Should().Equal("b.nii.gz");
    }

    [Fact]
    public void A_broken_image_fails_alone()
    {
        var model = Use("c10_smaller_than_patch", "good");
        File.WriteAllText(Path.Combine(Images, "bad_0000.nii.gz"), "no image");

        Run("--nnunet", model, "--disable-tta").Should().Be(FolderSegmentation.SomeFailed);

        Directory.EnumerateFiles(Labels).Select(file => Path.GetFileName(file)).Should().Equal("good.nii.gz");
    }

    [Fact]
    public void A_missing_channel_is_found_before_the_work()
    {
        var model = Use("c04_3ch_norms", "one", "two");
        File.Delete(Path.Combine(Images, "two_0001.nii.gz"));

        Run("--nnunet", model).Should().Be(FolderSegmentation.BadImages);

        Directory.Exists(Labels).Should().BeFalse();
    }

    [Fact]
    public void A_folder_that_is_no_model_is_refused()
    {
        Use("c10_smaller_than_patch", "one");

        Run("--nnunet", Images).Should().Be(FolderSegmentation.BadModel);
        Run("--nnunet", Path.Combine(CasePath("c10_smaller_than_patch"), "model", "nnUNetTrainer__nnUNetPlans__3d_fullres"), "--folds", "3").Should().Be(FolderSegmentation.BadModel);
    }

    [Fact]
    public void The_second_stage_of_a_cascade_takes_the_labels_of_the_first()
    {
        var model = Use("c06b_cascade_fullres", "case_001");

        Run("--nnunet", model).Should().Be(FolderSegmentation.BadImages, "the labels are missing");
        Run("--nnunet", model, "--previous-stage", Path.Combine(CasePath("c06b_cascade_fullres"), "previous_stage"), "--disable-tta").Should().Be(FolderSegmentation.Done);
    }

    [Fact]
    public void Probabilities_are_saved_as_numpy_reads_them()
    {
        var model = Use("c10_smaller_than_patch", "one");

        Run("--nnunet", model, "--save-probabilities", "--disable-tta").Should().Be(FolderSegmentation.Done);

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

    [Theory]
    [InlineData("--shard 0/2", "*--shard*1/4*")]
    [InlineData("--shard 3/2", "*--shard*")]
    [InlineData("--step-size 0", "*--step-size*0.5*")]
    [InlineData("--folds x", "*--folds*all*")]
    [InlineData("--device tpu", "*--device*cpu*")]
    [InlineData("--unknown", "*no option '--unknown'*")]
    public void Wrong_options_are_named(string options, string message)
    {
        var parsing = () => FolderOptions.Parse(["--nnunet", "m", "--input", "i", "--output", "o", .. options.Split(' ')]);

        parsing.Should().Throw<UsageException>().WithMessage(message);
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

    private int Run(params string[] options) => FolderSegmentation.Run(FolderOptions.Parse([.. options, "--input", Images, "--output", Labels, "--device", "cpu"]), default);
}
