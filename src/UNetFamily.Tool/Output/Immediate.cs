namespace UNetFamily.Tool;

/// <summary>Progress that is told where it is made; <see cref="Progress{T}"/> tells it later, on another thread.</summary>
internal sealed class Immediate<T>(Action<T> tell) : IProgress<T>
{
    public void Report(T value) => tell(value);
}
