namespace UNetFamily;

/// <summary>How an encoder goes from one level to the next.</summary>
public enum Downsampling
{
    /// <summary>Max pooling, then convolutions: U-Net, UNet++.</summary>
    MaxPool,

    /// <summary>The first convolution of the level has a stride: nnU-Net.</summary>
    StridedConv,
}
