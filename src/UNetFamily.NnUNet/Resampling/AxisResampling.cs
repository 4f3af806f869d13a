using System.Numerics;

namespace UNetFamily.NnUNet;

/// <summary>Resamples one axis of a volume. Lines are taken many at a time, side by side, so that the steps along them go through the processor's vectors.</summary>
internal static class AxisResampling
{
    private const int LinesAtOnce = 64;

    /// <summary>The volume with another length along an axis.</summary>
    /// <param name="values">The volume, the last axis fastest.</param>
    /// <param name="sides">Its sides.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="map">How its places become others.</param>
    /// <param name="room">Where the result goes, if it has the right length and isn't the volume; otherwise it gets an array of its own.</param>
    public static T[] Along<T>(T[] values, int[] sides, int axis, AxisMap map, T[]? room = null) where T : struct, IFloatingPoint<T>
    {
        if (map.IsIdentity) return values;
        var inner = 1;
        for (var after = axis + 1; after < sides.Length; after++) inner *= sides[after];
        var lines = values.Length / map.From;
        var result = room?.Length == lines * map.To && room != values ? room : new T[checked(lines * map.To)];
        var margin = map.IsSpline ? AxisMap.Margin : 0;

        Parallel.For(0, (lines + LinesAtOnce - 1) / LinesAtOnce, () => new double[(map.From + 2 * margin) * LinesAtOnce], (block, _, buffer) =>
        {
            var first = block * LinesAtOnce;
            var count = Math.Min(LinesAtOnce, lines - first);
            Read(first, count, buffer.AsSpan(margin * LinesAtOnce));
            if (map.IsSpline) Spline(buffer);
            Write(first, count, buffer);
            return buffer;
        }, _ => { });
        return result;

        void Read(int first, int count, Span<double> buffer)
        {
            for (var line = 0; line < count; line++)
            {
                var at = (first + line) / inner * map.From * inner + (first + line) % inner;
                for (var place = 0; place < map.From; place++) buffer[place * LinesAtOnce + line] = double.CreateTruncating(values[at + place * inner]);
            }
        }

        void Spline(Span<double> buffer)
        {
            var start = buffer.Slice(margin * LinesAtOnce, LinesAtOnce);
            var end = buffer.Slice((margin + map.From - 1) * LinesAtOnce, LinesAtOnce);
            for (var place = 0; place < margin; place++)
            {
                start.CopyTo(buffer[(place * LinesAtOnce)..]);
                end.CopyTo(buffer[((margin + map.From + place) * LinesAtOnce)..]);
            }
            SplineFilter.Apply(buffer, map.From + 2 * margin, LinesAtOnce);
        }

        void Write(int first, int count, ReadOnlySpan<double> buffer)
        {
            Span<double> sum = stackalloc double[LinesAtOnce];
            for (var place = 0; place < map.To; place++)
            {
                sum.Clear();
                var weights = map.Weights(place);
                for (var tap = 0; tap < weights.Length; tap++)
                {
                    var from = buffer.Slice((map.First(place) + (map.From > 1 || map.IsSpline ? tap : 0)) * LinesAtOnce, LinesAtOnce);
                    for (var at = 0; at < LinesAtOnce; at += Vector<double>.Count) (new Vector<double>(sum[at..]) + new Vector<double>(from[at..]) * weights[tap]).CopyTo(sum[at..]);
                }
                for (var line = 0; line < count; line++) result[(first + line) / inner * map.To * inner + (first + line) % inner + place * inner] = T.CreateTruncating(sum[line]);
            }
        }
    }
}
