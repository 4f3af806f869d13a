using System.Globalization;
using UNetFamily.Samples.BrainSegmentation;

namespace UNetFamily.Samples.Segment;

/// <summary>What the command line says when a model folder of nnU-Net is to be used.</summary>
internal sealed record FolderOptions
{
    public const string Flag = "--nnunet";

    public const string Help = """
        Segments images with a model that nnU-Net v2 trained, as nnU-Net does.

          --nnunet FOLDER        the model folder, with plans.json, dataset.json and fold_0 or more; given several times, the mean of the models' probabilities decides (an ensemble)
          --input PATH           a folder of images called CASE_0000.nii.gz, CASE_0001.nii.gz and so on, a number for each channel; or a file of one case
          --output FOLDER        where label maps go, CASE.nii.gz each, on the grid of the image
          --folds LIST           the folds whose mean is taken, such as 0,1,2 or all (default: all that are there, without 'all')
          --checkpoint NAME      the checkpoint of each fold (default checkpoint_final.pth)
          --disable-tta          without mirrored windows: up to 8 times as fast, a little less exact
          --step-size SHARE      the distance of windows as a share of their size, above 0 up to 1 (default 0.5)
          --no-gaussian          all places of a window count alike
          --save-probabilities   also writes the probabilities of each case, CASE.npz
          --previous-stage FOLDER  the label maps of the stage before, for the second model of a cascade
          --postprocessing FILE  nnU-Net's postprocessing.json (or postprocessing.pkl beside one), applied to every label map
          --accept-trainer NAME  a class of trainer that is known to leave the network as planned
          --shard I/N            only every Nth case from the Ith on, 1/4 to 4/4 for four machines
          --overwrite            does cases again whose label map is there already
          --device NAME          cpu, cuda or cuda:1 (default: cuda where there is one)

        Label maps appear whole or not at all, so a run that was stopped goes on where it was. Exit codes: 0 all cases are done, 1 cases failed (each is named), 2 the command line is wrong,
        3 the model folder can't be used, 4 the images can't be used, 130 stopped.
        """;

    public required IReadOnlyList<string> Models { get; init; }

    public required string Input { get; init; }

    public required string Output { get; init; }

    public IReadOnlyList<string>? Folds { get; init; }

    public string? Checkpoint { get; init; }

    public bool Mirrors { get; init; } = true;

    public bool UseGaussian { get; init; } = true;

    public double StepSize { get; init; } = 0.5;

    public bool SaveProbabilities { get; init; }

    public string? PreviousStage { get; init; }

    public string? Postprocessing { get; init; }

    public string? AcceptTrainer { get; init; }

    /// <summary>Which of how many parts of the cases, from 0.</summary>
    public (int Index, int Count) Shard { get; init; } = (0, 1);

    public bool Overwrite { get; init; }

    public string? Device { get; init; }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="UsageException">An argument is wrong; the message says which.</exception>
    public static FolderOptions Parse(string[] arguments)
    {
        var options = new FolderOptions { Models = [], Input = "", Output = "" };
        for (var i = 0; i < arguments.Length; i++)
        {
            options = arguments[i] switch
            {
                Flag => options with { Models = [.. options.Models, Value()] },
                "--input" => options with { Input = Value() },
                "--output" => options with { Output = Value() },
                "--folds" => options with { Folds = FoldsOf(Value()) },
                "--checkpoint" => options with { Checkpoint = Value() },
                "--disable-tta" => options with { Mirrors = false },
                "--no-gaussian" => options with { UseGaussian = false },
                "--step-size" => options with { StepSize = Share(Value()) },
                "--save-probabilities" => options with { SaveProbabilities = true },
                "--previous-stage" => options with { PreviousStage = Value() },
                "--postprocessing" => options with { Postprocessing = Value() },
                "--accept-trainer" => options with { AcceptTrainer = Value() },
                "--shard" => options with { Shard = ShardOf(Value()) },
                "--overwrite" => options with { Overwrite = true },
                "--device" => options with { Device = SegmentOptions.DeviceOf(Value()) },
                var unknown => throw new UsageException($"There is no option '{unknown}'."),
            };

            string Value() => ++i < arguments.Length ? arguments[i] : throw new UsageException($"{arguments[i - 1]} needs a value.");
        }

        foreach (var (name, value) in new[] { ("--input", options.Input), ("--output", options.Output) })
            if (value.Length == 0) throw new UsageException($"{name} is missing.");
        if (File.Exists(options.Output)) throw new UsageException($"--output needs a folder, and '{options.Output}' is a file.");
        return options;
    }

    private static string[] FoldsOf(string text)
    {
        string[] folds = text.Split(',', StringSplitOptions.TrimEntries);
        return Array.TrueForAll(folds, fold => fold == "all" || int.TryParse(fold, NumberStyles.None, CultureInfo.InvariantCulture, out _)) ? folds
            : throw new UsageException($"--folds needs numbers such as 0,1,2, or all, not '{text}'.");
    }

    private static double Share(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is > 0 and <= 1 ? share
        : throw new UsageException($"--step-size needs a share above 0 up to 1, not '{text}'. nnU-Net's: 0.5.");

    private static (int Index, int Count) ShardOf(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && index >= 1 && index <= count ? (index - 1, count) : throw new UsageException($"--shard needs a part and their number, from 1/4 to 4/4, not '{text}'.");
    }
}
