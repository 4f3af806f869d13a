using UNetFamily.Tests.Upstream;

namespace UNetFamily.Tests.Conventions;

/// <summary>Every parameter of every fresh network is finite and drawn as its documentation says, whatever the seed.</summary>
public class FreshWeightsTests
{
    // Below this many numbers, moments say nothing.
    private const long Enough = 300;

    [Theory]
    [MemberData(nameof(SmallVariants.Names), MemberType = typeof(SmallVariants))]
    public void Are_drawn_as_documented(string name)
    {
        foreach (var seed in (ReadOnlySpan<int>)[1, 2, 3])
        {
            using var scope = NewDisposeScope();
            using var random = manual_seed(seed);
            using var model = SmallVariants.Of(name).Build();
            foreach (var (key, tensor) in model.state_dict()) tensor.isfinite().all().ToBoolean().Should().BeTrue("{0} should be initialized", key);
            foreach (var (key, layer) in model.named_modules()) Check($"{key} with seed {seed}", layer, InitializationOf(model.Options));
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.01)]
    [InlineData(1.0)]
    public void He_is_normal_by_fan_in_and_slope(double slope)
    {
        using var scope = NewDisposeScope();
        using var random = manual_seed(6);
        foreach (var conv in (Convolution[])[SpatialDims.Two.Conv(32, 64, kernel: 3), SpatialDims.Three.Conv(16, 32, kernel: 3), SpatialDims.Three.ConvTranspose(64, 32, kernel: 2), SpatialDims.Three.Conv(64, 64, kernel: 5, groups: 64)])
        {
            Initialization.He(slope).Apply(Sequential(conv));
            GuardTests.IsNormal(conv.weight!, Math.Sqrt(2 / ((1 + slope * slope) * FanIn(conv))));
            conv.bias!.eq(0).all().ToBoolean().Should().BeTrue();
        }
    }

    private static Initialization InitializationOf(SegmentationModelOptions options) =>
        options.GetType().GetProperty(nameof(Initialization))?.GetValue(options) as Initialization ?? Initialization.Default;

    private static void Check(string key, nn.Module layer, Initialization initialization)
    {
        switch (layer)
        {
            case Convolution conv when key.Contains(".mlp.", StringComparison.Ordinal) || key.Contains(".embed.", StringComparison.Ordinal):
                var deviation = conv.kernel_size.All(side => side == 1) ? 0.02 : Math.Sqrt(2.0 * conv.groups / (conv.kernel_size.Aggregate(1L, (product, side) => product * side) * conv.out_channels));
                if (conv.weight!.numel() >= Enough) conv.weight.std().ToDouble().Should().BeApproximately(deviation, 5 * deviation / Math.Sqrt(conv.weight.numel()), "{0} is drawn as around UNeXt's tokens", key);
                conv.bias!.eq(0).all().ToBoolean().Should().BeTrue("{0} has no bias yet", key);
                break;
            case Convolution conv when initialization == Initialization.Default:
                IsUniform(key, conv.weight!, 1 / Math.Sqrt(FanIn(conv)));
                if (conv.bias is { } drawn) IsUniform(key, drawn, 1 / Math.Sqrt(FanIn(conv)));
                break;
            case Convolution conv:
                if (conv.weight!.numel() >= Enough) conv.weight.std().ToDouble().Should().BeApproximately(Math.Sqrt(2 / FanIn(conv)), 5 / Math.Sqrt(conv.weight.numel()), "{0} is drawn after He", key);
                if (conv.bias is { } kept && initialization == Initialization.HeWithNoisyNorms) IsUniform(key, kept, 1 / Math.Sqrt(FanIn(conv)));
                else if (conv.bias is { } none) none.eq(0).all().ToBoolean().Should().BeTrue("{0} has no bias yet", key);
                break;
            case NormBase { affine: true } norm:
                norm.bias!.eq(0).all().ToBoolean().Should().BeTrue("{0} shifts nothing yet", key);
                if (initialization == Initialization.HeWithNoisyNorms)
                {
                    (norm.weight! - 1).abs().max().ToDouble().Should().BeInRange(1e-8, 0.15, "{0} is drawn around 1 with a deviation of 0.02", key);
                    break;
                }
                (norm.weight!.eq(1).all() | norm.weight!.eq(0).all()).ToBoolean().Should().BeTrue("{0} scales nothing yet, or silences a residual branch", key);
                break;
            case TorchSharp.Modules.GroupNorm norm:
                (norm.weight.eq(1).all() & norm.bias!.eq(0).all()).ToBoolean().Should().BeTrue("{0} changes nothing yet", key);
                break;
            case Linear linear when key.StartsWith("encoder", StringComparison.Ordinal):
                if (linear.weight.numel() >= Enough) linear.weight.std().ToDouble().Should().BeApproximately(0.02, 0.1 / Math.Sqrt(linear.weight.numel()), "{0} is truncated normal", key);
                linear.bias?.eq(0).all().ToBoolean().Should().BeTrue("{0} has no bias yet", key);
                break;
            case Linear linear:
                IsUniform(key, linear.weight, 1 / Math.Sqrt(linear.weight.shape[1]));
                break;
        }
    }

    private static void IsUniform(string key, Tensor weight, double bound)
    {
        weight.abs().max().ToDouble().Should().BeLessThanOrEqualTo(bound * 1.0001, "{0} is within its bound", key);
        if (weight.numel() >= Enough) weight.std().ToDouble().Should().BeApproximately(bound / Math.Sqrt(3), 3 * bound / Math.Sqrt(weight.numel()), "{0} is uniform", key);
    }

    private static double FanIn(Convolution conv) => conv.weight!.shape[1..].Aggregate(1.0, (product, side) => product * side);
}
