namespace UNetFamily.Tool;

/// <summary>Arguments and options with which verbs name a checkpoint and a network.</summary>
internal sealed class NetworkOptions
{
    public Argument<string> File { get; } = new("file") { Description = "The checkpoint: .safetensors, .pth, .pt or .model." };

    public Option<string?> StateDict { get; } = new("--state-dict") { Description = "Which entry of the file the weights are, where there are several." };

    public Option<string?> Network { get; } = Complete(new Option<string?>("--network") { Description = "A network of the catalogue, such as unet-milesial, or a file that this library saved.", HelpName = "network" });

    public Option<long?> InChannels { get; } = Channels("--in-channels", "Channels of the network's input, where not as published.");

    public Option<long?> OutChannels { get; } = Channels("--out-channels", "Classes of the network, where not as published.");

    /// <summary>An argument that can be a network of the catalogue.</summary>
    public static Argument<string> Named(string name, string description)
    {
        var argument = new Argument<string>(name) { Description = description, HelpName = name };
        argument.CompletionSources.Add(_ => Names());
        return argument;
    }

    /// <summary>The network of an argument.</summary>
    public Target Of(ParseResult parsed, string name) => new(name, parsed.GetValue(InChannels), parsed.GetValue(OutChannels));

    /// <summary>The network that <c>--network</c> names; null without it.</summary>
    public Target? Of(ParseResult parsed)
    {
        if (parsed.GetValue(Network) is { } name) return Of(parsed, name);
        if (parsed.Has(InChannels) || parsed.Has(OutChannels)) throw new UsageException("--in-channels and --out-channels need --network, whose channels they are.");
        return null;
    }

    private static Option<string?> Complete(Option<string?> option)
    {
        option.CompletionSources.Add(_ => Names());
        return option;
    }

    private static IEnumerable<string> Names() => ModelCatalog.Variants.Select(variant => variant.Name);

    private static Option<long?> Channels(string name, string description) => Values.Parsed<long?>(name, description, text =>
        long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var channels) && channels is >= 1 and <= 1 << 16 ? channels
            : throw new FormatException($"a whole number from 1 to {1 << 16}"));
}
