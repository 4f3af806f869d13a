using TorchSharp;
using UNetFamily;
using UNetFamily.Imaging;
using static TorchSharp.torch;

namespace Readme;

/// <summary>Runs what README and docs show. What needs a trained model folder or a training of days is compiled and not run.</summary>
public static class Pages
{
    /// <summary>Runs the snippets of each page, as a list to pick from.</summary>
    /// <value>The page's name without its ending, README for the first, and what runs it in a folder with the files of <see cref="Prepare"/>.</value>
    public static IReadOnlyDictionary<string, Action> Runs { get; } = new Dictionary<string, Action>
    {
        ["README"] = () =>
        {
            Snippets.Predict();
            Snippets.Train();
            Snippets.Segment();
        },
        ["blocks"] = () =>
        {
            BlocksPage.Use();
            BlocksPage.Compose(rand(1, 8, 4, 4), rand(1, 4, 8, 8));
            BlocksPage.Whole();
        },
        ["checkpoints"] = CheckpointsPage.All,
        ["domains"] = () =>
        {
            DomainsPage.Domains();
            DomainsPage.Adapter();
        },
        ["imaging"] = () =>
        {
            ImagingPage.Images();
            ImagingPage.Turn();
        },
        ["inference"] = () =>
        {
            InferencePage.Whole();
            InferencePage.Ensemble();
            InferencePage.Plan();
        },
        ["inspection"] = () =>
        {
            InspectionPage.Inspect();
            InspectionPage.Details();
        },
        ["losses"] = () =>
        {
            LossesPage.Losses();
            LossesPage.Own(rand(1, 3, 8, 8), randint(0, 3, [1, 8, 8], ScalarType.Int64));
        },
        ["memory"] = () =>
        {
            MemoryPage.Scopes();
            MemoryPage.Recompute();
            MemoryPage.Keep();
        },
        ["metrics"] = () =>
        {
            MetricsPage.Metrics();
            MetricsPage.Surfaces();
        },
        ["networks"] = () =>
        {
            NetworksPage.Families();
            NetworksPage.Catalogue();
            NetworksPage.Prune();
            NetworksPage.ImageSize();
            NetworksPage.Kernels();
        },
        ["nnunet"] = () => NnUNetPage.Stages(),
        ["onnx"] = OnnxPage.Onnx,
        ["plots"] = () => PlotsPage.Sheet(new float[64 * 48], new byte[64 * 48], new byte[64 * 48]),
        ["precision"] = () =>
        {
            PrecisionPage.BFloat16();
            PrecisionPage.Half();
        },
        ["scans"] = () =>
        {
            ScansPage.All();
            ScansPage.Train();
        },
        ["training"] = () =>
        {
            TrainingPage.Patches();
            TrainingPage.Steps();
            TrainingPage.Run("training");
            PlotsPage.Curve("training");
        },
    };

    /// <summary>Writes the files that snippets read: two scans and a network.</summary>
    /// <param name="folder">A folder that is there for it.</param>
    public static void Prepare(string folder)
    {
        var size = new VolumeSize(12, 20, 20);
        ushort[] values = [.. Enumerable.Range(0, size.Voxels).Select(i => (ushort)(i % 300))];
        foreach (var name in (string[])["head.nii.gz", "scan.nii.gz"])
            ImageFile.WriteLabels(Path.Combine(folder, name), values, size, AffineGeometry.Plain(new VolumeSpacing(2, 1, 1)));

        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Widths = [4, 8] });
        model.Save(Path.Combine(folder, "unet.safetensors"));
    }
}
