namespace UNetFamily.Tests.Flow;

/// <summary>Operations against what they say they are, number by number: values, shapes, gradients, what stays alive, and which pixels a position comes from.</summary>
public sealed class OperationTests
{
    private static readonly Dictionary<string, (Func<FeatureMap, FeatureMap> Flow, Func<Tensor, Tensor> Spelled, long[] Shape)> Operations = new()
    {
        ["mean"] = (x => x.AdaptiveAvgPool(1), x => x.mean([2, 3], keepdim: true), [2, 3, 5, 7]),
        ["mean of volumes"] = (x => x.AdaptiveAvgPool(1), x => x.mean([2, 3, 4], keepdim: true), [2, 3, 4, 3, 2]),
        ["means of parts"] = (x => x.AdaptiveAvgPool((2, 3)), x => Parts(x, [2, 3], part => part.mean([2, 3], keepdim: true)), [2, 3, 5, 7]),
        ["means of parts of volumes"] = (x => x.AdaptiveAvgPool(2), x => functional.avg_pool3d(x, [2, 2, 2]), [2, 3, 4, 4, 4]),
        ["maximum"] = (x => x.AdaptiveMaxPool(1), x => x.amax([2, 3], keepdim: true), [2, 3, 5, 7]),
        ["maximum of volumes"] = (x => x.AdaptiveMaxPool(1), x => x.amax([2, 3, 4], keepdim: true), [2, 3, 4, 3, 2]),
        ["maxima of parts"] = (x => x.AdaptiveMaxPool((2, 3)), x => Parts(x, [2, 3], part => part.amax([2, 3], keepdim: true)), [2, 3, 5, 7]),
        ["maxima of parts of volumes"] = (x => x.AdaptiveMaxPool((2, 2, 3)), x => cat([.. new[] { 0, 2 }.Select(start => x.narrow(2, start, 3).amax([2], keepdim: true).squeeze(2))
            .Select(slices => Parts(slices, [2, 3], part => part.amax([2, 3], keepdim: true)).unsqueeze(2))], 2), [2, 3, 5, 4, 7]),
        ["shift along the height"] = (x => x.AxialShift(0, 5), x => Shifted(x, 2, 5), [2, 12, 5, 4]),
        ["shift along the width"] = (x => x.AxialShift(1, 3), x => Shifted(x, 3, 3), [2, 7, 4, 6]),
        ["shift of volumes"] = (x => x.AxialShift(2, 5), x => Shifted(x, 4, 5), [2, 5, 2, 3, 4]),
        ["shift over the border"] = (x => x.AxialShift(0, 5), x => Shifted(x, 2, 5), [2, 6, 1, 3]),
        ["shift of few channels"] = (x => x.AxialShift(1, 5), x => Shifted(x, 3, 5), [2, 3, 4, 4]),
        ["shift of an even number of groups"] = (x => x.AxialShift(1, 4), x => Shifted(x, 3, 4), [2, 8, 4, 4]),
        ["smaller"] = (x => x.ResizeTo(x.AdaptiveMaxPool((2, 3)), alignCorners: false), x => functional.interpolate(x, [2, 3], mode: InterpolationMode.Bilinear, align_corners: false), [2, 3, 5, 7]),
        ["larger"] = (x => x.AdaptiveAvgPool(2).ResizeTo(x, alignCorners: true),
            x => functional.interpolate(Parts(x, [2, 2], part => part.mean([2, 3], keepdim: true)), [5, 7], mode: InterpolationMode.Bilinear, align_corners: true), [2, 3, 5, 7]),
        ["volumes"] = (x => x.AdaptiveAvgPool(1).ResizeTo(x, alignCorners: false), x => x.mean([2, 3, 4], keepdim: true).expand(x.shape), [2, 3, 4, 3, 2]),
        ["switch"] = (x => x * x.Narrow(0, 1).Greater(x.Narrow(1, 1)), x => x * (x[.., ..1] - x[.., 1..2]).sign().clamp_min(0), [2, 3, 5, 7]),
    };

