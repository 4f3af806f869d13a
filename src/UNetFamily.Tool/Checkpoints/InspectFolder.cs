using System.Globalization;
using UNetFamily.NnUNet;

namespace UNetFamily.Tool;

/// <summary><c>inspect</c> of a model folder: what nnU-Net trained, and for which images.</summary>
internal static class InspectFolder
{
    public static int Run(Screen screen, string path)
    {
        var folder = ModelFolder.Read(path);
        var (plans, dataset, configuration, network) = (folder.Plans, folder.Dataset, folder.Configuration, folder.Network);
        screen.Show(new
        {
            folder = path,
            dataset = plans.DatasetName,
            plans = plans.PlansName,
            configuration = configuration.Name,
            trainer = folder.Trainer,
            network = Name(network),
            inChannels = network.InChannels,
            outChannels = network.OutChannels,
            features = network.FeaturesPerStage,
            patch = configuration.Patch,
            spacing = configuration.Spacing,
            transpose = plans.TransposeForward,
            normalizations = configuration.Normalizations,
            channels = dataset.Channels,
            reader = plans.ReaderWriter,
            fileEnding = dataset.FileEnding,
            labels = dataset.Labels.Select(entry => new { name = entry.Name, values = entry.Values }),
            regions = dataset.HasRegions,
            mirrorAxes = folder.MirrorAxes,
            previousStage = configuration.PreviousStage,
            folds = folder.Folds.Select(fold => new { name = fold.Name, epochs = fold.Epochs }),
            configurations = plans.Configurations,
        }, Lines());
        return ExitCode.Fine;

        IEnumerable<string> Lines()
        {
            yield return $"{path}: a model of nnU-Net v2, {SafeText.Of(plans.DatasetName)}, {SafeText.Of(plans.PlansName)}, {SafeText.Of(configuration.Name)}";
            yield return $"network: {Name(network)}, {network.InChannels} channels to {network.OutChannels}, features {network.FeaturesPerStage}";
            yield return $"patch: {Sides(configuration.Patch)} at {Sides(configuration.Spacing)} mm{(plans.TransposeForward is [0, 1, 2] ? "" : $", axes {plans.TransposeForward} of the file")}";
            yield return $"images: {string.Join(", ", dataset.Channels.Zip(configuration.Normalizations, (channel, scheme) => $"{SafeText.Of(channel)} ({SafeText.Of(scheme)})"))}; {plans.ReaderWriter}, *{SafeText.Of(dataset.FileEnding)}";
            yield return $"{(dataset.HasRegions ? "regions" : "labels")}: {string.Join(", ", dataset.Labels.Select(entry => $"{SafeText.Of(entry.Name)} {string.Join("+", entry.Values)}"))}";
            if (configuration.PreviousStage is { } previous) yield return $"cascade: takes the labels of {SafeText.Of(previous)} as further channels";
            yield return $"trainer: {SafeText.Of(folder.Trainer)}; {(folder.MirrorAxes.Count == 0 ? "not to be mirrored" : $"may be mirrored along axes {folder.MirrorAxes}")}";
            yield return $"folds: {string.Join(", ", folder.Folds.Select(fold => fold.Epochs is { } epochs ? string.Create(CultureInfo.InvariantCulture, $"{fold.Name} ({epochs} epochs)") : fold.Name))}";
        }

        static string Name(NnUNetOptions network) => network.GetType().Name.Replace("Options", "", StringComparison.Ordinal);

        static string Sides<T>(ValueList<T> sides) => string.Join(" x ", sides.Select(side => string.Create(CultureInfo.InvariantCulture, $"{side}")));
    }
}
