using System.Text.RegularExpressions;

namespace UNetFamily;

/// <summary>
/// One rule of a <see cref="KeyMap"/>. Patterns are whole parts of a key (between dots); <c>{i}</c> stands for a number and <c>{i+1}</c> for
/// that number plus one, so <c>down{i+1}.conv</c> on one side is <c>down.{i}.conv</c> on the other. A leading <c>^</c> ties a pattern to the
/// start of the key, a trailing <c>$</c> to its end.
/// </summary>
public abstract partial record KeyRule
{
    private protected KeyRule()
    {
    }

    /// <summary>Exchanges one pattern for the other; works in both directions.</summary>
    /// <param name="Official">The pattern in the published key.</param>
    /// <param name="Ours">The pattern in our key.</param>
    public sealed record Rename(string Official, string Ours) : KeyRule
    {
        private readonly Template official = new(Official);
        private readonly Template ours = new(Ours);

        internal string ToOurs(string key) => official.Replace(key, ours);

        internal string ToOfficial(string key) => ours.Replace(key, official);
    }

    /// <summary>An entry that the published checkpoint holds and the network doesn't use.</summary>
    /// <param name="Official">The pattern of the published key.</param>
    public sealed record Drop(string Official) : KeyRule
    {
        private readonly Template official = new(Official);

        /// <summary>
        /// The shape of the entry, when an export must hold it because the published code insists on it; the pattern is then the whole key, without holes.
        /// </summary>
        /// <value>Null: an export leaves the entry out.</value>
        public ValueList<long>? ExportedShape { get; init; }

        /// <summary>The number that fills an exported entry.</summary>
        /// <value>0.</value>
        public double ExportedValue { get; init; }

        internal string Key => Official.TrimStart('^').TrimEnd('$');

        internal bool Matches(string key) => official.IsIn(key);
    }

    /// <summary>A second name of a tensor that the published checkpoint also holds under its first name.</summary>
    /// <param name="Official">The pattern that marks the second name.</param>
    /// <param name="First">What stands in its place in the first name.</param>
    public sealed record Alias(string Official, string First) : KeyRule
    {
        private readonly Template official = new(Official);
        private readonly Template first = new(First);

        internal bool Matches(string key) => official.IsIn(key);

        internal string ToFirst(string key) => official.Replace(key, first);

        internal bool MatchesFirst(string key) => first.IsIn(key);

        internal string ToAlias(string key) => first.Replace(key, official);
    }

    /// <summary>
    /// A weight that the published network keeps as that of a linear layer, (out, in), and ours as that of a convolution with a kernel of one,
    /// (out, in, 1, 1) or (out, in, 1, 1, 1).
    /// </summary>
    /// <param name="Official">The pattern of the published key.</param>
    public sealed record LinearAsConv(string Official) : KeyRule
    {
        private readonly Template official = new(Official);

        internal bool Matches(string key) => official.IsIn(key);
    }

    /// <summary>
    /// A bias in front of a batch norm, which older checkpoints hold and the network doesn't have. It moves the norm's mean and nothing else, so it is subtracted from the running mean: exact, in
    /// evaluation and in training.
    /// </summary>
    /// <param name="Official">The pattern of the published key of the bias.</param>
    /// <param name="Mean">What stands in its place in the key of the norm's running mean.</param>
    public sealed record FoldedBias(string Official, string Mean) : KeyRule
    {
        private readonly Template official = new(Official);
        private readonly Template mean = new(Mean);

        internal bool Matches(string key) => official.IsIn(key);

        internal string ToMean(string key) => official.Replace(key, mean);
    }

    /// <summary>A pattern with numbered holes, read once.</summary>
    private sealed class Template
    {
        private readonly string text;
        private readonly Regex regex;
        private readonly Dictionary<string, long> offsets = [];

        public Template(string pattern)
        {
            var (start, end) = (pattern.StartsWith('^'), pattern.EndsWith('$'));
            text = pattern[(start ? 1 : 0)..(end ? ^1 : ^0)];
            var body = Hole().Replace(Regex.Escape(text).Replace(@"\{", "{", StringComparison.Ordinal).Replace(@"\+", "+", StringComparison.Ordinal), hole =>
            {
                offsets[hole.Groups["name"].Value] = Offset(hole);
                return $"(?<{hole.Groups["name"].Value}>[0-9]{{1,9}})";         // no network has longer numbers, but a made-up file may
            });
            regex = new Regex($"{(start ? "^" : @"(?<=^|\.)")}{body}{(end ? "$" : @"(?=\.|$)")}", RegexOptions.CultureInvariant);
        }

        public bool IsIn(string key) => regex.IsMatch(key);

        /// <summary>Puts the other template in place of this one's first match, with the holes' numbers carried over.</summary>
        public string Replace(string key, Template other) => regex.Replace(key, match => other.Fill(name =>
            long.Parse(match.Groups[name].Value, System.Globalization.CultureInfo.InvariantCulture) - offsets[name]), 1);

        private string Fill(Func<string, long> value) => Hole().Replace(text, hole => $"{value(hole.Groups["name"].Value) + Offset(hole)}");

        private static long Offset(Match hole) => hole.Groups["offset"] is { Success: true } offset ? long.Parse(offset.Value, System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(@"\{(?<name>[a-z])(?<offset>[+-][0-9]+)?\}", RegexOptions.CultureInvariant)]
    private static partial Regex Hole();
}
