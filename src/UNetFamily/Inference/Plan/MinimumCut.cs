namespace UNetFamily;

/// <summary>
/// Chooses one of two for each of many, where each choice costs something, and each pair of neighbours that differ as well. The cheapest choice of all is a minimum cut of a graph with an edge for each cost
/// (Greig, Porteous and Seheult, 1989), found by augmenting paths (Edmonds and Karp, 1972).
/// </summary>
/// <param name="count">How many choices there are.</param>
internal sealed class MinimumCut(int count)
{
    private const double Forbidden = 1e12;

    private readonly List<Edge> edges = [];
    private readonly Dictionary<int, List<int>> leaving = [];
    private int Source => count;

    private int Sink => count + 1;

    /// <summary>What the first and the second cost for one; infinity where it can't be.</summary>
    public void Cost(int item, double first, double second)
    {
        Add(Source, item, Math.Min(second, Forbidden), 0);
        Add(item, Sink, Math.Min(first, Forbidden), 0);
    }

    /// <summary>What it costs when two differ.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">Another.</param>
    /// <param name="firstToSecond">Where the one has the first, and the other the second.</param>
    /// <param name="secondToFirst">The other way round.</param>
    public void Difference(int a, int b, double firstToSecond, double secondToFirst) => Add(a, b, firstToSecond, secondToFirst);

    /// <summary>Whether each has the second.</summary>
    public bool[] Solve()
    {
        while (Path() is { } path)
        {
            var room = path.Min(edge => edges[edge].Room);
            foreach (var edge in path)
            {
                edges[edge].Room -= room;
                edges[edge ^ 1].Room += room;
            }
        }
        var reached = Reached();
        return [.. Enumerable.Range(0, count).Select(item => reached[item] < 0)];
    }

    private void Add(int from, int to, double there, double back)
    {
        Leaving(from).Add(edges.Count);
        edges.Add(new Edge(to, there));
        Leaving(to).Add(edges.Count);
        edges.Add(new Edge(from, back));
    }

    private List<int> Leaving(int item) => leaving.TryGetValue(item, out var there) ? there : leaving[item] = [];

    private List<int>? Path()
    {
        var by = Reached();
        if (by[Sink] < 0) return null;
        var path = new List<int>();
        for (var at = Sink; at != Source; at = edges[by[at] ^ 1].To) path.Add(by[at]);
        return path;
    }

    /// <summary>The edge by which each is reached from the source where there is room; -1 for none.</summary>
    private int[] Reached()
    {
        var by = new int[count + 2];
        Array.Fill(by, -1);
        by[Source] = int.MaxValue;
        var queue = new Queue<int>([Source]);
        while (queue.TryDequeue(out var at))
        {
            foreach (var edge in Leaving(at))
            {
                if (by[edges[edge].To] >= 0 || edges[edge].Room <= 1e-9) continue;
                by[edges[edge].To] = edge;
                queue.Enqueue(edges[edge].To);
            }
        }
        return by;
    }

    private sealed class Edge(int to, double room)
    {
        public int To => to;

        public double Room { get; set; } = room;
    }
}
