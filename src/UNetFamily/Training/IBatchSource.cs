namespace UNetFamily;

/// <summary>
/// Batches without end, of which each depends on nothing but the seed and its number: a training that was interrupted goes on with the batches that it would have seen.
/// </summary>
public interface IBatchSource
{
    /// <summary>The batches from a number on.</summary>
    /// <param name="step">The number of the first batch, 0 for the beginning.</param>
    /// <param name="cancellation">Ends the enumeration with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Batches for ever; whoever enumerates disposes each.</returns>
    IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default);
}
