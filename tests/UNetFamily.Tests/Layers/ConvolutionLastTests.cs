namespace UNetFamily.Tests.Layers;

/// <summary>Convolutions with the channels last in training: they stay so, with libtorch's numbers.</summary>
public class ConvolutionLastTests
{
    public static TheoryData<string, long[], long, long, int> Cases() => new()
    {
        // kind, sides, from, to, batch
        { "pointwise", [24, 25, 26], 1, 32, 1 },
        { "pointwise", [24, 25, 26], 1, 32, 2 },
        { "pointwise", [4, 4, 4], 64, 128, 1 },
        { "pointwise", [4, 4, 4], 64, 128, 2 },
        { "pointwise", [30, 31, 32], 32, 48, 1 },
        { "pointwise", [40, 50], 3, 16, 2 },
        { "pointwise", [40, 50], 32, 5, 2 },
        { "strided", [9, 8, 7], 32, 64, 1 },
        { "strided", [40, 50], 16, 32, 2 },
        { "transposed", [5, 6, 7], 32, 16, 1 },
        { "transposed", [20, 30, 31], 64, 14, 1 },
        { "dense", [16, 17], 16, 32, 1 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Output_and_gradients_are_those_of_libtorch(string kind, long[] sides, long from, long to, int batch)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var dims = (SpatialDims)sides.Length;
        var conv = kind switch
        {
            "pointwise" => dims.Conv(from, to, kernel: 1),
            "strided" => dims.Conv(from, to, kernel: 1, stride: 2),
            "transposed" => dims.ConvTranspose(from, to, kernel: 1, stride: 2),
            _ => dims.Conv(from, to, kernel: 3),
        };
        var operation = (ConvolutionOperation)KnownLayers.Find(conv)!;
        var input = randn([batch, from, .. sides]).CopyIn(MemoryLayout.ChannelsLast).requires_grad_();

        var output = operation.Run([input]);
        output.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();
        ConvolutionLast.Takes(operation, input).Should().BeTrue();
        var slope = randn(output.shape);
        var found = Gradients(output, slope, input, conv);

        conv.to(ScalarType.Float64);
        var exactInput = input.detach().to(ScalarType.Float64).requires_grad_();
        var exact = conv.call(exactInput);
        TensorAssert.Close(output, exact, 1e-5);
        foreach (var (gradient, wanted) in found.Zip(Gradients(exact, slope.to(ScalarType.Float64), exactInput, conv)))
        {
            var scale = wanted.abs().max();
            TensorAssert.Close(gradient / scale, wanted / scale, 1e-5);
        }
    }

    [Fact]
    public void Gradients_have_gradients()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var conv = SpatialDims.Two.Conv(16, 32, kernel: 1);
        var input = randn([1, 16, 9, 8]).CopyIn(MemoryLayout.ChannelsLast).requires_grad_();
        var found = Penalty(KnownLayers.Find(conv)!.Run([input]), input);
        conv.to(ScalarType.Float64);
        var exact = input.detach().to(ScalarType.Float64).requires_grad_();
        var wanted = Penalty(conv.call(exact), exact);
        TensorAssert.Close(found / wanted.abs().max(), wanted / wanted.abs().max(), 1e-5);

        Tensor Penalty(Tensor output, Tensor x)
        {
            var gradients = autograd.grad([output.pow(3).sum()], [x, conv.bias!], retain_graph: true, create_graph: true);
            return autograd.grad([gradients[0].square().sum() + gradients[1].square().sum()], [x])[0];
        }
    }

    [Fact]
    public void A_change_of_layout_has_a_gradient_in_the_other()
    {
        using var scope = NewDisposeScope();
        var input = randn([2, 5, 6, 7]).requires_grad_();
        var last = input.InLayout(MemoryLayout.ChannelsLast);
        last.IsIn(MemoryLayout.ChannelsLast).Should().BeTrue();
        TensorAssert.Equal(last.InLayout(MemoryLayout.Contiguous), input);
        var slope = randn([2, 5, 6, 7]);
        var gradient = autograd.grad([(last * slope).square().sum()], [input], retain_graph: true, create_graph: true)[0];
        TensorAssert.Close(gradient, 2 * input * slope.square(), 1e-5);
        TensorAssert.Close(autograd.grad([gradient.sum()], [input])[0], 2 * slope.square(), 1e-5);
        ReferenceEquals(last, last.InLayout(MemoryLayout.ChannelsLast)).Should().BeTrue();
    }

    [Fact]
    public void Nothing_but_the_output_stays()
    {
        using var conv = SpatialDims.Two.Conv(16, 32, kernel: 1);
        using var contiguous = randn([1, 16, 9, 8]);
        using var input = contiguous.CopyIn(MemoryLayout.ChannelsLast);
        var operation = KnownLayers.Find(conv)!;
        NoLeaks.During(() => operation.Run([input]).Dispose()).Should().Be(0);
        Step();
        NoLeaks.During(Step).Should().Be(0);

        void Step()
        {
            using var step = NewDisposeScope();
            operation.Run([input]).sum().backward();
            conv.zero_grad();
        }
    }

    private static List<Tensor> Gradients(Tensor output, Tensor slope, Tensor input, Convolution conv) => [.. autograd.grad([(output * slope).sum()], [input, conv.weight!, conv.bias!])];
}
