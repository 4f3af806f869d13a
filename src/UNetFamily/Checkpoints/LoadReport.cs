using System.Text;

namespace UNetFamily;

/// <summary>How an entry of a file and an entry of a network fail to match.</summary>
public enum KeyProblem
{
    /// <summary>The network has it, the file lacks it.</summary>
    Missing,

    /// <summary>The file has it, the network has no such entry.</summary>
    Unexpected,

    /// <summary>Both have it, in different shapes.</summary>
    Shape,

    /// <summary>Both have it, and the file's type can't become the network's (whole numbers where there should be fractions).</summary>
    Type,

    /// <summary>The file holds it under two names that should be one tensor, with different numbers.</summary>
    Alias,
}

/// <summary>One difference between a file and a network.</summary>
/// <param name="Problem">Its kind.</param>
/// <param name="Name">The network's name for a missing entry, the file's name for all others.</param>
/// <param name="Text">A sentence with both shapes, and the nearest candidate on the other side.</param>
public sealed record KeyDifference(KeyProblem Problem, string Name, string Text);

/// <summary>What became of each entry when a checkpoint was loaded, or would become of it.</summary>
public sealed class LoadReport
{
    private const int LongestList = 100;

    internal LoadReport(string fileName, string network, string origin, string envelope, IReadOnlyList<string> loaded, IReadOnlyList<string> folded, IReadOnlyList<string> unused,
        IReadOnlyList<KeyDifference> differences) =>
        (FileName, Network, Origin, Envelope, Loaded, Folded, Unused, Differences) = (fileName, network, origin, envelope, loaded, folded, unused, differences);

    /// <summary>The file.</summary>
    public string FileName { get; }

    /// <summary>The network.</summary>
    public string Network { get; }

    /// <summary>Whose names the file has: <c>UNetFamily</c>, or <see cref="KeyMap.Origin"/> of the map that fits (or comes nearest).</summary>
    public string Origin { get; }

    /// <summary>
    /// In which part of the file the entries stand, such as <c>state_dict</c> or, with what is in front of their names, <c>state_dict.model</c>; empty when the file is nothing else.
    /// </summary>
    public string Envelope { get; }

    /// <summary>The network's entries that have a counterpart, by the network's names.</summary>
    public IReadOnlyList<string> Loaded { get; }

    /// <summary>The file's biases in front of a batch norm that the network doesn't have, and that were taken off the norm's running mean instead (<see cref="KeyRule.FoldedBias"/>).</summary>
    public IReadOnlyList<string> Folded { get; }

    /// <summary>The file's entries that the network doesn't use: known ones, and what stands beside it.</summary>
    public IReadOnlyList<string> Unused { get; }

    /// <summary>All differences; none when the file and the network match.</summary>
    public IReadOnlyList<KeyDifference> Differences { get; }

    /// <summary>Whether every entry found its counterpart.</summary>
    public bool IsComplete => Differences.Count == 0;

    /// <summary>A line of counts, and a line for each of the first hundred differences of a kind.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Loaded.Count} of {Network}'s entries match those of {FileName} (names of {Origin}{(Envelope.Length == 0 ? "" : $", in '{Printable.Of(Envelope)}'")})");
        if (IsComplete) return text.Append('.').ToString();

        text.Append($"; {Differences.Count} don't:");
        foreach (var kind in Differences.GroupBy(difference => difference.Problem))
        {
            foreach (var difference in kind.Take(LongestList)) text.Append($"\n  {difference.Text}");
            if (kind.Count() > LongestList) text.Append($"\n  and {kind.Count() - LongestList} more of this kind.");
        }
        return text.ToString();
    }
}
