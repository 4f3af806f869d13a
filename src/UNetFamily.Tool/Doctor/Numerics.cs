using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace UNetFamily.Tool;

/// <summary>Whether forward and backward passes give the numbers that they must.</summary>
internal static class Numerics
{
    public static IEnumerable<Finding> Examine()
    {
        using var scope = NewDisposeScope();
        if (Refusal() is { } refusal) yield return refusal;
        yield return ConvolutionByHand(ScalarType.Float32);
        yield return ConvolutionByHand(ScalarType.Float64);
        yield return SmallNetwork();
    }

    // Making a layer of the library mends convolutions where libtorch knows too little of the processor, or says what to do.
    private static Finding? Refusal()
    {
        try
        {
            SpatialDims.Two.Conv(1, 1, kernel: 1).Dispose();
            return null;
        }
        catch (PlatformNotSupportedException e)
        {
            return new("Convolutions", "wrong on this machine", Verdict.Wrong, e.Message);
        }
    }

    /// <summary>
    /// A 3x3 image of ones under a 3x3 kernel of ones, padded by one: each output counts the neighbours inside the image, and by symmetry so do
    /// both gradients of the outputs' sum.
    /// </summary>
    private static Finding ConvolutionByHand(ScalarType type)
    {
        using var scope = NewDisposeScope();
        double[] neighbours = [4, 6, 4, 6, 9, 6, 4, 6, 4];
        var image = ones([1, 1, 3, 3], type, requires_grad: true);
        var kernel = ones([1, 1, 3, 3], type, requires_grad: true);

        var output = functional.conv2d(image, kernel, padding: [1, 1]);
        output.sum().backward();

        var right = Numbers(output).SequenceEqual(neighbours) && Numbers(image.grad!).SequenceEqual(neighbours) && Numbers(kernel.grad!).SequenceEqual(neighbours);
        return Judge($"Convolution, {type}", right, "outputs and gradients as counted by hand");
    }

    /// <summary>The layers that U-Nets are made of, in float32 against the same weights in float64.</summary>
    private static Finding SmallNetwork()
    {
        using var scope = NewDisposeScope();
        var image = Random(2, 3, 16, 20);
        var single = Run(image, ScalarType.Float32);
        var exact = Run(image, ScalarType.Float64);
        var error = single.Zip(exact, Error).Max();
        return Judge("Small network", error < 1e-4, $"float32 is within {error:0.0e+0} of float64, forward and backward");
    }

    private static List<Tensor> Run(Tensor image, ScalarType type)
    {
        random.manual_seed(1);
        var network = Sequential(
            ("conv", Conv2d(3, 20, 3, padding: 1, bias: false)),
            ("norm", BatchNorm2d(20)),
            ("act", LeakyReLU(0.1)),
            ("pool", MaxPool2d(2)),
            ("up", ConvTranspose2d(20, 4, 2, stride: 2)),
            ("head", Conv2d(4, 2, 1)));
        network.to(type);
        var input = image.to(type).detach().requires_grad_(true);

        var output = network.call(input);
        output.square().sum().backward();
        return [output, input.grad!, .. network.parameters().Select(parameter => parameter.grad!)];
    }

    private static Finding Judge(string subject, bool right, string value) => right
        ? new(subject, value, Verdict.Right)
        : new(subject, value, Verdict.Wrong, "this libtorch computes wrong numbers: results can't be trusted. Please try another build of it, and report this one.");

    private static Tensor Random(params long[] shape)
    {
        random.manual_seed(2);
        return randn(shape);
    }

    private static double[] Numbers(Tensor tensor) => tensor.to(ScalarType.Float64).contiguous().data<double>().ToArray();

    /// <summary>The largest difference, relative to the largest number.</summary>
    private static double Error(Tensor found, Tensor exact)
    {
        using var scope = NewDisposeScope();
        return (found.to(ScalarType.Float64) - exact).abs().max().ToDouble() / (exact.abs().max().ToDouble() + 1e-30);
    }
}
