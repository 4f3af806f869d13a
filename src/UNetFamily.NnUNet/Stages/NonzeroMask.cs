namespace UNetFamily.NnUNet;

/// <summary>The part of an image that is not 0: scanners and anonymising programs leave zeros around it, which nnU-Net cuts off.</summary>
public static class NonzeroMask
{
    /// <summary>The smallest box around all voxels that are not 0 in some channel; the whole volume where all are 0.</summary>
    /// <param name="channels">For each channel its numbers, X fastest.</param>
    /// <param name="size">The volume's sides.</param>
    /// <exception cref="ArgumentException">There is no channel, or one doesn't fill the volume.</exception>
    public static VolumeBox Box(IReadOnlyList<float[]> channels, VolumeSize size)
    {
        Require(channels, size);
        var boxes = new VolumeBox?[size.Z];
        Parallel.For(0, size.Z, z => boxes[z] = OfSlice(channels, size, z));
        VolumeBox[] all = [.. boxes.OfType<VolumeBox>()];
        if (all.Length == 0) return VolumeBox.Whole(size);
        return new(new(all[0].Z.Start, all[^1].Z.End), new(all.Min(box => box.Y.Start), all.Max(box => box.Y.End)), new(all.Min(box => box.X.Start), all.Max(box => box.X.End)));
    }

    /// <summary>For each voxel whether it belongs to the image: it is not 0 in some channel, or lies in a hole, from which no way over faces of zeros leads out.</summary>
    /// <param name="channels">For each channel its numbers, X fastest. Cut to <see cref="Box"/> or not, the answer is the same there.</param>
    /// <param name="size">The sides of what the channels hold.</param>
    /// <exception cref="ArgumentException">There is no channel, or one doesn't fill the volume.</exception>
    public static bool[] Inside(IReadOnlyList<float[]> channels, VolumeSize size)
    {
        Require(channels, size);
        var inside = new bool[size.Voxels];
        Parallel.For(0, size.Z, z =>
        {
            foreach (var channel in channels)
                for (var i = z * size.Slice; i < (z + 1) * size.Slice; i++) inside[i] |= channel[i] != 0;
        });
        FillHoles(inside, size);
        return inside;
    }

    /// <summary>Marks what is outside of the image in labels on its grid with -1, as nnU-Net's preprocessing does.</summary>
    /// <param name="labels">The labels, changed in place where they are 0.</param>
    /// <param name="inside">What <see cref="Inside"/> found.</param>
    /// <exception cref="ArgumentException">The two have different lengths.</exception>
    public static void MarkOutside(short[] labels, bool[] inside)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(inside);
        if (labels.Length != inside.Length) throw new ArgumentException($"The mask has {inside.Length} places, the labels have {labels.Length}.", nameof(inside));
        for (var i = 0; i < labels.Length; i++)
            if (labels[i] == 0 && !inside[i]) labels[i] = -1;
    }

    private static VolumeBox? OfSlice(IReadOnlyList<float[]> channels, VolumeSize size, int z)
    {
        var (top, bottom, left, right) = (int.MaxValue, -1, int.MaxValue, -1);
        foreach (var channel in channels)
        {
            for (var y = 0; y < size.Y; y++)
            {
                var row = channel.AsSpan((z * size.Y + y) * size.X, size.X);
                var first = row.IndexOfAnyExcept(0f);
                if (first < 0) continue;
                (top, bottom, left, right) = (Math.Min(top, y), Math.Max(bottom, y), Math.Min(left, first), Math.Max(right, row.LastIndexOfAnyExcept(0f)));
            }
        }
        return bottom < 0 ? null : new(new(z, z + 1), new(top, bottom + 1), new(left, right + 1));
    }

    // What can be reached from the border over faces is outside; all else is in. Rows are flooded at once, and the runs beside them remembered.
    private static void FillHoles(bool[] inside, VolumeSize size)
    {
        var reached = new bool[inside.Length];
        var open = new Stack<int>();
        for (var z = 0; z < size.Z; z++)
        {
            for (var y = 0; y < size.Y; y++)
            {
                var row = (z * size.Y + y) * size.X;
                if (z == 0 || z == size.Z - 1 || y == 0 || y == size.Y - 1)
                    for (var x = 0; x < size.X; x++) Flood(row + x);
                Flood(row);
                Flood(row + size.X - 1);
            }
        }
        for (var i = 0; i < inside.Length; i++) inside[i] = !reached[i];

        void Flood(int seed)
        {
            Push(seed);
            while (open.TryPop(out var place))
            {
                if (reached[place]) continue;
                var row = place - place % size.X;
                var (from, to) = (place, place + 1);
                while (from > row && Free(from - 1)) from--;
                while (to < row + size.X && Free(to)) to++;
                reached.AsSpan(from, to - from).Fill(true);
                var (z, y) = (row / size.Slice, row / size.X % size.Y);
                if (z > 0) PushRuns(from - size.Slice, to - size.Slice);
                if (z < size.Z - 1) PushRuns(from + size.Slice, to + size.Slice);
                if (y > 0) PushRuns(from - size.X, to - size.X);
                if (y < size.Y - 1) PushRuns(from + size.X, to + size.X);
            }
        }

        void PushRuns(int from, int to)
        {
            for (var place = from; place < to; place++)
                if (place == from || !Free(place - 1)) Push(place);
        }

        void Push(int place)
        {
            if (Free(place)) open.Push(place);
        }

        bool Free(int place) => !inside[place] && !reached[place];
    }

    private static void Require(IReadOnlyList<float[]> channels, VolumeSize size)
    {
        ArgumentNullException.ThrowIfNull(channels);
        if (channels.Count == 0) throw new ArgumentException("There must be a channel or more.", nameof(channels));
        if (channels.Any(channel => channel.Length != size.Voxels)) throw new ArgumentException($"Each channel must fill a volume of {size}, {size.Voxels} voxels.", nameof(channels));
    }
}
