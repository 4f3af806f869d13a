namespace UNetFamily;

/// <summary>A network's buffers, such as running statistics, as they were before a step: a forward pass in training mode changes them, and a step that is refused must not.</summary>
internal sealed class BufferCopy
{
    private readonly (string Name, Tensor Buffer, Tensor Before)[] copies;

    /// <summary>Copies them; the copies belong to the current scope.</summary>
    public BufferCopy(nn.Module network) => copies = [.. network.named_buffers().Select(entry => (entry.name, entry.buffer, entry.buffer.detach().clone()))];

    /// <summary>The first buffer that is not finite now.</summary>
    /// <returns>Its name and one of its numbers that isn't; null when all are finite.</returns>
    public (string Name, double Value)? FirstNonFinite()
    {
        using var scope = NewDisposeScope();
        var floats = copies.Where(copy => copy.Buffer.is_floating_point()).ToArray();
        // One answer for all: on a GPU the host waits for each.
        if (floats.Length == 0 || double.IsFinite(floats.Select(copy => copy.Buffer.sum()).Aggregate((sum, one) => sum + one).ToDouble())) return null;
        foreach (var (name, buffer, _) in floats)
            if (NonFinite.FirstIn(buffer) is { } place) return (name, NonFinite.At(buffer, place));
        return null;
    }

    /// <summary>Puts them back.</summary>
    public void Restore()
    {
        using var noGradient = no_grad();
        foreach (var (_, buffer, before) in copies) buffer.copy_(before);
    }
}
