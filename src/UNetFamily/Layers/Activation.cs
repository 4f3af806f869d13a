using System.Globalization;

namespace UNetFamily;

/// <summary>Which activation follows a convolution or its norm. A choice, not a layer: <see cref="Build"/> makes the layer.</summary>
public abstract record Activation
{
    private protected Activation()
    {
    }

    /// <summary>No activation.</summary>
    public static Activation None { get; } = new NoneKind();

    /// <summary>max(0, x).</summary>
    public static Activation ReLU { get; } = new ReLUKind();

    /// <summary>x * Phi(x), the exact form with the error function.</summary>
    public static Activation GELU { get; } = new GELUKind();

    /// <summary>x where positive, <paramref name="slope"/> * x elsewhere.</summary>
    /// <param name="slope">The slope for negative values; nnU-Net uses 0.01.</param>
    public static Activation LeakyReLU(double slope = 0.01) => new LeakyReLUKind(slope);

    /// <summary>Makes the layer.</summary>
    /// <param name="inPlace">
    /// Whether it may overwrite its input. That is right directly after a convolution or a norm, whose gradients don't need their own output,
    /// and saves one map of memory. GELU never does.
    /// </param>
    public abstract Module<Tensor, Tensor> Build(bool inPlace = false);

    private sealed record NoneKind : Activation
    {
        public override Module<Tensor, Tensor> Build(bool inPlace) => Identity();

        public override string ToString() => "None";
    }

    private sealed record ReLUKind : Activation
    {
        public override Module<Tensor, Tensor> Build(bool inPlace) => nn.ReLU(inPlace);

        public override string ToString() => "ReLU";
    }

    private sealed record GELUKind : Activation
    {
        public override Module<Tensor, Tensor> Build(bool inPlace) => nn.GELU();

        public override string ToString() => "GELU";
    }

    private sealed record LeakyReLUKind(double Slope) : Activation
    {
        public override Module<Tensor, Tensor> Build(bool inPlace) => nn.LeakyReLU(Slope, inPlace);

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"LeakyReLU({Slope})");
    }
}
