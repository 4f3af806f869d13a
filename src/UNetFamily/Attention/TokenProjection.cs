namespace UNetFamily;

/// <summary>How <see cref="EfficientPairedAttention"/> projects keys and spatial values from all tokens to a few (E and F in the paper).</summary>
public enum TokenProjection
{
    /// <summary>One linear layer with bias for both: the published code's for Synapse.</summary>
    Shared,

    /// <summary>A linear layer with bias for each: the published code's for ACDC and Lung.</summary>
    Separate,

    /// <summary>One matrix (tokens, projected tokens) for both, without bias: the published code's for Tumor.</summary>
    SharedMatrix,
}
