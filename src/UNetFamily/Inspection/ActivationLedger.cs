namespace UNetFamily;

/// <summary>Keeps the books on the memory behind the shapes of a trace: what is alive when, and what autograd keeps.</summary>
/// <param name="bytesPerNumber">The size of a number.</param>
internal sealed class ActivationLedger(long bytesPerNumber)
{
    private readonly Dictionary<object, Life> lives = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<TensorShape> made = new(ReferenceEqualityComparer.Instance);
    private readonly List<Life> passing = [];
    private readonly Stack<(bool Holds, List<Life> Held)> blocks = new([(false, [])]);
    private HashSet<Life> kept = new(ReferenceEqualityComparer.Instance);
    private int now;

    /// <summary>Bytes that autograd keeps so far.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>The most that a checkpointed segment keeps while it is computed again.</summary>
    public long RecomputedBytes { get; private set; }

    /// <summary>The largest sum of a layer's input and output.</summary>
    public long LargestLayer { get; private set; }

    public long Bytes(TensorShape shape) => bytesPerNumber * shape.Elements;

    /// <summary>A tensor that someone else owns.</summary>
    public void Borrow(TensorShape input)
    {
        lives[input.Storage] = new Life { IsBorrowed = true };
        made.Add(input);
    }

    /// <summary>Makes sure that a tensor exists: one that no layer was reported to make is made now, from its sources.</summary>
    public void Make(TensorShape shape)
    {
        if (!made.Add(shape)) return;
        foreach (var source in shape.Sources) Make(source);
        var isNew = !lives.ContainsKey(shape.Storage);
        if (isNew) now++;
        foreach (var source in shape.Sources) Use(source, shape);
        if (isNew) Bear(shape);
        else Touch(shape);
    }

    /// <summary>A layer makes a tensor, perhaps in place.</summary>
    /// <param name="inputs">What it reads.</param>
    /// <param name="output">What it makes.</param>
    /// <param name="passing">Bytes that it needs meanwhile.</param>
    public void Compute(ReadOnlySpan<TensorShape> inputs, TensorShape output, long passing = 0)
    {
        foreach (var input in inputs) Make(input);
        now++;
        var sum = Bytes(output);
        foreach (var input in inputs)
        {
            Use(input, output);
            sum += Bytes(input);
        }
        LargestLayer = Math.Max(LargestLayer, sum);
        made.Add(output);
        if (lives.ContainsKey(output.Storage)) Touch(output);
        else Bear(output);
        if (passing > 0) this.passing.Add(new Life { Bytes = passing, Born = now, Last = now });
    }

    /// <summary>Autograd keeps a tensor.</summary>
    public void Keep(TensorShape shape)
    {
        Make(shape);
        var life = lives[shape.Storage];
        if (!life.IsBorrowed && kept.Add(life)) KeptBytes += life.Bytes;
    }

    /// <summary>Autograd keeps some bytes beside the tensors.</summary>
    public void Keep(long bytes) => KeptBytes += bytes;

    /// <summary>A block begins. What it takes lives until it ends; what it makes, too, if it holds it.</summary>
    public void Enter(bool holds) => blocks.Push((holds, []));

    /// <summary>A block ends.</summary>
    public void Leave(ReadOnlySpan<TensorShape> inputs, TensorShape output)
    {
        Make(output);
        foreach (var life in blocks.Pop().Held) life.Last = now;
        foreach (var input in inputs) Touch(input);
        Hold(Touch(output));
    }

    /// <summary>What is kept within is computed again later, one such segment at a time.</summary>
    public TensorShape Recompute(Func<TensorShape> segment)
    {
        var (outerKept, outerBytes) = (kept, KeptBytes);
        (kept, KeptBytes) = (new(outerKept, ReferenceEqualityComparer.Instance), 0);
        var output = segment();
        RecomputedBytes = Math.Max(RecomputedBytes, KeptBytes);
        (kept, KeptBytes) = (outerKept, outerBytes);
        return output;
    }

    /// <summary>The most bytes alive at once.</summary>
    /// <param name="output">The network's output; whatever nothing used is taken for one, too.</param>
    public long PeakBytes(TensorShape output)
    {
        Make(output);
        var change = new long[now + 2];
        foreach (var life in Outputs(output)) life.Last = now;
        foreach (var life in lives.Values.Concat(passing))
        {
            change[life.Born] += life.Bytes;
            change[life.Last + 1] -= life.Bytes;
        }
        var (alive, peak) = (0L, 0L);
        foreach (var step in change) peak = Math.Max(peak, alive += step);
        return peak;
    }

    /// <summary>The bytes of outputs that autograd doesn't keep.</summary>
    public long OutputBytes(TensorShape output)
    {
        Make(output);
        return Outputs(output).Where(life => !kept.Contains(life)).Sum(life => life.Bytes);
    }

    private IEnumerable<Life> Outputs(TensorShape output) => lives.Values.Where(life => life.Uses == 0 || life == lives[output.Storage]);

    private void Bear(TensorShape shape) => Hold(lives[shape.Storage] = new Life { Bytes = Bytes(shape), Born = now, Last = now });

    // Overwriting is not using: what was written in place can still be an output.
    private void Use(TensorShape input, TensorShape output)
    {
        var life = Touch(input);
        if (input.Storage != output.Storage) life.Uses++;
    }

    private Life Touch(TensorShape shape)
    {
        var life = lives[shape.Storage];
        life.Last = now;
        return life;
    }

    private void Hold(Life life)
    {
        if (blocks.Peek().Holds) blocks.Peek().Held.Add(life);
    }

    private sealed class Life
    {
        public long Bytes { get; init; }

        public bool IsBorrowed { get; init; }

        public int Born { get; init; }

        public int Last { get; set; }

        public int Uses { get; set; }
    }
}
