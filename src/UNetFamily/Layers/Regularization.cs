using System.Globalization;

namespace UNetFamily;

/// <summary>Which dropout follows a convolution. A choice, not a layer: <see cref="Build"/> makes the layer. In evaluation all of them do nothing.</summary>
public abstract record Regularization
{
    private protected Regularization()
    {
    }

    /// <summary>No dropout.</summary>
    public static Regularization None { get; } = new NoneKind();

    /// <summary>Each number is zeroed with a probability, and the rest scaled up (Srivastava et al., 2014).</summary>
    /// <param name="probability">The probability, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside 0 to 1.</exception>
    public static Regularization Dropout(double probability) => new DropoutKind(Checked(probability));

    /// <summary>Each channel of each sample is zeroed with a probability, and the rest scaled up: <c>Dropout2d</c> and <c>Dropout3d</c> (Tompson et al., 2015).</summary>
    /// <param name="probability">The probability, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside 0 to 1.</exception>
    public static Regularization ChannelDropout(double probability) => new ChannelDropoutKind(Checked(probability));

    /// <summary>Dropout that keeps mean and variance, for <see cref="Activation.SELU"/> (Klambauer et al., 2017).</summary>
    /// <param name="probability">The probability, 0 to below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The probability is outside 0 to 1.</exception>
    public static Regularization AlphaDropout(double probability) => new AlphaDropoutKind(Checked(probability));

    /// <summary>Makes the layer.</summary>
    /// <param name="dims">The rank of the network.</param>
    public abstract Module<Tensor, Tensor> Build(SpatialDims dims);

    private static double Checked(double probability) => probability is >= 0 and <= 1
        ? probability
        : throw new ArgumentOutOfRangeException(nameof(probability), Choice.Text(probability), "A probability is 0 to 1.");

    private static string Print(string name, double probability) => string.Create(CultureInfo.InvariantCulture, $"{name}({probability})");

    private sealed record NoneKind : Regularization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims) => Identity();

        public override string ToString() => "None";
    }

    private sealed record DropoutKind(double Probability) : Regularization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims) => nn.Dropout(Probability);

        public override string ToString() => Print("Dropout", Probability);
    }

    private sealed record ChannelDropoutKind(double Probability) : Regularization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims) => dims.ChannelDropout(Probability);

        public override string ToString() => Print("ChannelDropout", Probability);
    }

    private sealed record AlphaDropoutKind(double Probability) : Regularization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims) => nn.AlphaDropout(Probability);

        public override string ToString() => Print("AlphaDropout", Probability);
    }
}
