namespace UNetFamily;

/// <summary>
/// What a module (signal, skip) → gated skip adds so that networks with it can be inspected: it follows both shapes through itself. See <see cref="ITraceable"/>.
/// </summary>
public interface ISkipGate
{
    /// <summary>Follows both shapes through the gate; mirrors <c>forward</c>.</summary>
    /// <param name="tracer">Takes the layers in order.</param>
    /// <param name="signal">The shape of the decoder's map.</param>
    /// <param name="skip">The shape of the skip.</param>
    /// <returns>The shape of the gated skip.</returns>
    TensorShape Trace(Tracer tracer, TensorShape signal, TensorShape skip);
}
