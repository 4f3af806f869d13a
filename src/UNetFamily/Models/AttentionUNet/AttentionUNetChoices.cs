namespace UNetFamily;

/// <summary>What an Attention U-Net does with its skips.</summary>
public enum SkipAttention
{
    /// <summary>They go on as they are: the baseline.</summary>
    None,

    /// <summary>An <see cref="AttentionGate"/> on every skip; the signal is the raised map that the skip will be joined with.</summary>
    Additive,

    /// <summary>A <see cref="GridAttentionGate"/> on every skip but the finest; the signal is the map from below, before it is raised.</summary>
    Grid,
}

/// <summary>How the decoder of an Attention U-Net raises a map to the next finer level.</summary>
public enum AttentionUpsampling
{
    /// <summary>Values are repeated; a 3x3 convolution with norm and ReLU follows, which changes the channels.</summary>
    NearestConv,

    /// <summary>A transposed convolution with norm and ReLU, which changes the channels.</summary>
    TransposedConv,

    /// <summary>Linear interpolation, not with aligned corners; the channels stay.</summary>
    Linear,
}

/// <summary>What a level of an Attention U-Net consists of.</summary>
public enum AttentionUNetUnit
{
    /// <summary>A <see cref="UNetFamily.DoubleConv"/>.</summary>
    DoubleConv,

    /// <summary>A <see cref="RecurrentResidualBlock"/>: R2 Attention U-Net.</summary>
    RecurrentResidual,
}

/// <summary>What follows where the decoder of an Attention U-Net joins skip and raised map.</summary>
public enum AttentionMerge
{
    /// <summary>The unit of the network's levels.</summary>
    Unit,

    /// <summary>One convolution, an instance norm that learns nothing, and PReLU: MONAI's form.</summary>
    SingleConv,
}
