namespace UNetFamily;

/// <summary>How the weights of a fresh network are drawn. A choice, applied once by the network's constructor.</summary>
public abstract record Initialization
{
    private protected Initialization()
    {
    }

    /// <summary>PyTorch's defaults: uniform by fan-in for convolutions and linear layers, ones and zeros for norms.</summary>
    public static Initialization Default { get; } = new DefaultKind();

    /// <summary>
    /// Normal with a standard deviation of sqrt(2 / ((1 + slope²) fan-in)) and zero biases for every convolution, transposed ones included (He et al., 2015).
    /// </summary>
    /// <param name="slope">The negative slope of the activation that follows: 0 for ReLU (the U-Net paper), 0.01 for nnU-Net.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not finite.</exception>
    public static Initialization He(double slope = 0) => new HeKind(Choice.Finite(slope));

    /// <summary>
    /// That of nnU-Net's trainer: <see cref="He"/> with a slope of 0.01 and, in residual blocks, zeros in the last norm before the sum, so that a fresh block
    /// passes its input through (<c>initialization/weight_init.py</c> of MIC-DKFZ/dynamic-network-architectures).
    /// </summary>
    public static Initialization NnUNet { get; } = new NnUNetKind();

    /// <summary>
    /// <see cref="He"/> with a slope of 0 for the weights of convolutions, whose biases keep PyTorch's default, and scales of norms normal around 1 with a standard deviation of 0.02: the original code of
    /// Attention U-Net's authors and of UNet 3+.
    /// </summary>
    public static Initialization HeWithNoisyNorms { get; } = new NoisyNormsKind();

    internal abstract void Apply(nn.Module network);

    private sealed record DefaultKind : Initialization
    {
        internal override void Apply(nn.Module network)
        {
        }

        public override string ToString() => "Default";
    }

    private sealed record HeKind(double Slope) : Initialization
    {
        internal override void Apply(nn.Module network)
        {
            using var noGradient = no_grad();
            foreach (var conv in network.modules().OfType<Convolution>())
            {
                init.kaiming_normal_(conv.weight, Slope);
                if (conv.bias is { } bias) init.zeros_(bias);
            }
        }

        public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"He({Slope})");
    }

    private sealed record NnUNetKind : Initialization
    {
        internal override void Apply(nn.Module network)
        {
            He(0.01).Apply(network);
            using var noGradient = no_grad();
            foreach (var parameter in network.modules().OfType<IResidualBlock>().SelectMany(block => block.Last.Norm.parameters())) init.zeros_(parameter);
        }

        public override string ToString() => "NnUNet";
    }

    private sealed record NoisyNormsKind : Initialization
    {
        internal override void Apply(nn.Module network)
        {
            using var noGradient = no_grad();
            foreach (var conv in network.modules().OfType<Convolution>()) init.kaiming_normal_(conv.weight, 0);
            foreach (var norm in network.modules().OfType<NormBase>().Where(norm => norm.affine)) init.normal_(norm.weight, 1, 0.02);
        }

        public override string ToString() => "HeWithNoisyNorms";
    }
}
