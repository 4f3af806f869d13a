using System.Runtime.InteropServices;

namespace UNetFamily.NnUNet;

/// <summary>A run of voxels in a row, and the connected piece that it belongs to.</summary>
internal record struct ConnectedRun(int Start, int Length, int Piece);

/// <summary>Finds connected pieces by the runs of their rows: few beside voxels. Runs that touch over a face, an edge or a corner are joined.</summary>
internal static class ConnectedRuns
{
    /// <summary>The runs of chosen labels, and the voxels of each piece.</summary>
    public static (List<ConnectedRun> Runs, long[] Pieces) Of(ReadOnlySpan<ushort> segmentation, VolumeSize size, bool[] chosen)
    {
        var (runs, ends) = (new List<ConnectedRun>(), new int[size.Z * size.Y]);
        for (var row = 0; row < ends.Length; row++)
        {
            var (start, end) = (row * size.X, (row + 1) * size.X);
            for (var at = start; at < end; at++)
            {
                if (!chosen[segmentation[at]]) continue;
                var first = at;
                while (at < end && chosen[segmentation[at]]) at++;
                runs.Add(new(first, at - first, runs.Count));
            }
            ends[row] = runs.Count;
        }

        var all = CollectionsMarshal.AsSpan(runs);
        for (var row = 0; row < ends.Length; row++)
        {
            var (z, y) = (row / size.Y, row % size.Y);
            if (y > 0) Join(all, row, row - 1);
            if (z == 0) continue;
            for (var beside = Math.Max(y - 1, 0); beside <= Math.Min(y + 1, size.Y - 1); beside++) Join(all, row, (z - 1) * size.Y + beside);
        }
        var pieces = new long[runs.Count];
        for (var number = 0; number < all.Length; number++)
        {
            all[number].Piece = Root(all, number);
            pieces[all[number].Piece] += all[number].Length;
        }
        return (runs, pieces);

        // Both rows' runs are in order, so one walk along both finds all that touch; a place further counts, for corners.
        void Join(Span<ConnectedRun> all, int row, int other)
        {
            var (one, two) = (Begin(row), Begin(other));
            while (one < ends[row] && two < ends[other])
            {
                var (from, to) = (all[one].Start - row * size.X, all[two].Start - other * size.X);
                if (from <= to + all[two].Length && to <= from + all[one].Length)
                {
                    var (a, b) = (Root(all, one), Root(all, two));
                    all[Math.Max(a, b)].Piece = Math.Min(a, b);
                }
                if (from + all[one].Length < to + all[two].Length) one++;
                else two++;
            }
        }

        int Begin(int row) => row == 0 ? 0 : ends[row - 1];
    }

    // The way to the root is halved each time that it is gone.
    private static int Root(Span<ConnectedRun> runs, int number)
    {
        while (runs[number].Piece != number)
        {
            runs[number].Piece = runs[runs[number].Piece].Piece;
            number = runs[number].Piece;
        }
        return number;
    }
}
