using System.Globalization;

namespace UNetFamily.Tool;

/// <summary>The options of <c>segment</c>: those of every model, those of networks in a file, and those of nnU-Net's models.</summary>
internal sealed class SegmentOptions
{
    private readonly Option<string[]> models = new("--model", "-m")
    {
        Description = "The network: .safetensors, .onnx, or a model folder of nnU-Net v2, with plans.json, dataset.json and fold_0 or more. Several folders of nnU-Net are an ensemble: the mean of their probabilities decides.",
        Required = true, HelpName = "path",
    };

    private readonly Option<string> input = new("--input", "-i") { Description = "An image, or a folder of images.", Required = true, HelpName = "path" };

    private readonly Option<string> output = new("--output", "-o") { Description = "The label map to write, or a folder for them; each lies on the grid of its image.", Required = true, HelpName = "path" };

    private readonly Option<string?> device = Values.Device();

    private readonly Option<(int Index, int Count)?> shard = Values.Parsed<(int Index, int Count)?>("--shard", "Of a folder only every Nth case from the Ith on: 1/4 to 4/4 for four machines.", ShardOf);

    private readonly Option<bool> overwrite = new("--overwrite") { Description = "Of a folder, do cases again whose label map is there already." };

    // ---- Networks in a file ----

    private readonly Option<double?> spacing = Values.Number("--spacing", "For a network in a file: the distance in millimetres between voxels that it was trained with, where the file doesn't say it.",
        value => value is >= 0.01 and <= 100, "a number of millimetres from 0.01 to 100");

    private readonly Option<long[]?> roi = Values.Sides("--roi", "For a network in a file: the sides of the windows (depth, height, width); 0 for a whole axis.", 0, 4096);

    private readonly Option<double?> overlap = Values.Number("--overlap", "For a network in a file: how much windows overlap, from 0 to below 1 (0.5, or what the file says).", value => value is >= 0 and < 1, "a share from 0 to below 1");

    private readonly Option<bool> mirror = new("--mirror") { Description = "For a network in a file: also segment the image with left and right exchanged, and take the mean." };

    // ---- Models of nnU-Net ----

    private readonly Option<string[]?> folds = Values.Parsed<string[]?>("--folds", "nnU-Net: the folds whose mean is taken, such as 0,1,2 or all (all that are there but 'all').", FoldsOf);

    private readonly Option<string?> checkpoint = new("--checkpoint") { Description = "nnU-Net: the checkpoint of each fold (checkpoint_final.pth).", HelpName = "name" };

    private readonly Option<bool> disableTta = new("--disable-tta") { Description = "nnU-Net: without mirrored windows, up to 8 times as fast, a little less exact." };

    private readonly Option<double?> stepSize = Values.Number("--step-size", "nnU-Net: the distance of windows as a share of their size, above 0 up to 1 (0.5).", value => value is > 0 and <= 1, "a share above 0 up to 1 (nnU-Net's is 0.5)");

    private readonly Option<bool> noGaussian = new("--no-gaussian") { Description = "nnU-Net: all places of a window count alike." };

    private readonly Option<bool> saveProbabilities = new("--save-probabilities") { Description = "nnU-Net: also write the probabilities of each case, CASE.npz." };

    private readonly Option<string?> previousStage = new("--previous-stage") { Description = "nnU-Net: the folder of label maps of the stage before, for the second model of a cascade.", HelpName = "folder" };

    private readonly Option<string?> postprocessing = new("--postprocessing") { Description = "nnU-Net: postprocessing.json (or the postprocessing.pkl beside one), applied to every label map.", HelpName = "file" };

    private readonly Option<string?> acceptTrainer = new("--accept-trainer") { Description = "nnU-Net: a class of trainer that is known to leave the network as planned.", HelpName = "name" };

    public SegmentOptions()
    {
        models.AllowMultipleArgumentsPerToken = false;
        models.Arity = new ArgumentArity(1, 100);
        roi.HelpName = "N[,N[,N]]";
        shard.HelpName = "I/N";
        folds.HelpName = "list";
    }

    public IEnumerable<Option> All =>
    [
        models, input, output, device, shard, overwrite, .. OfFiles.Select(entry => entry.Option), .. OfFolders.Select(entry => entry.Option),
    ];

