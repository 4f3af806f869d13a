namespace UNetFamily;

/// <summary>Reads patches from a case that goes on for ever with padding: as it lies there, or turned and scaled.</summary>
internal sealed class PatchReader
{
    private const int Corners = 8;

    private readonly float[] image, result;
    private readonly byte[] labels, resultLabels;
    private readonly int depth, height, width, channels, voxels;
    private readonly int patchDepth, patchHeight, patchWidth, patchVoxels, imageStart, labelStart;
    private readonly float padding;
    private readonly byte paddingLabel;

    public PatchReader(TrainingCase from, TrainingPatch patch, float padding, byte paddingLabel)
    {
        (image, labels, channels) = (from.Image, from.Labels, from.Channels);
        (depth, height, width, voxels) = (from.Depth, from.Height, from.Width, from.Labels.Length);
        (patchDepth, patchHeight, patchWidth, patchVoxels) = (patch.Depth, patch.Height, patch.Width, patch.Labels.Length);
        (result, imageStart, resultLabels, labelStart) = patch.Memory;
        (this.padding, this.paddingLabel) = (padding, paddingLabel);
    }

    /// <summary>Copies a window.</summary>
    public void Read(PatchWindow window)
    {
        for (var channel = 0; channel < channels; channel++)
            Copy(image.AsSpan(channel * voxels, voxels), result.AsSpan(imageStart + channel * patchVoxels, patchVoxels), window, padding);
        Copy(labels, resultLabels.AsSpan(labelStart, patchVoxels), window, paddingLabel);
    }

    /// <summary>Reads linearly between the voxels.</summary>
    /// <param name="map">What a step in the patch moves in the case.</param>
    /// <param name="origin">Where the patch's first voxel lies in the case.</param>
    public void Read(AffineMap map, AffineMap.Vector origin)
    {
        for (var z = 0; z < patchDepth; z++)
        {
            for (var y = 0; y < patchHeight; y++)
            {
                var start = origin + (z * map.Down + y * map.Along);
                var row = (z * patchHeight + y) * patchWidth;
                var (first, end) = map.Flat ? FlatInside(start, map.Across) : Inside(start, map.Across);
                ReadBorder(start, map.Across, row, 0, first);
                if (map.Flat) ReadFlat(start, map.Across, row, first, end);
                else ReadInner(start, map.Across, row, first, end);
                ReadBorder(start, map.Across, row, end, patchWidth);
            }
        }
    }

    private void Copy<T>(ReadOnlySpan<T> from, Span<T> to, PatchWindow window, T outside)
    {
        var (left, right) = (Math.Clamp(-window.W, 0, patchWidth), Math.Clamp(width - window.W, 0, patchWidth));
        for (var z = 0; z < patchDepth; z++)
        {
            for (var y = 0; y < patchHeight; y++)
            {
                var (d, h) = (window.D + z, window.H + y);
                var row = to.Slice((z * patchHeight + y) * patchWidth, patchWidth);
                if (d < 0 || d >= depth || h < 0 || h >= height || left >= right)
                {
                    row.Fill(outside);
                    continue;
                }

                row[..left].Fill(outside);
                from.Slice((d * height + h) * width + window.W + left, right - left).CopyTo(row[left..]);
                row[right..].Fill(outside);
            }
        }
    }

    // The part of a row whose places all have eight neighbours in the case.
    private (int First, int End) Inside(AffineMap.Vector start, AffineMap.Vector step)
    {
        var (first, end) = (0, patchWidth);
        Narrow(start.D, step.D, depth - 1, ref first, ref end);
        Narrow(start.H, step.H, height - 1, ref first, ref end);
        Narrow(start.W, step.W, width - 1, ref first, ref end);
        return (first, end);
    }

    private (int First, int End) FlatInside(AffineMap.Vector start, AffineMap.Vector step)
    {
        var (first, end) = (0, start.D >= 0 && start.D <= depth - 1 ? patchWidth : 0);
        Narrow(start.H, step.H, height - 1, ref first, ref end);
        Narrow(start.W, step.W, width - 1, ref first, ref end);
        return (first, end);
    }

    // Keeps the places i with 0 <= start + i · step < limit. Rounding keeps the order of places, so checking both ends is enough.
    private static void Narrow(double start, double step, int limit, ref int first, ref int end)
    {
        if (step != 0)
        {
            var (low, high) = (-start / step, (limit - start) / step);
            if (step < 0) (low, high) = (high, low);
            (first, end) = ((int)Math.Clamp(Math.Floor(low), first, end), (int)Math.Clamp(Math.Ceiling(high) + 1, first, end));
        }

        while (first < end && !Within(first)) first++;
        while (first < end && !Within(end - 1)) end--;
        if (first >= end) end = first;

        bool Within(int i) => start + i * step is var place && place >= 0 && place < limit;
    }

