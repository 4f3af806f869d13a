using System.Globalization;

namespace UNetFamily;

/// <summary>Which activation follows a convolution or its norm. A choice, not a layer: <see cref="Build"/> makes the layer.</summary>
public abstract record Activation
{
    private protected Activation()
    {
    }

    /// <summary>No activation.</summary>
    public static Activation None { get; } = new PlainKind(nameof(None), _ => Identity());

    /// <summary>max(0, x).</summary>
    public static Activation ReLU { get; } = new PlainKind(nameof(ReLU), nn.ReLU);

    /// <summary>min(max(0, x), 6).</summary>
    public static Activation ReLU6 { get; } = new PlainKind(nameof(ReLU6), nn.ReLU6);

    /// <summary>x * Phi(x), the exact form with the error function.</summary>
    public static Activation GELU { get; } = new PlainKind(nameof(GELU), inPlace => inPlace ? new OverwritingGELU() : nn.GELU());

    /// <summary>x * Phi(x), approximated with tanh.</summary>
    public static Activation GELUTanh { get; } = new PlainKind(nameof(GELUTanh), _ => nn.GELU(TorchSharp.Modules.GELU.Approximate.tanh));

    /// <summary>x * sigmoid(x), also called swish.</summary>
    public static Activation SiLU { get; } = new PlainKind(nameof(SiLU), nn.SiLU);

    /// <summary>x * tanh(log(1 + exp(x))).</summary>
    public static Activation Mish { get; } = new PlainKind(nameof(Mish), _ => nn.Mish());

    /// <summary>The exponential linear unit with the scales that keep mean and variance (Klambauer et al., 2017).</summary>
    public static Activation SELU { get; } = new PlainKind(nameof(SELU), nn.SELU);

    /// <summary>x * min(max(0, x + 3), 6) / 6.</summary>
    public static Activation Hardswish { get; } = new PlainKind(nameof(Hardswish), nn.Hardswish);

    /// <summary>1 / (1 + exp(-x)).</summary>
    public static Activation Sigmoid { get; } = new PlainKind(nameof(Sigmoid), nn.Sigmoid);

    /// <summary>The hyperbolic tangent.</summary>
    public static Activation Tanh { get; } = new PlainKind(nameof(Tanh), nn.Tanh);

    /// <summary>x where positive, <paramref name="slope"/> * x elsewhere.</summary>
    /// <param name="slope">The slope for negative values; nnU-Net uses 0.01.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not finite.</exception>
    public static Activation LeakyReLU(double slope = 0.01) => new LeakyReLUKind(Choice.Finite(slope));

    /// <summary>x where positive, a * x elsewhere, where the one number a is learned (He et al., 2015).</summary>
    /// <param name="slope">The value of a before training.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not finite.</exception>
    public static Activation PReLU(double slope = 0.25) => new PReLUKind(Choice.Finite(slope));

    /// <summary>x where positive, <paramref name="alpha"/> * (exp(x) - 1) elsewhere.</summary>
    /// <param name="alpha">Minus the limit for large negative values.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not finite.</exception>
    public static Activation ELU(double alpha = 1) => new ELUKind(Choice.Finite(alpha));

    /// <summary>Makes the layer.</summary>
    /// <param name="inPlace">
    /// Whether it may overwrite its input. That is right directly after a convolution or a norm, whose gradients don't need their own output,
    /// and saves one map of memory. GELU, whose own gradient needs the input, does so only where none is recorded; PReLU never does, nor do ELU and Mish, which TorchSharp gets wrong in place.
    /// </param>
    public abstract Module<Tensor, Tensor> Build(bool inPlace = false);

    private static string Print(string name, double number) => string.Create(CultureInfo.InvariantCulture, $"{name}({number})");

    private sealed record PlainKind(string Name, Func<bool, Module<Tensor, Tensor>> Make) : Activation
    {
        public override Module<Tensor, Tensor> Build(bool inPlace) => Make(inPlace);

        public override string ToString() => Name;
    }

    private sealed record LeakyReLUKind(double Slope) : Activation
    {
        public override Module<Tensor, Tensor> Build(bool inPlace) => nn.LeakyReLU(Slope, inPlace);

        public override string ToString() => Print("LeakyReLU", Slope);
    }

    private sealed record PReLUKind(double Slope) : Activation
    {
        public override Module<Tensor, Tensor> Build(bool inPlace) => nn.PReLU(num_parameters: 1, Slope);

        public override string ToString() => Print("PReLU", Slope);
    }

    private sealed record ELUKind(double Alpha) : Activation
    {
        public override Module<Tensor, Tensor> Build(bool inPlace) => nn.ELU(Alpha);

        public override string ToString() => Print("ELU", Alpha);
    }
}
