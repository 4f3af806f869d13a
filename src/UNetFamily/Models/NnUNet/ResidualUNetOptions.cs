namespace UNetFamily;

/// <summary>The choices of <see cref="ResidualUNet"/>, named as the keyword arguments of the original.</summary>
public sealed record ResidualUNetOptions : NnUNetResidualOptions
{
    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [NnUNetKeyMaps.Residual(this)];

    /// <inheritdoc/>
    public override ResidualUNet Build() => new(this);
}
