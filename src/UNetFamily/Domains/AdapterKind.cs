namespace UNetFamily;

/// <summary>How a domain's own layers stand to the stage that all domains share. A norm for each domain can follow in any of them.</summary>
public enum AdapterKind
{
    /// <summary>No layers but the norm: <c>stage(x)</c>.</summary>
    None,

    /// <summary>
    /// The stage is the pointwise half of a separable convolution, and each domain has its own depthwise half before it, 3 wide, with norm and activation:
    /// <c>stage(activation(norm(depthwise(x))))</c> (Huang et al., 2019).
    /// </summary>
    Separable,

    /// <summary>A 1x1 convolution after the stage, in a residual: <c>y + conv(norm(y))</c>, y = <c>stage(x)</c> (Rebuffi et al., 2017).</summary>
    Series,

    /// <summary>A 1x1 convolution beside the stage: <c>stage(x) + conv(x)</c> (Rebuffi et al., 2018).</summary>
    Parallel,
}
