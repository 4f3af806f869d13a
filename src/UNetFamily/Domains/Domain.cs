namespace UNetFamily;

/// <summary>One of the tasks that a multi-domain network serves: an organ, a scanner, a species, with its own classes and perhaps its own channels.</summary>
/// <param name="Name">Letters, digits, <c>-</c> and <c>_</c>; it is part of the names of the domain's own weights.</param>
/// <param name="InChannels">Channels of its input; those of the network's options when left out.</param>
/// <param name="OutChannels">Channels of its logits; those of the network's options when left out.</param>
public sealed record Domain(string Name, long? InChannels = null, long? OutChannels = null)
{
    // The names of layers: beside one of these, the name of a weight could be read in two ways.
    private static readonly string[] Taken = ["own", "shared", "norm", "conv", "activation", "weight", "bias"];

    /// <summary>A domain with the channels of the network's options.</summary>
    /// <param name="name">Its name.</param>
    public static implicit operator Domain(string name) => new(name);

    /// <summary>Why a name can't be a domain's; null when it can.</summary>
    internal static string? Problem(string name) =>
        name.Length == 0 || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_') ? $"A domain's name has letters, digits, '-' and '_', not '{name}'."
        : Taken.Contains(name) ? $"A domain can't be named '{name}', as a layer is."
        : null;
}
