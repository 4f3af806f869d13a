namespace UNetFamily;

/// <summary>Linear layers.</summary>
internal static class LinearLayers
{
    public static string Linear(Step step, ApplyLinear operation)
    {
        var linear = (Linear)operation.Layer;
        var weight = step.Writer.Weight($"{step.Path}.weight, transposed", [linear.in_features, linear.out_features], () => linear.weight!.transpose(0, 1));
        var product = step.Add("MatMul", [step.Operands[0], weight]);
        return linear.bias is { } bias ? step.Add("Add", [product, step.Weight("bias", bias)]) : product;
    }

    /// <summary>Some rows of the layer by (N, C, tokens).</summary>
    public static string LinearOnChannels(Step step, ApplyLinearToChannels operation)
    {
        var (linear, start, rows) = ((Linear)operation.Layer, operation.Start, step.Shape[1]);
        var part = $"rows {start} to {start + rows - 1}";
        var weight = step.Writer.Weight($"{step.Path}.weight, {part}", [rows, linear.in_features], () => linear.weight!.narrow(0, start, rows));
        var product = step.Add("MatMul", [weight, step.Operands[0]]);
        return linear.bias is { } bias ? step.Add("Add", [product, step.Writer.Weight($"{step.Path}.bias, {part}", [rows, 1], () => bias.narrow(0, start, rows))]) : product;
    }
}