    /// <summary>Options of networks in a file, and what a model of nnU-Net has instead.</summary>
    private IEnumerable<(Option Option, string Instead)> OfFiles =>
    [
        (spacing, "its plans say the spacing"), (roi, "its plans say the windows"), (overlap, "its windows are placed by --step-size, which is 1 minus the overlap"), (mirror, "it mirrors anyway, unless --disable-tta"),
    ];

    /// <summary>Options of nnU-Net's models, and what a network in a file has instead.</summary>
    private IEnumerable<(Option Option, string Instead)> OfFolders =>
    [
        (folds, "it has no folds"), (checkpoint, "it is its own checkpoint"), (disableTta, "it mirrors only with --mirror, or when the file says so"), (stepSize, "its windows are placed by --overlap, which is 1 minus the step"),
        (noGaussian, "places of its windows always count by a Gaussian"), (saveProbabilities, "only label maps are written"), (previousStage, "it has no stages"), (postprocessing, "there is none for it"), (acceptTrainer, "it has no trainer"),
    ];

    /// <summary>What the command line says.</summary>
    /// <exception cref="UsageException">An option doesn't fit the model or the input.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    public SegmentRequest Read(ParseResult parsed)
    {
        string[] paths = [.. parsed.GetRequiredValue(models)];
        var kind = KindOf(paths[0]);
        foreach (var other in paths.Skip(1))
        {
            if (kind is not ModelKind.NnUNet || KindOf(other) is not ModelKind.NnUNet)
                throw new UsageException($"Several --model are an ensemble of model folders of nnU-Net; {(kind is ModelKind.NnUNet ? other : paths[0])} is a file.");
        }
        var (wrong, whatItIs) = kind is ModelKind.NnUNet ? (OfFiles, "a model folder of nnU-Net") : (OfFolders, "a network in a file");
        foreach (var (option, instead) in wrong)
            if (parsed.Has(option)) throw new UsageException($"{option.Name} doesn't fit {paths[0]}, {whatItIs}: {instead}.");
        var path = parsed.GetRequiredValue(input);
        if (parsed.Has(shard) && File.Exists(path)) throw new UsageException($"--shard is for a folder of images, and {path} is one image.");
        return new SegmentRequest
        {
            Models = paths,
            Kind = kind,
            Input = path,
            Output = parsed.GetRequiredValue(output),
            Device = parsed.GetValue(device),
            Shard = parsed.GetValue(shard),
            Overwrite = parsed.GetValue(overwrite),
            Spacing = parsed.GetValue(spacing),
            // A list that is not there comes as an empty one.
            Roi = parsed.Has(roi) ? parsed.GetValue(roi) : null,
            Overlap = parsed.GetValue(overlap),
            Mirror = parsed.GetValue(mirror),
            Folds = parsed.Has(folds) ? parsed.GetValue(folds) : null,
            Checkpoint = parsed.GetValue(checkpoint),
            Mirrors = !parsed.GetValue(disableTta),
            StepSize = parsed.GetValue(stepSize) ?? 0.5,
            UseGaussian = !parsed.GetValue(noGaussian),
            SaveProbabilities = parsed.GetValue(saveProbabilities),
            PreviousStage = parsed.GetValue(previousStage),
            Postprocessing = parsed.GetValue(postprocessing),
            AcceptTrainer = parsed.GetValue(acceptTrainer),
        };
    }

    /// <summary>What a path is.</summary>
    private static ModelKind KindOf(string path) => Directory.Exists(path) ? ModelKind.NnUNet
        : !File.Exists(path) ? throw new FileNotFoundException($"There is no model {path}.", path)
        : path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) ? ModelKind.Onnx
        : ModelKind.Network;

    private static string[]? FoldsOf(string text)
    {
        string[] folds = text.Split(',', StringSplitOptions.TrimEntries);
        return Array.TrueForAll(folds, fold => fold == "all" || int.TryParse(fold, NumberStyles.None, CultureInfo.InvariantCulture, out _)) ? folds : throw new FormatException("numbers such as 0,1,2, or all");
    }

    private static (int Index, int Count)? ShardOf(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && index >= 1 && index <= count ? (index - 1, count) : throw new FormatException("a part and their number, from 1/4 to 4/4");
    }
}
