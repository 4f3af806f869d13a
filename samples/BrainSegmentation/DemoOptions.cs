using System.Globalization;

namespace UNetFamily.Samples.BrainSegmentation;

/// <summary>What the command line says.</summary>
internal sealed record DemoOptions
{
    public const string Help = """
        Trains a U-Net on slices of one brain scan and segments slices that it has not seen.

          --image FILE --labels FILE   your own NIfTI-1 pair (.nii or .nii.gz) instead of the brain that is downloaded;
                                       every value of the labels becomes a class, 0 is the background
          --macaque                    the average brain of 19 macaques and the regions of its atlas instead of the brain of a person
          --phantom                    a generated phantom instead of a brain
          --volumes                    patches of the volume instead of slices, through a network for volumes: slower, and the whole path of the library
          --resume                     with --volumes: goes on with the training in --out, which Ctrl+C or --minutes ended
          --iterations N               training steps (default 3000, or 300 with --volumes)
          --minutes M                  the longest that training may take (default 3; with --volumes as long as it takes)
          --seed N                     decides the weights, the order and the augmentation (default 1)
          --out FOLDER                 where results go (default artifacts/brain)
          --quick                      a short run that only shows that everything works
          --help                       this text
        """;

    private const int SliceIterations = 3000;
    private const int QuickSliceIterations = 80;
    private const int VolumeIterations = 300;
    private const int QuickVolumeIterations = 20;

    public string? Image { get; private init; }

    public string? Labels { get; private init; }

    public bool Phantom { get; private init; }

    public bool Macaque { get; private init; }

    public bool Volumes { get; private init; }

    public bool Resume { get; private init; }

    public int Iterations { get; private init; }

    public TimeSpan Limit { get; private init; } = TimeSpan.FromMinutes(3);

    /// <summary>Whether the command line has the limit.</summary>
    public bool Limited { get; private init; }

    public int Seed { get; private init; } = 1;

    public string Out { get; private init; } = Path.Combine("artifacts", "brain");

    public bool Quick { get; private init; }

    /// <summary>Reads the arguments.</summary>
    /// <returns>The options, or null when help was asked for.</returns>
    /// <exception cref="UsageException">An argument is wrong; the message says which.</exception>
    public static DemoOptions? Parse(string[] arguments)
    {
        var (quick, volumes) = (arguments.Contains("--quick"), arguments.Contains("--volumes"));
        var options = new DemoOptions
        {
            Quick = quick,
            Volumes = volumes,
            Iterations = (volumes, quick) switch
            {
                (false, false) => SliceIterations,
                (false, true) => QuickSliceIterations,
                (true, false) => VolumeIterations,
                (true, true) => QuickVolumeIterations,
            },
        };
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is "--help" or "-h") return null;
            options = arguments[i] switch
            {
                "--quick" or "--volumes" => options,
                "--resume" => options with { Resume = true },
                "--phantom" => options with { Phantom = true },
                "--macaque" => options with { Macaque = true },
                "--image" => options with { Image = Value() },
                "--labels" => options with { Labels = Value() },
                "--out" => options with { Out = Value() },
                "--seed" => options with { Seed = (int)Number(0, int.MaxValue, whole: true) },
                "--iterations" => options with { Iterations = (int)Number(1, 1_000_000, whole: true) },
                "--minutes" => options with { Limit = TimeSpan.FromMinutes(Number(0.01, 1440, whole: false)), Limited = true },
                var unknown => throw new UsageException($"There is no option '{unknown}'."),
            };

            string Value() => ++i < arguments.Length ? arguments[i] : throw new UsageException($"{arguments[i - 1]} needs a value.");

            double Number(double least, double most, bool whole)
            {
                var (name, text) = (arguments[i], Value());
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most && (!whole || double.IsInteger(value))
                    ? value
                    : throw new UsageException($"{name} needs a {(whole ? "whole " : "")}number from {least} to {most}, not '{text}'.");
            }
        }

        if (options.Image is null != options.Labels is null) throw new UsageException("--image and --labels belong together.");
        if (options.Resume && !options.Volumes) throw new UsageException("--resume needs --volumes.");
        string[] subjects = [.. options.Phantom ? (string[])["--phantom"] : [], .. options.Image is null ? [] : (string[])["--image"], .. options.Macaque ? (string[])["--macaque"] : []];
        if (subjects.Length > 1) throw new UsageException($"{string.Join(" and ", subjects)} exclude each other.");
        return options;
    }
}

/// <summary>The command line is wrong.</summary>
internal sealed class UsageException(string message) : Exception(message);
