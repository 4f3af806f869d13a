namespace UNetFamily.NnUNet;

/// <summary>Reads windows from channels in arrays.</summary>
/// <param name="channels">The numbers of each channel, the last axis fastest.</param>
/// <param name="sides">The three sides.</param>
internal sealed class ArraySource(IReadOnlyList<float[]> channels, ValueList<int> sides) : IImageSource
{
    public ValueList<long> Shape { get; } = [channels.Count, .. sides.Select(side => (long)side)];

    public void Read(ReadOnlySpan<long> start, Tensor box)
    {
        int[] size = [.. box.shape[1..].Select(side => (int)side)];
        int[] from = [(int)start[0], (int)start[1], (int)start[2]];
        var values = new float[size[0] * size[1] * size[2]];
        foreach (var (number, channel) in channels.Index())
        {
            using var scope = NewDisposeScope();
            for (var row = 0; row < size[0]; row++)
                for (var line = 0; line < size[1]; line++)
                    channel.AsSpan(((row + from[0]) * sides[1] + line + from[1]) * sides[2] + from[2], size[2]).CopyTo(values.AsSpan((row * size[1] + line) * size[2]));
            box.select(0, number).copy_(tensor(values).view(box.shape[1..]));
        }
    }
}
