namespace UNetFamily;

/// <summary>Parameters of the library's own layers.</summary>
internal static class Weight
{
    /// <summary>A parameter that belongs to its module, as those of TorchSharp's layers do, and not to the dispose scope in which the module happens to be built.</summary>
    /// <param name="start">What it is before training.</param>
    public static Parameter Of(Tensor start) => (Parameter)Parameter(start).DetachFromDisposeScope();
}
