using System.Text;

namespace UNetFamily;

/// <summary>Says what a file is that is none of the formats, and what to do with it; by its first bytes, since its name says nothing.</summary>
internal static class ForeignFile
{
    /// <summary>How many of a file's first bytes are looked at.</summary>
    public const int Start = 512;

    /// <summary>What is said of a file that is nothing known.</summary>
    public const string None = "It is none of the formats that are read here: safetensors, and what torch.save writes, as zip and in its legacy form.";

    private const string InPython = "In Python: torch.save(model.state_dict(), 'weights.pth'), or safetensors.torch.save_file(model.state_dict(), 'weights.safetensors').";

    private static readonly (byte[] Bytes, string Problem)[] Signatures =
    [
        ([0x89, .. "HDF\r\n\x1a\n"u8], $"It is an HDF5 file, as of Keras or MATLAB. Load it there and write the weights under the names of a PyTorch project. {InPython}"),
        ([0x93, .. "NUMPY"u8], "It is an array of NumPy, without the names of a network's weights. Save the whole state dict. " + InPython),
        ([0x1f, 0x8b], "It is compressed with gzip. Unpack it first: gunzip, or tar -xzf for a .tar.gz."),
        ("BZh"u8.ToArray(), "It is compressed with bzip2. Unpack it first: bunzip2, or tar -xjf."),
        ([0xfd, .. "7zXZ"u8], "It is compressed with xz. Unpack it first: unxz, or tar -xJf."),
        ([0x28, 0xb5, 0x2f, 0xfd], "It is compressed with Zstandard. Unpack it first: unzstd."),
        ([.. "7z"u8, 0xbc, 0xaf, 0x27, 0x1c], "It is a 7-Zip archive. Unpack it first."),
        ("Rar!"u8.ToArray(), "It is a RAR archive. Unpack it first."),
        ("GGUF"u8.ToArray(), "It is a GGUF file of llama.cpp, whose numbers are quantised. Take the weights that it was made from."),
        ("%PDF"u8.ToArray(), "It is a PDF document."),
        ([0x7f, .. "ELF"u8], "It is a program or library for Linux."),
        ("MZ"u8.ToArray(), "It is a program or library for Windows."),
        ([0x89, .. "PNG"u8], "It is a PNG picture."),
        ("PAR1"u8.ToArray(), "It is a Parquet file."),
        ("version https://git-lfs"u8.ToArray(), "It is a pointer of git-lfs, and the weights are not here yet: run git lfs install and git lfs pull in the repository, or download the file itself."),
    ];

    /// <summary>What a file is, as sentences; null when it may be safetensors, or nobody knows.</summary>
    /// <param name="start">Its first bytes.</param>
    public static string? Problem(ReadOnlySpan<byte> start)
    {
        if (start.Length == 0) return "The file is empty.";
        if (start.IndexOfAnyExcept((byte)0) < 0) return "It begins with zeros only: a download or copy that was not finished. Fetch the file again.";
        if (start is [_, _, _, _, 0, 0, 0, 0, (byte)'{', ..]) return null;                 // safetensors: a length below 4 GB, and JSON
        foreach (var (bytes, problem) in Signatures)
            if (start.StartsWith(bytes)) return problem;
        if (start.Length > 262 && start[257..].StartsWith("ustar"u8)) return "It is a tar archive. Unpack it first; what torch.save wrote before 2017 is one too, and is to be loaded and saved again with a newer PyTorch.";
        if (start is [0x80, >= 2 and <= 5, ..] || start.StartsWith("(dp"u8) || start.StartsWith("cnumpy"u8))
            return $"It is a plain pickle, of Python's pickle.dump or joblib, which would have to be executed to be read. Load it in Python and save it with torch.save. {InPython}";
        if (IsOfTorchSharp(start))
            return "It is of TorchSharp's own format, which module.save writes. Load it with module.load into the network that saved it; a network of this library then writes a file for others with model.Save.";
        return Text(start);
    }

