namespace UNetFamily.Tests.Checkpoints;

/// <summary>Tests that write files and make tensors: both are gone after each.</summary>
public abstract class FileTests : IDisposable
{
    private protected readonly TestFiles.Folder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
