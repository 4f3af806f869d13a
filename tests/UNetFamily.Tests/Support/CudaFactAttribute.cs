namespace UNetFamily.Tests;

/// <summary>A test that needs a GPU; without one it is skipped, and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute()
    {
        if (!cuda.is_available()) Skip = "There is no GPU that libtorch can use.";
    }
}
