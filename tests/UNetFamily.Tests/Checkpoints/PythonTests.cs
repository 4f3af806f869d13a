using System.Diagnostics;

namespace UNetFamily.Tests.Checkpoints;

/// <summary>What Python makes of our files. Without Python and PyTorch these tests are skipped, and say so.</summary>
public sealed class PythonTests : FileTests
{
    // Python's torch reads our export with nothing but the format's description, and compares it with what torch.load reads from the original's checkpoint.
    private const string Compare = """
        import json, struct, sys, torch
        types = {"F32": torch.float32, "F64": torch.float64, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64, "BOOL": torch.bool}
        with open(sys.argv[1], "rb") as file:
            size, = struct.unpack("<Q", file.read(8))
            header, data = json.loads(file.read(size)), bytearray(file.read())
        ours = {}
        for name, entry in header.items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                ours[name] = torch.frombuffer(data[begin:end], dtype=types[entry["dtype"]]).reshape(entry["shape"])
        original = torch.load(sys.argv[2])
        original = {name: value for name, value in original.items() if isinstance(value, torch.Tensor)}
        assert set(ours) == set(original), set(ours) ^ set(original)
        for name, value in original.items():
            assert ours[name].dtype == value.dtype and ours[name].shape == value.shape and torch.equal(ours[name], value), name
        print(len(ours), "equal")
        """;

    public static IEnumerable<object[]> Exports() => Reference.ReferenceTests.CasesWithCheckpoint();

    [PythonTheory]
    [MemberData(nameof(Exports))]
    public void Pytorch_finds_in_an_export_what_is_in_the_original(Reference.CaseName @case)
    {
        var source = @case.Load();
        var subject = Reference.ReferenceFamilies.Of(source.Net).Build(source);
        using var module = subject.Module;
        using (var original = Checkpoint.Open(source.Checkpoints.First())) module.Load(original, subject.Keys);
        SafetensorsWriter.Write(folder.File("export.safetensors"), CheckpointSaving.Official(module, subject.Keys), new Dictionary<string, string> { ["format"] = "pt" });

        Python.Run(Compare, folder.File("export.safetensors"), source.Checkpoints.First()).Should().EndWith("equal\n");
    }
}

/// <summary>A Python with PyTorch, if the machine has one.</summary>
internal static class Python
{
    private static readonly Lazy<string?> Found = new(() => new[] { Environment.GetEnvironmentVariable("PYTHON"), "python3", "/usr/bin/python3" }.OfType<string>().FirstOrDefault(HasTorch));

    public static string? Command => Found.Value;

    public static string Run(string program, params string[] arguments)
    {
        var (code, output) = Start(Command!, ["-c", program, .. arguments]);
        return code == 0 ? output : throw new InvalidOperationException(output);
    }

    private static bool HasTorch(string command)
    {
        try
        {
            return Start(command, ["-c", "import torch"]).Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int Code, string Output) Start(string command, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}

/// <summary>A theory that needs Python with PyTorch.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonTheoryAttribute : TheoryAttribute
{
    public PythonTheoryAttribute()
    {
        if (Python.Command is null) Skip = "No python3 with PyTorch was found (the environment variable PYTHON can name one).";
    }
}
