using System.Globalization;
using System.Text.RegularExpressions;

namespace UNetFamily.Tool;

/// <summary>
/// Proposes key rules that turn the names of a file into those of a network. Entries are paired by last word, shape and order; what differs in a pair's names
/// becomes a rule, with holes in place of numbers; a rule is kept when every name that it touches becomes one of the network's, of the same shape.
/// </summary>
internal static partial class RuleSuggestions
{
    private const int MostEntries = 5_000;
    private const int MostRules = 200;

    /// <param name="file">The file's names that the network lacks.</param>
    /// <param name="network">The network's names that the file lacks.</param>
    /// <param name="inOrder">Whether both come in the order of construction; safetensors are sorted, and then both are sorted here.</param>
    public static IReadOnlyList<string> For(IReadOnlyList<(string Name, long[] Shape)> file, IReadOnlyList<(string Name, long[] Shape)> network, bool inOrder)
    {
        if (file.Count > MostEntries || network.Count > MostEntries) return [];
        if (!inOrder) (file, network) = (Sorted(file), Sorted(network));
        var open = Pairs(file, network);
        var (kinds, targets) = (file.ToDictionary(entry => entry.Name, Kind), network.ToDictionary(entry => entry.Name, Kind));
        var (rules, done) = (new List<KeyRule.Rename>(), new HashSet<string>());
        while (open.Count > 0 && rules.Count < MostRules)
        {
            var best = open.SelectMany(pair => RulesOf(pair.From, pair.To)).Distinct().Select(rule => (Rule: rule, Right: Right(rule))).Where(scored => scored.Right > 0)
                .OrderByDescending(scored => scored.Right).ThenBy(scored => scored.Rule.Official.Length + scored.Rule.Ours.Length).FirstOrDefault();
            if (best.Rule is null) break;
            rules.Add(best.Rule);
            var map = new KeyMap("", best.Rule);
            done.UnionWith(open.Select(pair => map.ToOurs(pair.From)!).Where(targets.ContainsKey));
            open = [.. open.Where(pair => !targets.ContainsKey(map.ToOurs(pair.From)!))];
        }
        return [.. rules.Select(rule => $"new KeyRule.Rename(\"{rule.Official}\", \"{rule.Ours}\")")];

        // How many open names become names of the network, with the same shape; 0 when a name becomes none, or one that is right changes.
        int Right(KeyRule.Rename rule)
        {
            var (map, right) = (new KeyMap("", rule), 0);
            foreach (var (from, _) in open)
            {
                var result = map.ToOurs(from)!;
                if (result == from) continue;
                if (!targets.TryGetValue(result, out var kind) || kind != kinds[from] || done.Contains(result)) return 0;
                right++;
            }
            return done.Any(name => map.ToOurs(name) != name) ? 0 : right;
        }
    }

    private static List<(string From, string To)> Pairs(IReadOnlyList<(string Name, long[] Shape)> file, IReadOnlyList<(string Name, long[] Shape)> network)
    {
        var free = network.GroupBy(Kind).ToDictionary(group => group.Key, group => new Queue<string>(group.Select(entry => entry.Name)));
        return [.. file.Where(entry => free.TryGetValue(Kind(entry), out var names) && names.Count > 0).Select(entry => (entry.Name, free[Kind(entry)].Dequeue()))];
    }

    private static string Kind((string Name, long[] Shape) entry) => $"{entry.Name[(entry.Name.LastIndexOf('.') + 1)..]} {string.Join(',', entry.Shape)}";

    // Numbers by their size, so that 10 comes after 9.
    private static List<(string Name, long[] Shape)> Sorted(IEnumerable<(string Name, long[] Shape)> entries) =>
        [.. entries.OrderBy(entry => Number().Replace(entry.Name, match => match.Value.PadLeft(9, '0')), StringComparer.Ordinal)];

    private static IEnumerable<KeyRule.Rename> RulesOf(string from, string to)
    {
        var (a, b) = (from.Split('.'), to.Split('.'));
        var (front, back) = (0, 0);
        while (front < Math.Min(a.Length, b.Length) && a[front] == b[front]) front++;
        while (back < Math.Min(a.Length, b.Length) - front && a[^(back + 1)] == b[^(back + 1)]) back++;
        if (front + back == Math.Min(a.Length, b.Length))                       // one of them would be nothing: take a part more
        {
            if (back > 0) back--;
            else if (front > 0) front--;
        }
        var (official, ours) = (string.Join('.', a[front..^back]), string.Join('.', b[front..^back]));
        var anchor = front == 0 ? "^" : "";
        foreach (var (x, y) in new[] { WithHoles(official, ours), (official, ours) })
            if (x.Length > 0 && y.Length > 0 && !x.Contains('"', StringComparison.Ordinal) && Valid(x, y)) yield return new KeyRule.Rename(anchor + x, anchor + y);
    }

    private static bool Valid(string official, string ours) => !$"{official}{ours}".AsSpan().ContainsAny('^', '$', '\\');

    /// <summary>The two with <c>{i}</c> in place of numbers that agree, and <c>{i+1}</c> where one counts from one and the other from zero.</summary>
    private static (string Official, string Ours) WithHoles(string official, string ours)
    {
        var letter = 'i';
        var rest = ours;
        var result = Number().Replace(official, match =>
        {
            var number = long.Parse(match.Value, CultureInfo.InvariantCulture);
            foreach (var (offset, mark) in new[] { (0, ""), (1, "+1") })
            {
                var wanted = new Regex($"(?<![0-9{{+]){number - offset}(?![0-9}}])");
                if (number < offset || letter > 'z' || !wanted.IsMatch(rest)) continue;
                rest = wanted.Replace(rest, $"{{{letter}}}", 1);
                return $"{{{letter++}{mark}}}";
            }
            return match.Value;
        });
        return (result, rest);
    }

    [GeneratedRegex("[0-9]{1,9}")]
    private static partial Regex Number();
}
