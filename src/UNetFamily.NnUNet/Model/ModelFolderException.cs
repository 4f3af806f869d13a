namespace UNetFamily.NnUNet;

/// <summary>A folder is no model that nnU-Net trained, or one that this library can't run exactly. Nothing was loaded.</summary>
public sealed class ModelFolderException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="path">The file or folder that has the problem.</param>
    /// <param name="reason">What is wrong, as sentences.</param>
    /// <param name="inner">What caused it, if anything did.</param>
    public ModelFolderException(string path, string reason, Exception? inner = null) : base($"{path}: {reason}", inner) => (Path, Reason) = (path, reason);

    /// <summary>The file or folder.</summary>
    public string Path { get; }

    /// <summary>What is wrong.</summary>
    public string Reason { get; }
}
