namespace UNetFamily.Tool;

/// <summary>
/// The native library that networks compute with, loaded by those verbs that need it and not before, so that the others start at once and work where it does not load.
/// </summary>
internal static class Libtorch
{
    /// <summary>Loads it.</summary>
    /// <exception cref="LibtorchException">It doesn't load.</exception>
    public static void Require()
    {
        try
        {
            Loading.Load();
        }
        catch (Exception problem) when (problem is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            throw new LibtorchException($"TorchSharp's native library or libtorch does not load. `{ToolProgram.Name} doctor` says why, and what helps.", problem);
        }
    }
}

/// <summary>libtorch does not load.</summary>
internal sealed class LibtorchException(string message, Exception cause) : Exception(message, cause);