    /// <summary>What a zip archive is that holds no pickle of torch.save's, or one of another kind.</summary>
    /// <param name="names">The names of its entries.</param>
    public static string? Archive(IReadOnlyCollection<string> names)
    {
        if (Has("constants.pkl")) return "It is a TorchScript program (torch.jit.save), weights and code in one. In Python: torch.save(torch.jit.load(path).state_dict(), 'weights.pth').";
        if (Has("serialized_exported_program.json") || Has("model.json") || Has("archive_format"))
            return "It is an exported program (torch.export.save). In Python: torch.save(torch.export.load(path).state_dict, 'weights.pth').";
        if (Has("model.weights.h5")) return $"It is a Keras file. Load it there and write the weights under the names of a PyTorch project. {InPython}";
        if (names.Count > 0 && names.All(name => name.EndsWith(".npy", StringComparison.Ordinal))) return $"It is an archive of NumPy's (.npz). Load it in Python and save it as a state dict. {InPython}";
        return names.Where(name => name.EndsWith(".pth", StringComparison.Ordinal) || name.EndsWith(".pt", StringComparison.Ordinal) || name.EndsWith(".safetensors", StringComparison.Ordinal)).Take(3).ToArray() is { Length: > 0 } inside
            ? $"It is an archive with files of weights in it ({string.Join(", ", inside.Select(name => Printable.Of(name, 60)))}). Unpack it first."
            : null;

        bool Has(string file) => names.Any(name => name == file || name.EndsWith("/" + file, StringComparison.Ordinal));
    }

    /// <summary>What a folder is, with the files in it that may be meant.</summary>
    /// <param name="path">The folder.</param>
    public static string Folder(string path)
    {
        string[] files = [.. Directory.EnumerateFiles(path).Select(file => Path.GetFileName(file)).Where(IsOfWeights).Order(StringComparer.Ordinal).Take(5)];
        if (files.Length > 0) return $"It is a folder. Name one of its files: {string.Join(", ", files.Select(name => Printable.Of(name, 60)))}.";
        return File.Exists(Path.Combine(path, "data.pkl")) ? "It is the unpacked form of what torch.save writes. Pack it again without compression: zip -0 -r weights.pth, from the folder above."
            : File.Exists(Path.Combine(path, "saved_model.pb")) ? $"It is a SavedModel of TensorFlow. Load it there and write the weights under the names of a PyTorch project. {InPython}"
            : "It is a folder, and none of its files looks like one of weights.";

        static bool IsOfWeights(string name) => Path.GetExtension(name) is ".safetensors" or ".pth" or ".pt" or ".model" or ".bin" or ".ckpt";
    }

    private static string? Text(ReadOnlySpan<byte> start)
    {
        var text = Encoding.UTF8.GetString(start).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        if (text.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<head", StringComparison.OrdinalIgnoreCase))
            return "It is a web page: the download led to a page that asks for something, or reports an error. Open the address in a browser, and download the file itself.";
        if (text.StartsWith('<')) return $"It is XML, as of a server's error message: {Beginning()}";
        if (text.StartsWith('{') && (text.Contains("\"weight_map\"", StringComparison.Ordinal) || text.Contains("\"total_size\"", StringComparison.Ordinal)))
            return "It is the index of weights that are split over several files, which it names under weight_map. Load those in Python and save them as one file. " + InPython;
        if (text.StartsWith('{') || text.StartsWith('[')) return $"It is JSON, as of a configuration or a server's error message: {Beginning()}";
        return text.Length > 0 && text.All(character => !char.IsControl(character) && character != '\uFFFD' || char.IsWhiteSpace(character)) ? $"{None} It is text: {Beginning()}" : null;

        string Beginning() => $"\"{Printable.Of(text.ReplaceLineEndings(" "), 60)}\"";
    }

    /// <summary>A count of entries, and the first name after its length, each as a number of seven bits to the byte.</summary>
    private static bool IsOfTorchSharp(ReadOnlySpan<byte> start)
    {
        if (Number(ref start) is not (> 0 and < 1_000_000) || Number(ref start) is not (> 0 and < 300 and var length) || start.Length < 3) return false;
        return start[..Math.Min((int)length, start.Length)].IndexOfAnyExceptInRange((byte)'!', (byte)'~') < 0;

        static long Number(ref ReadOnlySpan<byte> bytes)
        {
            var number = 0L;
            for (var shift = 0; shift < 28 && bytes.Length > 0; shift += 7)
            {
                var next = bytes[0];
                bytes = bytes[1..];
                number |= (long)(next & 0x7f) << shift;
                if (next < 0x80) return number;
            }
            return -1;
        }
    }
}
