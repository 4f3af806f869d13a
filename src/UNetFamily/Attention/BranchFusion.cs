namespace UNetFamily;

/// <summary>How <see cref="EfficientPairedAttention"/> joins its spatial and its channel branch.</summary>
public enum BranchFusion
{
    /// <summary>Each branch is projected to half of the channels, and the halves are concatenated, the spatial one first: the published code's for Synapse, ACDC and Lung.</summary>
    Concat,

    /// <summary>The branches are added, without projections: the published code's for Tumor.</summary>
    Sum,
}
