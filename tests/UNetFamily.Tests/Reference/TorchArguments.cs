using System.Text.Json;

namespace UNetFamily.Tests.Reference;

/// <summary>Our choices for classes of <c>torch.nn</c> with their keyword arguments; what these leave out has PyTorch's default.</summary>
internal static class TorchArguments
{
    public static SpatialDims Dims(string? convolution) => convolution switch
    {
        "Conv2d" => SpatialDims.Two,
        "Conv3d" => SpatialDims.Three,
        _ => throw new NotSupportedException($"The convolution {convolution} is unknown."),
    };

    public static Normalization Norm(string? name, JsonElement? given)
    {
        var eps = given.Number("eps", 1e-5);
        return name switch
        {
            null => Normalization.None,
            "BatchNorm2d" or "BatchNorm3d" => Normalization.BatchWith(eps, Momentum(), given.Flag("affine", true), given.Flag("track_running_stats", true)),
            "InstanceNorm2d" or "InstanceNorm3d" => Normalization.InstanceWith(eps, given.Number("momentum", 0.1), given.Flag("affine"), given.Flag("track_running_stats")),
            _ => throw new NotSupportedException($"The norm {name} is unknown."),
        };

        // None is a value here: every batch counts the same.
        double? Momentum() => given is { } named && named.TryGetProperty("momentum", out var momentum) ? momentum.ValueKind is JsonValueKind.Null ? null : momentum.GetDouble() : 0.1;
    }

    public static Regularization Dropout(string? name, JsonElement? given)
    {
        var probability = given.Number("p", 0.5);
        return name switch
        {
            null => Regularization.None,
            "Dropout" => Regularization.Dropout(probability),
            "Dropout2d" or "Dropout3d" => Regularization.ChannelDropout(probability),
            "AlphaDropout" => Regularization.AlphaDropout(probability),
            _ => throw new NotSupportedException($"The dropout {name} is unknown."),
        };
    }

    public static Activation Activation(string? name, JsonElement? given) => name switch
    {
        null or "Identity" => UNetFamily.Activation.None,
        "ReLU" => UNetFamily.Activation.ReLU,
        "ReLU6" => UNetFamily.Activation.ReLU6,
        "LeakyReLU" => UNetFamily.Activation.LeakyReLU(given.Number("negative_slope", 0.01)),
        "PReLU" => UNetFamily.Activation.PReLU(given.Number("init", 0.25)),
        "ELU" => UNetFamily.Activation.ELU(given.Number("alpha", 1)),
        "GELU" => given.Given("approximate")?.GetString() == "tanh" ? UNetFamily.Activation.GELUTanh : UNetFamily.Activation.GELU,
        "SELU" => UNetFamily.Activation.SELU,
        "SiLU" => UNetFamily.Activation.SiLU,
        "Mish" => UNetFamily.Activation.Mish,
        "Hardswish" => UNetFamily.Activation.Hardswish,
        "Sigmoid" => UNetFamily.Activation.Sigmoid,
        "Tanh" => UNetFamily.Activation.Tanh,
        _ => throw new NotSupportedException($"The activation {name} is unknown."),
    };
}
