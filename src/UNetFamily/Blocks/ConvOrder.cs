namespace UNetFamily;

/// <summary>What follows the convolution of a <see cref="ConvNormAct"/> first.</summary>
public enum ConvOrder
{
    /// <summary>conv → norm → activation.</summary>
    ConvNormAct,

    /// <summary>conv → activation → norm: <c>nonlin_first</c> of nnU-Net's networks.</summary>
    ConvActNorm,
}
