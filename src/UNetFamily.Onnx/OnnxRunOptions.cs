using Microsoft.ML.OnnxRuntime;

namespace UNetFamily;

/// <summary>How an ONNX file is run.</summary>
public sealed record OnnxRunOptions
{
    /// <summary>
    /// Where it runs, by the names of ONNX Runtime's execution providers, the preferred first: <c>cpu</c>, <c>cuda</c>, <c>tensorrt</c>, <c>directml</c>, <c>coreml</c>, <c>openvino</c> and so on. Which there are depends on the
    /// native package that the application references; what a provider can't do runs on the processor.
    /// </summary>
    /// <value><c>cpu</c>.</value>
    public ValueList<string> ExecutionProviders { get; init; } = ["cpu"];

    /// <summary>The number of the GPU, where there are several.</summary>
    /// <value>0.</value>
    public int Device { get; init; }

    /// <summary>How many threads one call uses.</summary>
    /// <value>0: ONNX Runtime's choice, one for each core.</value>
    public int Threads { get; init; }

    /// <summary>The output that counts.</summary>
    /// <value>null: the first of the file.</value>
    public string? Output { get; init; }

    /// <summary>Changes ONNX Runtime's own settings, after everything else was set.</summary>
    /// <value>null: they stay.</value>
    public Action<SessionOptions>? Configure { get; init; }
}
