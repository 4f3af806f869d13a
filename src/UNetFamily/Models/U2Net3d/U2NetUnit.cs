namespace UNetFamily;

/// <summary>
/// The network's convolution in its four forms (<c>conv_unit</c> of the original, stride 1). The separable one is always 3 wide: the original ignores the kernel
/// that it is given there.
/// </summary>
internal static class U2NetUnit
{
    public static DomainAdapter Build(U2Net3dOptions options, long from, long to, int kernel = 3)
    {
        var (dims, adapter) = (options.SpatialDims, options.Adapter);
        var shared = dims.Conv(from, to, kernel: adapter is AdapterKind.Separable ? 1 : kernel);
        return new DomainAdapter(dims, shared, from, to, options.Names, adapter);
    }

    public static Module<Tensor, Tensor> Activation() => UNetFamily.Activation.LeakyReLU().Build(inPlace: true);
}
