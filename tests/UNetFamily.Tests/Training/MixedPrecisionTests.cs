using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Training;

public sealed class MixedPrecisionTests : FileTests
{
    /// <summary>
    /// How far gradients move when nothing but the image and the weights are rounded to bfloat16 and all is computed in float32, is the network's own sensitivity: from 0.2 % (MedNeXt)
    /// to tens of percent where small maps are normalized often. Rounding every layer's result as well, there and back, may add a small multiple of that.
    /// </summary>
    private const double OfRounding = 6;

    private static readonly DeepSupervisionLoss EveryMap = new(new DiceCELoss(), SupervisionWeights.Halves);

    // With few channels, rounding the weights alone changes the gradients behind their gates and norms by more than half, and a guided UNet 3+ may be switched off.
    private static readonly string[] TooSensitive = ["attention-unet", "attention-unet-r2", "doubleunet", "unet3plus-cgm"];

    [Theory]
    [MemberData(nameof(SmallVariants.Names), MemberType = typeof(SmallVariants))]
    public void Every_network_trains_in_bfloat16(string name)
    {
        using var inner = NewDisposeScope();
        using var random = manual_seed(1);
        using var exact = SmallVariants.Of(name).Build();
        using var model = exact.Options.Build();
        using var noWeights = no_grad();
        foreach (var (key, tensor) in model.state_dict()) tensor.copy_(exact.state_dict()[key]);
        var (image, labels) = Stripes(exact);

        using var recording = enable_grad();
        using var weights = new MixedPrecision(model, Precision.BFloat16);
        using var rounded = exact.Options.Build();
        using (no_grad()) foreach (var (key, tensor) in rounded.state_dict()) tensor.copy_(model.state_dict()[key]);

        EveryMap.Of(exact.call(image), labels).backward();
        EveryMap.Of(rounded.call(image.to(ScalarType.BFloat16).to(ScalarType.Float32)), labels).backward();
        weights.ZeroGradients();
        EveryMap.Of(model.call(image), labels).backward();
        weights.CollectGradients();

        var (sensitivity, distance) = (Distance(exact, rounded.parameters()), Distance(exact, weights.Parameters));
        if (TooSensitive.Contains(name))
        {
            weights.Parameters.All(parameter => parameter.grad is not { } gradient || gradient.isfinite().all().ToBoolean()).Should().BeTrue();
            return;
        }
        sensitivity.Should().BeLessThan(0.7, "otherwise a comparison says nothing");
        distance.Should().BeLessThan(Math.Min(1, OfRounding * sensitivity));
    }

    /// <summary>How far the gradients of all weights together are from the exact ones, relative to these.</summary>
    private static double Distance(SegmentationModel exact, IEnumerable<Parameter> actual)
    {
        var (difference, size) = (0.0, 0.0);
        foreach (var ((key, parameter), other) in exact.named_parameters().Zip(actual))
        {
            (other.grad is null).Should().Be(parameter.grad is null, "that is how {0} takes part", key);
            if (parameter.grad is not { } gradient) continue;
            other.grad!.dtype.Should().Be(ScalarType.Float32);
            difference += (other.grad!.to(ScalarType.Float64) - gradient.to(ScalarType.Float64)).square().sum().ToDouble();
            size += gradient.to(ScalarType.Float64).square().sum().ToDouble();
        }
        return Math.Sqrt(difference / size);
    }

    [Fact]
    public void Float32_is_the_network_as_it_is()
    {
        using var model = Tiny().Build();
        var before = model.parameters().ToArray();
        using var weights = new MixedPrecision(model, Precision.Float32);
        weights.Parameters.Should().Equal(before);
        weights.StateDict.Keys.Should().Equal(model.state_dict().Keys);
        using var image = rand(1, 1, 16, 16);
        using var plain = model.call(image);
        weights.UpdateWeights();
        weights.CollectGradients();
        using var again = model.call(image);
        TensorAssert.Equal(again.Logits, plain.Logits);
    }

