namespace UNetFamily.Samples.BrainSegmentation.Report;

/// <summary>Progress that is told where it is made; <see cref="Progress{T}"/> tells it later, on another thread.</summary>
internal sealed class ImmediateProgress<T>(Action<T> tell) : IProgress<T>
{
    void IProgress<T>.Report(T value) => tell(value);
}