    private void ReadInner(AffineMap.Vector start, AffineMap.Vector step, int row, int first, int end)
    {
        Span<float> shares = stackalloc float[Corners];
        Span<byte> votes = stackalloc byte[Corners];
        var slice = height * width;
        for (var x = first; x < end; x++)
        {
            var (d, h, w) = (start.D + x * step.D, start.H + x * step.H, start.W + x * step.W);
            var (z, y, c) = (Whole(d), Whole(h), Whole(w));
            var (below, behind, right) = ((float)(d - z), (float)(h - y), (float)(w - c));
            var (above, before, left) = (1 - below, 1 - behind, 1 - right);
            var place = (z * height + y) * width + c;
            for (var channel = 0; channel < channels; channel++)
            {
                var upper = image.AsSpan(channel * voxels + place, slice + width + 2);
                var lower = upper[slice..];
                result[imageStart + channel * patchVoxels + row + x] =
                    above * (before * (left * upper[0] + right * upper[1]) + behind * (left * upper[width] + right * upper[width + 1]))
                    + below * (before * (left * lower[0] + right * lower[1]) + behind * (left * lower[width] + right * lower[width + 1]));
            }

            var near = labels.AsSpan(place, slice + width + 2);
            var label = near[0];
            if (label != near[1] || label != near[width] || label != near[width + 1]
                || label != near[slice] || label != near[slice + 1] || label != near[slice + width] || label != near[slice + width + 1])
            {
                (votes[0], votes[1], votes[2], votes[3]) = (label, near[1], near[width], near[width + 1]);
                (votes[4], votes[5], votes[6], votes[7]) = (near[slice], near[slice + 1], near[slice + width], near[slice + width + 1]);
                Share(above, below, before, behind, left, right, shares);
                label = Elected(votes, shares);
            }

            resultLabels[labelStart + row + x] = label;
        }
    }

    private void ReadFlat(AffineMap.Vector start, AffineMap.Vector step, int row, int first, int end)
    {
        Span<float> shares = stackalloc float[4];
        Span<byte> votes = stackalloc byte[4];
        var slice = (int)Math.Round(start.D) * height * width;
        for (var x = first; x < end; x++)
        {
            var (h, w) = (start.H + x * step.H, start.W + x * step.W);
            var (y, c) = (Whole(h), Whole(w));
            var (behind, right) = ((float)(h - y), (float)(w - c));
            var (before, left) = (1 - behind, 1 - right);
            var place = slice + y * width + c;
            for (var channel = 0; channel < channels; channel++)
            {
                var values = image.AsSpan(channel * voxels + place, width + 2);
                result[imageStart + channel * patchVoxels + row + x] = before * (left * values[0] + right * values[1]) + behind * (left * values[width] + right * values[width + 1]);
            }

            var near = labels.AsSpan(place, width + 2);
            var label = near[0];
            if (label != near[1] || label != near[width] || label != near[width + 1])
            {
                (votes[0], votes[1], votes[2], votes[3]) = (label, near[1], near[width], near[width + 1]);
                (shares[0], shares[1], shares[2], shares[3]) = (before * left, before * right, behind * left, behind * right);
                label = Elected(votes, shares);
            }

            resultLabels[labelStart + row + x] = label;
        }
    }

    // Where some of the eight neighbours, or all, are padding.
    private void ReadBorder(AffineMap.Vector start, AffineMap.Vector step, int row, int first, int end)
    {
        Span<float> shares = stackalloc float[Corners];
        Span<byte> votes = stackalloc byte[Corners];
        Span<int> places = stackalloc int[Corners];
        for (var x = first; x < end; x++)
        {
            var (d, h, w) = (start.D + x * step.D, start.H + x * step.H, start.W + x * step.W);
            if (!(d > -1 && d < depth && h > -1 && h < height && w > -1 && w < width))
            {
                for (var channel = 0; channel < channels; channel++) result[imageStart + channel * patchVoxels + row + x] = padding;
                resultLabels[labelStart + row + x] = paddingLabel;
                continue;
            }

            var (z, y, c) = ((int)Math.Floor(d), (int)Math.Floor(h), (int)Math.Floor(w));
            var (below, behind, right) = ((float)(d - z), (float)(h - y), (float)(w - c));
            Share(1 - below, below, 1 - behind, behind, 1 - right, right, shares);
            for (var corner = 0; corner < Corners; corner++)
            {
                var (i, j, k) = (z + (corner >> 2), y + (corner >> 1 & 1), c + (corner & 1));
                var outside = i < 0 || i >= depth || j < 0 || j >= height || k < 0 || k >= width;
                places[corner] = outside ? -1 : (i * height + j) * width + k;
                votes[corner] = outside ? paddingLabel : labels[places[corner]];
            }

            for (var channel = 0; channel < channels; channel++)
            {
                var sum = 0f;
                for (var corner = 0; corner < Corners; corner++) sum += shares[corner] * (places[corner] < 0 ? padding : image[channel * voxels + places[corner]]);
                result[imageStart + channel * patchVoxels + row + x] = sum;
            }

            resultLabels[labelStart + row + x] = Elected(votes, shares);
        }
    }

    // Places within the case: without the checks of a cast.
    private static int Whole(double place) => double.ConvertToIntegerNative<int>(place);

    private static void Share(float above, float below, float before, float behind, float left, float right, Span<float> shares)
    {
        (shares[0], shares[1], shares[2], shares[3]) = (above * before * left, above * before * right, above * behind * left, above * behind * right);
        (shares[4], shares[5], shares[6], shares[7]) = (below * before * left, below * before * right, below * behind * left, below * behind * right);
    }

    // The label with the largest share; of equal shares the smallest label. Shares have the sum 1, so nothing beats more than half.
    private static byte Elected(ReadOnlySpan<byte> votes, ReadOnlySpan<float> shares)
    {
        var (winner, most) = (votes[0], -1f);
        foreach (var label in votes)
        {
            var share = 0f;
            for (var i = 0; i < votes.Length; i++) share += votes[i] == label ? shares[i] : 0;
            if (share > 0.5f) return label;
            if (share > most || share == most && label < winner) (winner, most) = (label, share);
        }

        return winner;
    }
}