    [Theory]
    [InlineData("Batch")]
    [InlineData("Instance")]
    [InlineData("InstanceWithoutAffine")]
    [InlineData("ChannelLayer")]
    [InlineData("GroupPerChannel")]
    public void Norms_keep_their_weights_and_compute_in_float32(string kind)
    {
        using var random = manual_seed(5);
        var norm = (Normalization)typeof(Normalization).GetProperty(kind)!.GetValue(null)!;
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [4, 8], Norm = norm });
        using (no_grad()) foreach (var parameter in model.parameters()) ((Tensor)parameter).add_(rand_like(parameter) * 0.01);
        var exact = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
        using var weights = new MixedPrecision(model, Precision.BFloat16);
        foreach (var (key, tensor) in model.state_dict())
        {
            if (!tensor.is_floating_point()) continue;
            var isWide = key.Contains("norm", StringComparison.Ordinal);
            tensor.dtype.Should().Be(isWide ? ScalarType.Float32 : ScalarType.BFloat16, key);
            TensorAssert.Equal(weights.StateDict[key], exact[key], key);
            TensorAssert.Equal(tensor, exact[key].to(tensor.dtype), key);
        }

        // A layer of the network: what a float32 norm gives for the same input, rounded once.
        var layer = model.modules().OfType<Module<Tensor, Tensor>>().First(module => module is TorchSharp.Modules.NormBase or TorchSharp.Modules.GroupNorm or ChannelLayerNorm);
        using var input = (randn(2, 4, 9, 9) * 3 + 40).to(ScalarType.BFloat16);
        using var result = layer.call(input);
        using var wide = input.to(ScalarType.Float32);
        using var expected = layer.call(wide);
        (result.dtype, expected.dtype).Should().Be((ScalarType.BFloat16, ScalarType.Float32));
        // half a unit in the last place of bfloat16 for values below 4
        TensorAssert.Close(result, expected, 4 * Math.Pow(2, -8) / 2 * 1.01);
    }

    [Fact]
    public void Small_steps_are_not_lost()
    {
        using var model = Tiny().Build();
        using var weights = new MixedPrecision(model, Precision.BFloat16);
        using var optimizer = optim.SGD(weights.Parameters, 1);
        var before = weights.StateDict["head.weight"].detach().clone();
        var rounded = model.state_dict()["head.weight"].detach().clone();
        for (var step = 0; step < 1000; step++)
        {
            foreach (var parameter in weights.Parameters) parameter.grad = full_like(parameter, 1e-6).detach();
            optimizer.step();
            weights.UpdateWeights();
        }
        TensorAssert.Close(weights.StateDict["head.weight"], before - 1e-3, 2e-5);          // float32 rounds a thousand times, 1.5e-8 each
        TensorAssert.Close(model.state_dict()["head.weight"], before - 1e-3, 1e-3, "the rounded weights, which follow");
        model.state_dict()["head.weight"].Equals(rounded).Should().BeFalse();
    }

    [Fact]
    public void Takes_and_gives_float32_and_leaves_an_ordinary_network()
    {
        using var model = Tiny().Build();
        using var image = rand(1, 1, 16, 16);
        var exact = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
        using (var weights = new MixedPrecision(model, Precision.BFloat16))
        {
            using var output = model.call(image);
            output.Logits.dtype.Should().Be(ScalarType.Float32);
            using var low = image.to(ScalarType.BFloat16);
            using var same = model.call(low);
            TensorAssert.Equal(same.Logits, output.Logits);
            NoLeaks.During(() => { using var again = model.call(image); }).Should().Be(0);
            using (no_grad()) NoLeaks.During(() => { using var again = model.call(image); }).Should().Be(0);
        }
        foreach (var (key, tensor) in model.state_dict())
        {
            if (key.Contains("running", StringComparison.Ordinal) || key.Contains("tracked", StringComparison.Ordinal)) continue;
            tensor.dtype.Should().Be(ScalarType.Float32);
            TensorAssert.Equal(tensor, exact[key], key);
        }
        using var after = model.call(image);
        after.Logits.dtype.Should().Be(ScalarType.Float32);
    }

    [Fact]
    public void Loads_into_the_masters_and_saves_them()
    {
        using var source = Tiny().Build();
        source.Save(folder.File("source.safetensors"));
        using var model = Tiny().Build();
        using var weights = new MixedPrecision(model, Precision.BFloat16);
        using var file = Checkpoint.Open(folder.File("source.safetensors"));
        weights.Load(file);
        foreach (var (key, tensor) in source.state_dict())
        {
            TensorAssert.Equal(weights.StateDict[key], tensor, key);
            TensorAssert.Equal(model.state_dict()[key], tensor.to(model.state_dict()[key].dtype), key);
        }
    }

    [Fact]
    public void Activation_checkpointing_computes_the_same_again()
    {
        var options = new MedNeXtOptions { InChannels = 1, OutChannels = 2, SpatialDims = SpatialDims.Two, Channels = 4, Depths = [1, 1, 1, 1, 1, 1, 1, 1, 1] };
        using var plain = options.Build();
        using var sparing = (options with { ActivationCheckpointing = true }).Build();
        using (no_grad()) foreach (var (key, tensor) in sparing.state_dict()) tensor.copy_(plain.state_dict()[key]);
        var image = rand(1, 1, 32, 32);
        var gradients = new List<Tensor[]>();
        foreach (var model in new[] { plain, sparing })
        {
            using var weights = new MixedPrecision(model, Precision.BFloat16);
            model.call(image).Logits.square().mean().backward();
            weights.CollectGradients();
            gradients.Add([.. weights.Parameters.Select(parameter => parameter.grad ?? zeros(1))]);
        }
        // Where a map is used twice, its gradients are rounded before and after they are summed, in another order.
        double Square(Func<Tensor, Tensor, Tensor> of) => gradients[0].Zip(gradients[1]).Sum(pair => of(pair.First, pair.Second).square().sum().ToDouble());
        Math.Sqrt(Square((expected, actual) => actual - expected) / Square((expected, _) => expected)).Should().BeLessThan(4 * Math.Pow(2, -8));
    }

    [Fact]
    public void A_scaled_loss_gives_the_same_gradients()
    {
        using var model = Tiny().Build();
        using var weights = new MixedPrecision(model, Precision.BFloat16);
        var (image, labels) = Stripes(model);
        var scaler = new GradientScaler(initialScale: 1024);
        model.eval();
        EveryMap.Of(model.call(image), labels).backward();
        weights.CollectGradients();
        var expected = weights.Parameters.Select(parameter => parameter.grad!.clone()).ToArray();
        weights.ZeroGradients();
        scaler.Scale(EveryMap.Of(model.call(image), labels)).backward();
        weights.CollectGradients();
        scaler.Unscale(weights.Parameters).Should().BeTrue();
        // a power of two moves no bit
        foreach (var (parameter, gradient) in weights.Parameters.Zip(expected)) TensorAssert.Equal(parameter.grad!, gradient);
    }

    [Fact]
    public void Softmax_rounds_once()
    {
        using var scope = NewDisposeScope();
        var x = (randn(64, 500) * 4).to(ScalarType.BFloat16);
        var (rounded, exact) = (x.softmax(-1).to(ScalarType.Float64), x.to(ScalarType.Float64).softmax(-1));
        // Half a unit in the last of 8 bits, and what float32 adds to that.
        ((rounded - exact).abs() / exact).max().ToDouble().Should().BeLessThan(1.0 / 256 * 1.01);
    }

    [Fact]
    public void Refuses_other_weights()
    {
        using var model = Tiny().Build();
        model.to(ScalarType.Float64);
        FluentActions.Invoking(() => new MixedPrecision(model, Precision.BFloat16)).Should().Throw<ArgumentException>().WithMessage("MixedPrecision needs float32 weights to start from; '*' is Float64. Convert the network with model.to(ScalarType.Float32).*");
        FluentActions.Invoking(() => new MixedPrecision(model, (Precision)9)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Half_trains_on_a_CPU_too()
    {
        using var model = Tiny().Build();
        new Trainer(model, new Squares(), new DiceCELoss(), it => optim.SGD(it, 0.01), new TrainerOptions { Epochs = 1, StepsPerEpoch = 4, Precision = Precision.Half }).Run().Steps.Should().Be(4);
    }

    [CudaFact]
    public void Half_learns_on_a_GPU_and_resumes()
    {
        using var model = Tiny().Build();
        model.to(CUDA);
        var options = new TrainerOptions { Epochs = 2, StepsPerEpoch = 25, Precision = Precision.Half, AverageDecay = 0.9, Folder = folder.File("run") };
        var reports = new Reports();
        Trainer Make(TrainerOptions with) => new(model, new Squares(), new DiceCELoss(), it => optim.AdamW(it, 0.01), with);
        Make(options).Run(reports);
        reports.Epochs[1].Loss.Should().BeLessThan(reports.Epochs[0].Loss);
        Make(options with { Epochs = 3, Resume = true }).Run().Steps.Should().Be(75);
        using var file = Checkpoint.Open(folder.File("run/last.safetensors"));
        file.Find("head.weight")!.Type.Should().Be(ElementType.Float32);
    }

    private static UNetOptions Tiny() => UNetOptions.Milesial(1, 2) with { Widths = [4, 8] };

    /// <summary>Noisy stripes, to be told from what is between them: a gradient of pure noise would be lost in any rounding.</summary>
    private static (Tensor Image, Tensor Labels) Stripes(SegmentationModel model)
    {
        var size = SmallVariants.Size(model);
        var wave = size.Select((side, axis) => arange(side, ScalarType.Float32).mul(0.4).view([-1, .. Enumerable.Repeat(1L, size.Length - axis - 1)])).Aggregate((sum, along) => sum + along).sin();
        var image = wave + 0.3 * randn([2, model.Options.InChannels, .. size]);
        using var trial = no_grad();
        using var output = model.call(image);                       // the unpadded U-Net's map is smaller than its input
        foreach (var (axis, side) in output.Logits.shape[2..].Index()) wave = wave.narrow(axis, (size[axis] - side) / 2, side);
        var labels = wave.gt(0).to(ScalarType.Int64);
        return (image, labels.expand([2, .. labels.shape]).contiguous());
    }
}
