namespace UNetFamily.NnUNet;

/// <summary>Reads windows from channels in arrays.</summary>
/// <param name="channels">The numbers of each channel, the last axis fastest.</param>
/// <param name="size">Their grid.</param>
internal sealed class ArraySource(IReadOnlyList<float[]> channels, VolumeSize size) : IImageSource
{
    private float[] values = [];

    public ValueList<long> Shape { get; } = [channels.Count, size.Z, size.Y, size.X];

    public void Read(ReadOnlySpan<long> start, Tensor box)
    {
        int[] sides = [.. box.shape[1..].Select(side => (int)side)];
        int[] from = [(int)start[0], (int)start[1], (int)start[2]];
        if (values.Length != sides[0] * sides[1] * sides[2]) values = new float[sides[0] * sides[1] * sides[2]];
        foreach (var (number, channel) in channels.Index())
        {
            using var scope = NewDisposeScope();
            for (var row = 0; row < sides[0]; row++)
                for (var line = 0; line < sides[1]; line++)
                    channel.AsSpan(((row + from[0]) * size.Y + line + from[1]) * size.X + from[2], sides[2]).CopyTo(values.AsSpan((row * sides[1] + line) * sides[2]));
            box.select(0, number).copy_(tensor(values).view(box.shape[1..]));
        }
    }
}
