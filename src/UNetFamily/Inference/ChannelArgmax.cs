using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace UNetFamily;

/// <summary>The class of each place from the logits of all classes.</summary>
internal static class ChannelArgmax
{
    /// <summary>
    /// The first of the largest channels; for a single channel, whether it is above 0. Scaling the logits of a place by a positive number changes nothing.
    /// </summary>
    /// <param name="logits">(C, rows, …).</param>
    /// <returns>(rows, …), 8-bit where all labels fit, else 16-bit.</returns>
    public static Tensor Of(Tensor logits)
    {
        var channels = logits.shape[0];
        var type = channels <= byte.MaxValue + 1 ? ScalarType.Byte : ScalarType.Int16;
        using var scope = NewDisposeScope();
        var labels = channels == 1 ? logits.select(0, 0).gt(0).to(type)
            : logits.device_type is DeviceType.CPU && logits.dtype is ScalarType.Float32 ? OnCpu(logits, type)
            : logits.argmax(0).to(type);
        return labels.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Channel by channel over memory as it lies. libtorch's argmax over the first axis takes 25 times as long for 14 channels, more than a small network.
    /// </summary>
    private static Tensor OnCpu(Tensor logits, ScalarType type)
    {
        var result = empty(logits.shape.AsSpan(1), type);
        var count = checked((int)result.numel());
        var label = ArrayPool<int>.Shared.Rent(count);
        try
        {
            Into(logits.shape[0], Channel, label.AsSpan(0, count));
            var bytes = result.bytes;
            if (type is ScalarType.Byte) for (var i = 0; i < count; i++) bytes[i] = (byte)label[i];
            else
            {
                var numbers = MemoryMarshal.Cast<byte, short>(bytes);
                for (var i = 0; i < count; i++) numbers[i] = (short)label[i];
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(label);
        }
        return result;

        ReadOnlySpan<float> Channel(long channel) => MemoryMarshal.Cast<byte, float>(logits.select(0, channel).contiguous().bytes);
    }

    /// <summary>The same on plain memory.</summary>
    /// <param name="channels">How many channels there are.</param>
    /// <param name="channel">The logits of a channel.</param>
    /// <param name="label">Takes the class of each place.</param>
    public static void Into(long channels, ChannelOf channel, Span<int> label)
    {
        var first = channel(0);
        if (channels == 1)
        {
            for (var i = 0; i < label.Length; i++) label[i] = first[i] > 0 ? 1 : 0;
            return;
        }
        var best = ArrayPool<float>.Shared.Rent(label.Length);
        try
        {
            first.CopyTo(best);
            label.Clear();
            for (var number = 1; number < channels; number++) Raise(channel(number), number, best.AsSpan(0, label.Length), label);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(best);
        }
    }

    /// <summary>The logits of a channel, place by place.</summary>
    public delegate ReadOnlySpan<float> ChannelOf(long channel);

    private static void Raise(ReadOnlySpan<float> values, int channel, Span<float> best, Span<int> label)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var bestVectors = MemoryMarshal.Cast<float, Vector<float>>(best);
        var labelVectors = MemoryMarshal.Cast<int, Vector<int>>(label);
        var current = new Vector<int>(channel);
        for (var i = 0; i < vectors.Length; i++)
        {
            var larger = Vector.GreaterThan(vectors[i], bestVectors[i]);
            bestVectors[i] = Vector.ConditionalSelect(larger, vectors[i], bestVectors[i]);
            labelVectors[i] = Vector.ConditionalSelect(larger, current, labelVectors[i]);
        }
        for (var i = vectors.Length * Vector<float>.Count; i < values.Length; i++)
        {
            if (!(values[i] > best[i])) continue;
            best[i] = values[i];
            label[i] = channel;
        }
    }
}
