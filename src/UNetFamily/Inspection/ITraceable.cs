namespace UNetFamily;

/// <summary>
/// A module that can follow a shape through itself without computing: what it returns is the shape that <c>forward</c> would give, and each layer
/// on the way is reported to the tracer. A block of your own implements it to take part in <see cref="ModelInspection.Summary(SegmentationModel, ReadOnlySpan{long})"/>.
/// </summary>
public interface ITraceable
{
    /// <summary>
    /// Follows a shape through the module; mirrors <c>forward</c>. Layers go through <see cref="Tracer.Through(TensorShape, ReadOnlySpan{nn.Module})"/>, concatenations through <see cref="Tracer.Concatenated"/>, sums through
    /// <see cref="Tracer.Summed"/>; a sum that isn't reported is missing in memory and receptive field.
    /// </summary>
    /// <param name="tracer">Takes the layers in order.</param>
    /// <param name="input">The shape that comes in.</param>
    /// <returns>The shape that goes out.</returns>
    TensorShape Trace(Tracer tracer, TensorShape input);
}
