using Modules = TorchSharp.Modules;

namespace UNetFamily;

/// <summary>Norms, as they compute in evaluation.</summary>
internal static class Norms
{
    public static string Map(Step step, NormalizeMap operation)
    {
        var (norm, channels) = (operation.Norm, step.Shape[1]);
        if (norm.track_running_stats)
            return step.Add("BatchNormalization", [step.Operands[0], Scale(), Shift(), step.Weight("running_mean", norm.running_mean!), step.Weight("running_var", norm.running_var!)], ("epsilon", norm.eps));
        if (operation.IsPerSample) return step.Add("InstanceNormalization", [step.Operands[0], Scale(), Shift()], ("epsilon", norm.eps));

        // A batch norm without running statistics takes those of the batch.
        var axes = Enumerable.Range(0, step.Shape.Length).Where(axis => axis != 1).Select(axis => (long)axis).ToArray();
        var centred = step.Add("Sub", [step.Operands[0], Mean(step, step.Operands[0], axes)]);
        var variance = Mean(step, step.Add("Mul", [centred, centred]), axes);
        return Affine(step, step.Add("Div", [centred, step.Add("Sqrt", [step.Add("Add", [variance, step.Writer.Number(norm.eps)])])]), norm.weight, norm.bias);

        string Scale() => norm.weight is { } weight ? step.Weight("weight", weight) : step.Writer.Repeated(1, channels);

        string Shift() => norm.bias is { } bias ? step.Weight("bias", bias) : step.Writer.Repeated(0, channels);
    }

    public static string Groups(Step step, NormalizeGroups operation)
    {
        var (norm, channels) = ((Modules.GroupNorm)operation.Layer, step.Shape[1]);
        if (norm.num_groups == channels && norm.weight is { } weight && norm.bias is { } bias)
            return step.Add("InstanceNormalization", [step.Operands[0], step.Weight("weight", weight), step.Weight("bias", bias)], ("epsilon", norm.eps));

        // A group is a channel of a map in which it lies in one row.
        var rows = step.Add("Reshape", [step.Operands[0], step.Writer.Constant(0, norm.num_groups, -1)]);
        var normalized = step.Add("InstanceNormalization", [rows, step.Writer.Repeated(1, norm.num_groups), step.Writer.Repeated(0, norm.num_groups)], ("epsilon", norm.eps));
        return Affine(step, step.Add("Reshape", [normalized, step.Add("Shape", [step.Operands[0]])]), norm.weight, norm.bias);
    }

    public static string Last(Step step, NormalizeLast operation)
    {
        var norm = (Modules.LayerNorm)operation.Layer;
        long[] shape = norm.normalized_shape;
        var scale = norm.weight is { } weight ? step.Weight("weight", weight) : step.Writer.Weight($"ones {shape.Print()}", shape, () => ones(shape));
        string[] inputs = norm.bias is { } bias ? [step.Operands[0], scale, step.Weight("bias", bias)] : [step.Operands[0], scale];
        return step.Add("LayerNormalization", inputs, ("axis", -(long)shape.Length), ("epsilon", norm.eps));
    }

    public static string Channels(Step step, NormalizeChannels operation)
    {
        var (scale, shift, eps) = ((ChannelLayerNorm)operation.Layer).Numbers;
        var axes = step.Shape.Length;
        var last = step.Add("Transpose", step.Operands, ("perm", (long[])[0, .. Enumerable.Range(2, axes - 2).Select(axis => (long)axis), 1]));
        var normalized = step.Add("LayerNormalization", [last, step.Weight("weight", scale), step.Weight("bias", shift)], ("axis", -1L), ("epsilon", eps));
        return step.Add("Transpose", [normalized], ("perm", (long[])[0, axes - 1, .. Enumerable.Range(1, axes - 2).Select(axis => (long)axis)]));
    }

    public static string Response(Step step, NormalizeResponse operation)
    {
        var (gamma, beta, eps) = ((GlobalResponseNorm)operation.Layer).Numbers;
        var (x, positions) = (step.Operands[0], Enumerable.Range(2, step.SpatialAxes).Select(axis => (long)axis).ToArray());
        var strength = step.Add("ReduceL2", [x], ("axes", positions), ("keepdims", 1L));
        var mean = step.Add("Add", [Mean(step, strength, [1]), step.Writer.Number(eps)]);
        var factor = step.Add("Add", [step.Add("Mul", [step.Add("Div", [strength, mean]), step.Weight("gamma", gamma)]), step.Writer.Number(1)]);
        return step.Add("Add", [step.Add("Mul", [x, factor]), step.Weight("beta", beta)]);
    }

    private static string Mean(Step step, string x, long[] axes) => step.Add("ReduceMean", [x], ("axes", axes), ("keepdims", 1L));

    private static string Affine(Step step, string x, Tensor? scale, Tensor? shift)
    {
        if (scale is not null) x = step.Add("Mul", [x, step.PerChannel("weight", scale)]);
        return shift is null ? x : step.Add("Add", [x, step.PerChannel("bias", shift)]);
    }
}
