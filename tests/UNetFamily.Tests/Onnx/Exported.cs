namespace UNetFamily.Tests.Onnx;

/// <summary>Networks whose every part counts, and what their files give beside what they give.</summary>
internal static class Exported
{
    /// <summary>Random weights, scales, shifts and statistics, so that no norm is trivial and no bias is nothing.</summary>
    public static T Filled<T>(T model, int seed = 1) where T : nn.Module
    {
        manual_seed(seed);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in model.named_parameters())
        {
            // Of one axis: scales, slopes and biases.
            if (parameter.dim() > 1) continue;
            if (name.EndsWith("bias", StringComparison.Ordinal)) parameter.copy_(randn_like(parameter) * 0.1);
            else parameter.copy_(0.5 + rand_like(parameter));
        }
        foreach (var (name, buffer) in model.named_buffers())
        {
            if (name.EndsWith("running_mean", StringComparison.Ordinal)) buffer.copy_(randn_like(buffer) * 0.1);
            if (name.EndsWith("running_var", StringComparison.Ordinal)) buffer.copy_(0.5 + rand_like(buffer));
        }
        return model;
    }

    /// <summary>Compares the file with the network for one batch; the tolerance is relative to the largest number.</summary>
    public static void Compare(SegmentationModel model, string path, long[] shape, double tolerance = 1e-4, Func<Tensor, Tensor>? end = null, string? output = null, int map = 0)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var network = OnnxNetwork.FromFile(path, new OnnxRunOptions { Threads = 1, Output = output });
        model.eval();
        var input = randn(shape);
        var expected = model.call(input).FinestFirst[map];
        expected = (end?.Invoke(expected) ?? expected).to(ScalarType.Float32);
        var actual = network.Predict(input);
        var largest = expected.abs().max().to(ScalarType.Float64).ToDouble();
        largest.Should().BeGreaterThan(1e-3, "an output of nothing proves nothing");
        TensorAssert.Close(actual, expected, tolerance * largest, $"the output for ({string.Join(", ", shape)})");
    }
}