    public static TheoryData<string> Names() => new(Operations.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void Computes_what_it_says(string name)
    {
        using var scope = NewDisposeScope();
        var (flow, spelled, shape) = Operations[name];
        using var block = new Of(flow);
        manual_seed(1);
        var x = randn(shape, ScalarType.Float64);
        TensorAssert.Close(block.call(x), spelled(x), 1e-12);
        TensorAssert.Close(block.Describe(shape).Run(x)[0], spelled(x), 1e-12);
        block.Describe(shape).UsesSizes.Should().BeFalse("it is the same operation for every size");
        block.Describe(shape).Shape.Should().Equal(spelled(x).shape);
        NoLeaks.During(() => block.call(x)).Should().Be(1);

        x.requires_grad_(true);
        var weight = randn(spelled(x).shape, ScalarType.Float64);
        (block.call(x) * weight).sum().backward();
        var gradient = x.grad!.clone();
        x.grad.zero_();
        (spelled(x) * weight).sum().backward();
        TensorAssert.Close(gradient, x.grad, 1e-12);
    }

    [Fact]
    public void Positions_come_from_these()
    {
        var image = PixelFields.Image([5, 7]);
        Fields(x => x.AdaptiveAvgPool((2, 3)), image, 0).Should().Equal((0, 2), (2, 4));
        Fields(x => x.AdaptiveMaxPool((2, 3)), image, 1).Should().Equal((0, 2), (2, 4), (4, 6));
        Fields(x => x.AxialShift(0, 5), image, 0).Should().Equal((0, 2), (0, 3), (0, 4), (1, 4), (2, 4));
        Fields(x => x.AxialShift(0, 5), image, 1).Should().Equal(Enumerable.Range(0, 7).Select(i => (i, i)), "the other axis stays");
        Fields(x => x.AxialShift(1, 12), image, 1).Should().Equal([(2, 6), (3, 6), (4, 6), (5, 6), (6, 6), (0, -1), (0, -1)], "five channels move by -6 to -2");
        Fields(x => x.ResizeTo(x.AdaptiveMaxPool(3), alignCorners: true), image, 0).Should().Equal((0, 0), (2, 2), (4, 4));

        static IEnumerable<(int First, int Last)> Fields(Func<FeatureMap, FeatureMap> flow, PixelFields image, int axis)
        {
            using var block = new Of(flow);
            var graph = Recorder.Record(block, maps => [maps[0].Through(block)], [[1, 5, 5, 7]]);
            var fields = FlowFields.Of(graph)!;
            for (var place = 0L; place < graph.ShapeOf(graph.Outputs[0])[axis + 2]; place++) yield return fields.At(axis, place) is var (first, last) && first <= last ? (first, last) : (0, -1);
        }
    }

    [Fact]
    public void What_pools_over_the_whole_map_sees_the_image_however_large()
    {
        using var gated = new Of(x => x * x.AdaptiveAvgPool(1));
        var fields = FlowFields.Of(Recorder.Record(gated, maps => [maps[0].Through(gated)], [[1, 2, 4, 6]]))!;
        fields.IsGlobal.Should().BeTrue();
        fields.At(1, 5).Should().Be((0, 5));
    }

    [Fact]
    public void What_does_not_fit_is_said_before_anything_runs()
    {
        using var scope = NewDisposeScope();
        Calling(x => x.AxialShift(2, 5), [1, 4, 3, 3]).WithMessage("The map (1, 4, 3, 3) has no spatial axis 2 to be shifted along. Allowed: 0 to 1.");
        Calling(x => x.AxialShift(0, 0), [1, 4, 3, 3]).WithMessage("A shift needs 1 group of channels or more, got 0.");
        Calling(x => x.AdaptiveAvgPool(0), [1, 4, 3, 3]).WithMessage("AdaptiveAvgPool to 0 x 0 leaves nothing of the map (1, 4, 3, 3).");
        Calling(x => x.ResizeTo(x.Tokens(), alignCorners: true), [1, 4, 3, 3]).WithMessage("A map of (1, 4, 3, 3) can't be resized to (1, 4, 9): both must be *");
        Calling(x => x.Greater(x.Narrow(0, 3)), [1, 4, 3, 3]).WithMessage("Greater takes maps of one shape, got (1, 4, 3, 3) and (1, 3, 3, 3).");

        static FluentAssertions.Specialized.ExceptionAssertions<ArgumentException> Calling(Func<FeatureMap, FeatureMap> flow, long[] shape) =>
            new Of(flow).Invoking(block => block.call(rand(shape))).Should().Throw<ArgumentException>();
    }

    /// <summary>Each part of the two axes, by <paramref name="of"/>.</summary>
    private static Tensor Parts(Tensor x, long[] sides, Func<Tensor, Tensor> of)
    {
        return cat([.. Along(2, 0).Select(rows => cat([.. Along(3, 1).Select(columns => of(x.narrow(2, rows.Start, rows.Count).narrow(3, columns.Start, columns.Count)))], 3))], 2);

        IEnumerable<(long Start, long Count)> Along(int axis, int side)
        {
            for (var i = 0L; i < sides[side]; i++)
            {
                var (start, end) = ((long)Math.Floor((double)i * x.shape[axis] / sides[side]), (long)Math.Ceiling((double)(i + 1) * x.shape[axis] / sides[side]));
                yield return (start, end - start);
            }
        }
    }

    /// <summary>As the original does it: padded on both sides, rolled, and cut to the middle.</summary>
    private static Tensor Shifted(Tensor x, int axis, long parts)
    {
        var reach = parts / 2;
        var ends = new long[2 * (x.dim() - 2)];
        (ends[2 * (x.dim() - 1 - axis)], ends[(2 * (x.dim() - 1 - axis)) + 1]) = (reach, reach);
        var padded = functional.pad(x, ends, PaddingModes.Constant, 0);
        return cat([.. padded.chunk(parts, 1).Select((chunk, i) => chunk.roll(i - reach, axis).narrow(axis, reach, x.shape[axis]))], 1);
    }

    private sealed class Of(Func<FeatureMap, FeatureMap> flow) : Block(nameof(Of))
    {
        protected override FeatureMap Flow(FeatureMap x) => flow(x);
    }
}
