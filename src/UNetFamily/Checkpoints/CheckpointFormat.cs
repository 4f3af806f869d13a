namespace UNetFamily;

/// <summary>The ways in which files keep weights.</summary>
public enum CheckpointFormat
{
    /// <summary>safetensors: a JSON header and the numbers.</summary>
    Safetensors,

    /// <summary>What <c>torch.save</c> writes since PyTorch 1.6: a zip archive with a pickle and a file for each storage.</summary>
    TorchZip,

    /// <summary>What <c>torch.save</c> wrote before, and still does when asked: a row of pickles, then the storages.</summary>
    TorchLegacy,
}
