namespace UNetFamily;

/// <summary>
/// One step of a flow, with all that is known of it: how it runs on tensors, the shape that comes out, its multiply-accumulates, what autograd keeps for it, and which positions a position comes from.
/// The family is closed; each operation is one file of this folder.
/// </summary>
internal abstract class Operation
{
    /// <summary>What it is called in a graph.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>The layer that computes it; none for arithmetic.</summary>
    public virtual nn.Module? Layer => null;

    /// <summary>What it counts as.</summary>
    public virtual LayerKind Kind => LayerKind.Other;

    /// <summary>Computes it.</summary>
    /// <param name="x">The operands; they stay as they are.</param>
    /// <returns>A fresh handle.</returns>
    public abstract Tensor Run(Tensor[] x);

    /// <summary>The shape that comes out.</summary>
    /// <param name="x">The shapes of the operands, batch first.</param>
    /// <exception cref="ArgumentException">The operands don't fit.</exception>
    public abstract long[] Shape(long[][] x);

    /// <summary>Its multiply-accumulates, biases left out.</summary>
    /// <param name="x">The shapes of the operands.</param>
    /// <param name="y">The shape that comes out.</param>
    public virtual long Macs(long[][] x, long[] y) => 0;

    /// <summary>What it needs of memory beside its result.</summary>
    /// <param name="x">The shapes of the operands.</param>
    /// <param name="y">The shape that comes out.</param>
    /// <param name="mode">How it runs.</param>
    public abstract MemoryUse Memory(long[][] x, long[] y, MemoryMode mode);

    /// <summary>Where positions come from. An operand without fields, as a weight, adds none.</summary>
    /// <param name="fields">Those of the operands.</param>
    /// <param name="x">The shapes of the operands.</param>
    /// <param name="y">The shape that comes out.</param>
    public abstract PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y);

    /// <summary>Whether the result lies in the memory of the first operand.</summary>
    /// <param name="dense">Whether that lies in memory in the order of its axes.</param>
    public virtual bool IsView(bool dense) => false;

    /// <summary>Whether the result may be the first operand as it is, as of dropout in evaluation; <see cref="MemoryUse.PassesThrough"/> says when.</summary>
    public virtual bool MayPassThrough => false;

    /// <summary>Whether the result lies in memory in the order of its axes.</summary>
    public virtual bool IsDense => true;

    /// <summary>Whether it can work on maps with the channels last in memory.</summary>
    public virtual bool TakesChannelsLast => false;

    /// <summary>Whether its layer writes over its operand in any case.</summary>
    /// <param name="recording">Whether gradients are recorded.</param>
    public virtual bool Overwrites(bool recording) => false;

    /// <summary>Whether it can be told to write its result over an operand that nobody else needs.</summary>
    public virtual bool CanOverwrite(int operand) => false;

    /// <summary>Computes it over an operand.</summary>
    /// <param name="x">The operands.</param>
    /// <param name="operand">Which one to write over.</param>
    /// <returns>That operand.</returns>
    public virtual Tensor Overwrite(Tensor[] x, int operand) => throw new NotSupportedException();

    /// <summary>Why it must not run with batches of this shape, before anything is changed; null when it may.</summary>
    public virtual string? Problem(long[][] x) => null;
}
