using System.Reflection;

namespace UNetFamily;

/// <summary>What our own files say about themselves, and how a network comes back out of them.</summary>
internal static class ModelFile
{
    public const string NetworkKey = "unetfamily.network";
    public const string OptionsKey = "unetfamily.options";
    public const string OriginKey = "unetfamily.origin";
    private const string VersionKey = "unetfamily.version";

    // Options hold a few numbers that no side of a tensor has to match, such as an input size.
    private const long AnywayPlausible = 512;

    /// <summary>The texts of a header: <c>format</c> is for Python's readers, the rest for <see cref="Read"/>.</summary>
    /// <exception cref="NotSupportedException">The options would not come back out of the file; the message says which one.</exception>
    public static Dictionary<string, string> Metadata(SegmentationModel model)
    {
        var options = OptionsJson.Write(model.Options);
        if (model.Options.GetType().Assembly == typeof(ModelFile).Assembly) RequireReadable(model, options);
        return new()
        {
            ["format"] = "pt",
            [VersionKey] = typeof(ModelFile).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            [NetworkKey] = model.GetName(),
            [OptionsKey] = options,
        };
    }

    // A file that can't be read again is noticed when it is needed, so it is read here, before anything is written.
    private static void RequireReadable(SegmentationModel model, string options)
    {
        try
        {
            var largest = model.state_dict().Values.SelectMany(tensor => tensor.shape).Append(AnywayPlausible).Max();
            if (OptionsJson.Read(model.GetName(), options, largest).Equals(model.Options)) return;
        }
        catch (FormatException e)
        {
            throw new NotSupportedException($"{model.GetName()} can't be saved: {e.Message}", e);
        }
        throw new NotSupportedException($"{model.GetName()} can't be saved: its options would come back changed from {options}.");
    }

    /// <summary>The options that a file was saved with.</summary>
    public static SegmentationModelOptions Options(Checkpoint checkpoint)
    {
        if (!checkpoint.Metadata.TryGetValue(NetworkKey, out var network) || !checkpoint.Metadata.TryGetValue(OptionsKey, out var options))
            throw checkpoint.Fail(null, $"The file doesn't say which network it belongs to; only files of model.{nameof(CheckpointSaving.Save)} do. Build the network and load the file into it.");
        try
        {
            // Building allocates what the options ask for, so they may not ask for what the file can't fill.
            var largest = checkpoint.Tensors.Where(tensor => tensor.Count > 0).SelectMany(tensor => tensor.Shape).Append(AnywayPlausible).Max();
            return OptionsJson.Read(network, options, largest);
        }
        catch (FormatException e)
        {
            throw checkpoint.Fail(null, e.Message, e);
        }
    }

    public static SegmentationModel Read(Checkpoint checkpoint)
    {
        var options = Options(checkpoint);
        SegmentationModel model;
        try
        {
            model = options.Build();
        }
        catch (Exception e)
        {
            // The options were valid one by one, so whatever stops the network from being built has its cause in the file.
            throw checkpoint.Fail(null, $"A network can't be built from the file's options: {e.Message}", e);
        }
        try
        {
            if (FloatTypeOf(checkpoint) is { } type && type is not ScalarType.Float32) model.to(type);
            model.Load(checkpoint);
            return model;
        }
        catch (CheckpointMismatchException e) when (checkpoint.Metadata.TryGetValue(OriginKey, out var origin) && model.Options.KeyMaps.All(map => map.Origin != origin))
        {
            model.Dispose();
            throw checkpoint.Fail(null, $"It was exported under the names of {Printable.Of(origin, 60)}, which {model.GetName()}'s options don't know. Build the network and load it with Load(checkpoint, keys) and that map.", e);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static ScalarType? FloatTypeOf(Checkpoint checkpoint) =>
        checkpoint.Tensors.Select(tensor => tensor.Type.ToScalarType()).FirstOrDefault(type => type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64);
}
