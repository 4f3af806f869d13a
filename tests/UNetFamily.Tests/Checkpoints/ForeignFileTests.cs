using System.IO.Compression;
using System.Text;

namespace UNetFamily.Tests.Checkpoints;

/// <summary>A file that is none of ours is called what it is, with what to do.</summary>
public sealed class ForeignFileTests : FileTests
{
    public static TheoryData<string, byte[], string> Files() => new()
    {
        { "git-lfs pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"u8.ToArray(), "*pointer of git-lfs*git lfs pull*" },
        { "web page", "<!DOCTYPE html><html><head><title>Sign in</title></head></html>"u8.ToArray(), "*web page*download the file itself*" },
        { "web page after a mark", [0xef, 0xbb, 0xbf, .. "\r\n  <HTML lang=en>"u8], "*web page*" },
        { "server's XML", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"u8.ToArray(), "*XML*AccessDenied*" },
        { "server's JSON", "{\"error\":\"Repository not found\"}"u8.ToArray(), "*JSON*Repository not found*" },
        { "shard index", "{\n  \"metadata\": {\"total_size\": 14483464192},\n  \"weight_map\": {\"a.weight\": \"model-00001-of-00002.safetensors\"}}"u8.ToArray(), "*index of weights that are split over several files*weight_map*" },
        { "text", "Entry not found, sorry for that"u8.ToArray(), "*none of the formats*It is text: \"Entry not found*" },
        { "HDF5", [0x89, .. "HDF\r\n\u001a\n"u8, 0, 0, 0, 0, 0, 8, 8, 0], "*HDF5*Keras*" },
        { "NumPy", [0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. "{'descr': '<f4'"u8], "*array of NumPy*" },
        { "gzip", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2], "*gzip*gunzip*" },
        { "bzip2", "BZh91AY&SY"u8.ToArray(), "*bzip2*" },
        { "xz", [0xfd, .. "7zXZ"u8, 0, 0, 4], "*xz*" },
        { "Zstandard", [0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x91, 0], "*Zstandard*" },
        { "7-Zip", [.. "7z"u8, 0xbc, 0xaf, 0x27, 0x1c, 0, 4], "*7-Zip*" },
        { "RAR", "Rar!\u001a\u0007\u0001\u0000"u8.ToArray(), "*RAR*" },
        { "tar", Tar(), "*tar archive*" },
        { "GGUF", [.. "GGUF"u8, 3, 0, 0, 0, 1, 0, 0, 0], "*GGUF*" },
        { "PDF", "%PDF-1.7 something"u8.ToArray(), "*PDF*" },
        { "program", [0x7f, .. "ELF"u8, 2, 1, 1, 0, 0, 0], "*program or library*" },
        { "picture", [0x89, .. "PNG\r\n\u001a\n"u8, 0, 0, 0, 13], "*PNG*" },
        { "zeros", new byte[4096], "*zeros only*" },
        { "empty", [], "*The file is empty.*" },
        { "plain pickle, protocol 2", Step.Pickle(Step.Dictionary(("a", Step.Integer(1)))), "*plain pickle*torch.save*" },
        { "plain pickle, protocol 4", [0x80, 4, 0x95, 12, 0, 0, 0, 0, 0, 0, 0, (byte)'}', 0x94, 0x8c, 1, (byte)'a', 0x94, (byte)'K', 1, (byte)'s', (byte)'.'], "*plain pickle*torch.save*" },
        { "another version's number", [0x80, 2, 0x8a, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, (byte)'.'], "*plain pickle*" },
        { "TorchScript", Zip(("net/data.pkl", false), ("net/code/__torch__.py", true), ("net/constants.pkl", false), ("net/version", false)), "*TorchScript program*torch.jit.load(path).state_dict()*" },
        { "exported program", Zip(("serialized_exported_program.json", true), ("serialized_state_dict.pt", false), ("version", false)), "*exported program*torch.export.load*" },
        { "newer exported program", Zip(("net/archive_format", false), ("net/models/model.json", true), ("net/data/weights/0", false)), "*exported program*" },
        { "Keras", Zip(("metadata.json", true), ("config.json", true), ("model.weights.h5", false)), "*Keras*" },
        { "NumPy's archive", Zip(("a.npy", false), ("b.npy", true)), "*NumPy's (.npz)*" },
        { "archive of weights", Zip(("release/weights.pth", true), ("release/README.md", true)), "*archive with files of weights in it (release/weights.pth). Unpack it first.*" },
        { "other zip", Zip(("word/document.xml", true)), "*compressed*" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_kind_is_called_by_its_name(string kind, byte[] file, string message)
    {
        var error = FluentActions.Invoking(() => TestFiles.Open(file)).Should().Throw<CheckpointException>(kind).WithMessage(message).Which;
        error.Message.Should().NotContain("header of", "{0} is no safetensors", kind);
    }

    [Fact]
    public void So_are_TorchSharps_own_formats()
    {
        using var small = Sequential(("a", Linear(2, 3)), ("b", BatchNorm2d(3)));
        small.save(folder.File("small.dat"));
        Refuses("small.dat", "*TorchSharp's own format*module.load*model.Save*");
        foreach (var options in Choices.Networks)
        {
            using var model = options.Build();
            model.save(folder.File("a.dat"));
            Refuses("a.dat", "*TorchSharp's own format*");
        }
        rand(3).save(folder.File("tensor.dat"));                        // libtorch writes tensors as programs
        Refuses("tensor.dat", "*TorchScript program*");
    }

    [Fact]
    public void A_folder_names_what_may_be_meant()
    {
        Directory.CreateDirectory(folder.File("empty"));
        Refuses("empty", "*empty: It is a folder, and none of its files looks like one of weights.");
        File.WriteAllText(folder.File("empty/b.pth"), "");
        File.WriteAllText(folder.File("empty/a.safetensors"), "");
        File.WriteAllText(folder.File("empty/notes.txt"), "");
        Refuses("empty", "*It is a folder. Name one of its files: a.safetensors, b.pth.");
        Directory.CreateDirectory(folder.File("unpacked"));
        File.WriteAllText(folder.File("unpacked/data.pkl"), "");
        Refuses("unpacked", "*unpacked form of what torch.save writes*zip -0 -r*");
        Directory.CreateDirectory(folder.File("tensorflow"));
        File.WriteAllText(folder.File("tensorflow/saved_model.pb"), "");
        Refuses("tensorflow", "*SavedModel of TensorFlow*");
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 4] });
        model.Invoking(it => it.Load(folder.File("empty"))).Should().Throw<CheckpointException>();
        FluentActions.Invoking(() => SegmentationModel.FromFile(folder.File("empty"))).Should().Throw<CheckpointException>();
    }

    [Fact]
    public void A_sound_file_is_never_called_something_else()
    {
        // A header's length may be any two bytes, also those with which other formats begin.
        foreach (var length in new[] { 0x5a4d, 0x8b1f, 0x4b50, 0x0280, 0x7b7b, 0x0702, 0x3c20 })
        {
            const string Entry = """{"w":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}""";
            using var file = TestFiles.Open(TestFiles.Safetensors(Entry.PadRight(length), data: 3));
            TensorAssert.Equal(file.Read("w"), tensor(new byte[] { 0, 1, 2 }));
        }
    }

    private void Refuses(string name, string message) => FluentActions.Invoking(() => Checkpoint.Open(folder.File(name))).Should().Throw<CheckpointException>().WithMessage(message);

    private static byte[] Zip(params (string Name, bool Compressed)[] entries)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, compressed) in entries)
            {
                using var entry = archive.CreateEntry(name, compressed ? CompressionLevel.Optimal : CompressionLevel.NoCompression).Open();
                entry.Write(Encoding.ASCII.GetBytes(string.Join(' ', Enumerable.Repeat(name, 100))));
            }
        }
        return stream.ToArray();
    }

    private static byte[] Tar()
    {
        var file = new byte[1024];
        "pickle"u8.CopyTo(file);
        "ustar"u8.CopyTo(file.AsSpan(257));
        return file;
    }
}
