using System.Runtime.InteropServices;

namespace UNetFamily;

/// <summary>What windows go through: a network, of TorchSharp or not, or a function.</summary>
internal sealed class WindowPredictor
{
    private readonly Func<Tensor, Tensor> call;
    private readonly WindowNeeds? needs;
    private readonly SegmentationModel? model;
    private InferencePlan? plan;
    private long? classes;

    private WindowPredictor(Func<Tensor, Tensor>? call, WindowNeeds? needs, SegmentationModel? model, Device? device, ScalarType type) =>
        (this.call, this.needs, this.model, Device, Type) = (call ?? Logits, needs, model, device, type);

    /// <summary>The rank that it takes; null when it takes any.</summary>
    public SpatialDims? Dims => needs?.Dims;

    /// <summary>Where windows have to be; null where the image is.</summary>
    public Device? Device { get; private set; }

    /// <summary>The type of windows.</summary>
    public ScalarType Type { get; private set; }

    /// <summary>The type of sums: double only where the network computes in it.</summary>
    public ScalarType SumType => Type is ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    public static WindowPredictor Of(SegmentationModel model) => new(call: null, WindowNeeds.Of(model), model, device: null, ScalarType.Float32);

    public static WindowPredictor Of(IWindowNetwork network)
    {
        return new WindowPredictor(Logits, WindowNeeds.Of(network), model: null, CPU, ScalarType.Float32);

        Tensor Logits(Tensor windows)
        {
            var shape = windows.shape;
            var plain = windows.cpu().contiguous();
            var logits = empty([shape[0], network.OutChannels, .. network.OutputSize(shape.AsSpan(2))]);
            network.Predict(MemoryMarshal.Cast<byte, float>(plain.bytes), shape, MemoryMarshal.Cast<byte, float>(logits.bytes));
            return logits;
        }
    }

    public static WindowPredictor Of(Func<Tensor, Tensor> function, Device? device, ScalarType image)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new WindowPredictor(function, needs: null, model: null, device, image is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float64 ? image : ScalarType.Float32);
    }

    /// <summary>Makes a plan of the network for batches of windows. Nothing for a function, and where a plan would leave something out: a module that isn't known, or hooks.</summary>
    /// <param name="windows">The shape of the batches.</param>
    /// <returns>The plan, used until it is disposed; null for none.</returns>
    public IDisposable? Plan(long[] windows)
    {
        if (model is null || Hooks.Within(model) || Hooks.Within(model.Whole)) return null;
        try
        {
            return plan = InferencePlan.Of(model, windows);
        }
        catch (NotDescribedException)
        {
            return null;
        }
    }

    /// <summary>The logits of a batch of windows; they belong to the current scope.</summary>
    /// <param name="windows">(B, C, …roi).</param>
    /// <param name="output">The sides that the logits must have.</param>
    public Tensor Call(Tensor windows, long[] output)
    {
        var logits = call(windows) ?? throw new InvalidOperationException("The predictor returned null.");
        if (logits.is_complex()) throw new InvalidOperationException($"The predictor must return real numbers; it returned {logits.dtype}.");
        if (logits.dim() == windows.dim() && logits.shape[0] == windows.shape[0] && logits.shape[1] > 0 && logits.shape.AsSpan(2).SequenceEqual(output))
        {
            if (classes is { } before && logits.shape[1] != before)
                throw new InvalidOperationException($"The predictor returned {before} classes for earlier windows and {logits.shape[1]} for these; it must return the same number for all.");
            classes = logits.shape[1];
            return logits;
        }
        throw new InvalidOperationException($"The predictor must return (B, classes, …spatial) = ({windows.shape[0]}, classes, {string.Join(", ", output)}) for windows ({string.Join(", ", windows.shape)}); it returned ({string.Join(", ", logits.shape)}).");
    }

    /// <summary>Throws when an image doesn't fit.</summary>
    /// <param name="image">(C, …spatial).</param>
    public void Require(ValueList<long> image)
    {
        if (image.Any(side => side < 1)) throw new ArgumentException($"image must have no empty axis, is ({string.Join(", ", image)}).", nameof(image));
        needs?.Require(image);
    }

    /// <summary>
    /// The sides of windows: those that were asked for, if the network takes them; on axes that are to be whole, the smallest that the network takes and that gives logits for all of them, or its largest.
    /// </summary>
    /// <param name="asked">A side for each axis, 0 for the whole axis.</param>
    /// <param name="image">The sides of the image.</param>
    public long[] Roi(long[] asked, long[] image) => needs?.Roi(asked, image) ?? [.. asked.Zip(image, (side, whole) => side > 0 ? side : whole)];

    /// <summary>The sides of the logits for windows of these sides: smaller where the network doesn't pad its convolutions.</summary>
    public long[] OutputOf(long[] roi) => needs?.OutputOf(roi) ?? roi;

    /// <summary>What may have made logits of a finite image not finite, as sentences for a message.</summary>
    public string WhyNotFinite() =>
        model?.Whole.state_dict().FirstOrDefault(entry => entry.Value.is_floating_point() && NonFinite.FirstIn(entry.Value) is not null).Key is { } broken ? $" '{broken}' of the network isn't finite either."
        : Type is ScalarType.Float16 ? " It computes in Float16, which ends at 65504: convert it to BFloat16 or Float32."
        : "";

    /// <summary>Puts the network into evaluation mode until disposed, when each of its modules goes back to the mode that it had; null for a function.</summary>
    public NetworkMode.Evaluation? Evaluating()
    {
        if (model is null) return null;
        var evaluation = NetworkMode.Evaluate(model.Whole);
        // Not before: until now a training on another thread may have converted it.
        if (model.parameters().FirstOrDefault(parameter => parameter.is_floating_point()) is { } weight) (Device, Type) = (weight.device, weight.dtype);
        return evaluation;
    }

    private Tensor Logits(Tensor windows)
    {
        if (plan is not null && plan.InputShape.SequenceEqual(windows.shape)) return plan.Run(windows);
        var output = model!.call(windows);
        foreach (var auxiliary in output.Auxiliary) auxiliary.Dispose();
        return output.Logits;
    }
}
