using System.Globalization;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Training;

namespace UNetFamily.Samples.BrainSegmentation.Report;

/// <summary>The picture of a demo: each held-out slice beside its truth, its prediction and their difference. The front of the head is up.</summary>
internal static class Sheet
{
    // Around what is shown, as a part of it.
    private const double Border = 0.06;

    /// <summary>Writes the sheet.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="title">What was trained.</param>
    /// <param name="subject">The image and the truth.</param>
    /// <param name="slices">The slices to show, from the top down.</param>
    /// <param name="predicted">A predicted class for each voxel of the volume.</param>
    /// <param name="scores">The scores of those slices.</param>
    public static void Save(string path, string title, Subject subject, IReadOnlyList<int> slices, byte[] predicted, SliceScores scores)
    {
        var frame = Frame.Around(subject, slices);
        var rows = slices.Select(z => SliceRow.Comparing(
            string.Create(CultureInfo.InvariantCulture, $"slice {z}\nDice {scores.MeanDiceOf(z):0.00}"),
            frame.View(subject, z),
            frame.Cut(subject.LabelsOf(z), subject.Size),
            frame.Cut(predicted.AsSpan(z * subject.Size.Slice, subject.Size.Slice), subject.Size)));
        new SliceSheet([.. subject.Scheme.Names], SliceRow.ComparedColumns, [.. rows])
        {
            Title = string.Create(CultureInfo.InvariantCulture, $"{title}: slices that it has not seen, mean Dice {scores.MeanDice:0.00}"),
            Note = subject.Description,
            ColumnWidth = 200,
        }.Save(path);
    }

    /// <summary>The part of the slices that has something in it.</summary>
    private readonly record struct Frame(int Left, int Bottom, int Width, int Height)
    {
        /// <summary>Around all that is brighter than air or has a label.</summary>
        public static Frame Around(Subject subject, IReadOnlyList<int> slices)
        {
            var size = subject.Size;
            var (left, right, bottom, top) = (size.X, -1, size.Y, -1);
            foreach (var z in slices)
                for (var at = z * size.Slice; at < (z + 1) * size.Slice; at++)
                {
                    // The mean over the foreground is 0: what is well below it is air.
                    if (subject.Labels[at] == 0 && subject.Image.Values[at] < -2) continue;
                    var (x, y) = (at % size.X, at / size.X % size.Y);
                    (left, right, bottom, top) = (Math.Min(left, x), Math.Max(right, x), Math.Min(bottom, y), Math.Max(top, y));
                }
            if (right < 0) return new(0, 0, size.X, size.Y);
            var border = (int)Math.Ceiling(Border * Math.Max(right - left, top - bottom));
            (left, bottom) = (Math.Max(0, left - border), Math.Max(0, bottom - border));
            return new(left, bottom, Math.Min(size.X - 1, right + border) - left + 1, Math.Min(size.Y - 1, top + border) - bottom + 1);
        }

        public SliceView View(Subject subject, int z) => new(Cut<float>(subject.Image.Values.AsSpan(z * subject.Size.Slice, subject.Size.Slice), subject.Size), Width, Height)
        {
            PixelWidth = subject.Image.Geometry.Spacing.X,
            PixelHeight = subject.Image.Geometry.Spacing.Y,
        };

        /// <summary>The frame's part of a slice, its rows from the top down; NIfTI counts y from the back of the head to the front.</summary>
        public T[] Cut<T>(ReadOnlySpan<T> slice, VolumeSize size)
        {
            var cut = new T[Width * Height];
            for (var row = 0; row < Height; row++) slice.Slice((Bottom + Height - 1 - row) * size.X + Left, Width).CopyTo(cut.AsSpan(row * Width));
            return cut;
        }
    }
}
