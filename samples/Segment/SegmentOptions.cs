using System.Globalization;
using System.Text.RegularExpressions;
using UNetFamily.Samples.BrainSegmentation;

namespace UNetFamily.Samples.Segment;

/// <summary>What the command line says.</summary>
internal sealed partial record SegmentOptions
{
    public const string Help = """
        Segments a NIfTI-1 volume with a trained network.

          --model FILE      weights that model.Save wrote: .safetensors with the network and its options in it; or any
                            .onnx network from (N, C, …spatial) to (N, classes, …spatial), such as model.ExportOnnx writes
          --image FILE      the volume, .nii or .nii.gz
          --out FILE        the label map to write, .nii or .nii.gz, on the grid of the volume
          --spacing MM      the distance between voxels that the network was trained with
          --roi N[,N,N]     the sides of the windows (depth, height, width); 0 for a whole axis
          --overlap SHARE   how much windows overlap, from 0 to below 1 (default 0.5)
          --mirror          also segments the volume with left and right exchanged, and takes the mean
          --device NAME     cpu, cuda or cuda:1 (default: cuda where there is one)
          --help            this text

        Files of the brain sample (./build.sh demo, with --volumes or without) know their spacing, windows and neighbouring slices; for others spacing and windows are needed, or the volume
        is taken as it is, in one piece. A network for images segments a volume slice by slice, in the order of the file.
        """;

    public required string Model { get; init; }

    public required string Image { get; init; }

    public required string Out { get; init; }

    public double? Spacing { get; init; }

    public long[]? Roi { get; init; }

    public double? Overlap { get; init; }

    public bool Mirror { get; init; }

    public string? Device { get; init; }

    /// <summary>Reads the arguments.</summary>
    /// <returns>The options, or null when help was asked for.</returns>
    /// <exception cref="UsageException">An argument is wrong; the message says which.</exception>
    public static SegmentOptions? Parse(string[] arguments)
    {
        if (arguments.Length == 0 || arguments.Any(argument => argument is "--help" or "-h")) return null;
        var options = new SegmentOptions { Model = "", Image = "", Out = "" };
        for (var i = 0; i < arguments.Length; i++)
        {
            options = arguments[i] switch
            {
                "--model" => options with { Model = Value() },
                "--image" => options with { Image = Value() },
                "--out" => options with { Out = Value() },
                "--mirror" => options with { Mirror = true },
                "--device" => options with { Device = DeviceOf(Value()) },
                "--spacing" => options with { Spacing = Number(Value(), "--spacing", value => value is >= 0.01 and <= 100, "a number of millimetres from 0.01 to 100") },
                "--overlap" => options with { Overlap = Number(Value(), "--overlap", value => value is >= 0 and < 1, "a share from 0 to below 1") },
                "--roi" => options with { Roi = [.. Value().Split(',').Select(side => (long)Number(side, "--roi", value => double.IsInteger(value) && value is >= 0 and <= 4096, "whole numbers from 0 to 4096"))] },
                var unknown => throw new UsageException($"There is no option '{unknown}'."),
            };

            string Value() => ++i < arguments.Length ? arguments[i] : throw new UsageException($"{arguments[i - 1]} needs a value.");
        }

        foreach (var (name, value) in new[] { ("--model", options.Model), ("--image", options.Image), ("--out", options.Out) })
            if (value.Length == 0) throw new UsageException($"{name} is missing.");
        if (!options.Out.EndsWith(".nii", StringComparison.OrdinalIgnoreCase) && !options.Out.EndsWith(".nii.gz", StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"--out needs a name that ends with .nii or .nii.gz, not '{options.Out}'.");
        foreach (var (name, input) in new[] { ("--image", options.Image), ("--model", options.Model) })
            if (Path.GetFullPath(input) == Path.GetFullPath(options.Out)) throw new UsageException($"--out is the file of {name}, which it would replace.");
        return options;

        static double Number(string text, string name, Func<double, bool> allowed, string what) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && allowed(value) ? value : throw new UsageException($"{name} needs {what}, not '{text}'.");
    }

    /// <summary>The name of a device, which may not be there.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static string DeviceOf(string name) => DeviceName().IsMatch(name) ? name : throw new UsageException($"--device needs cpu, cuda or cuda:0, cuda:1 and so on, not '{name}'.");

    [GeneratedRegex("^(cpu|cuda(:[0-9]{1,3})?)$")]
    private static partial Regex DeviceName();
}
