namespace UNetFamily;

/// <summary>Operations that move numbers and change none, and resizing.</summary>
internal static class Layouts
{
    /// <summary>The part of the first operand that begins at some places, in the size that comes out.</summary>
    public static string Slice(Step step, (int Axis, long Start)[] starts) => step.Add("Slice",
    [
        step.Operands[0],
        step.Writer.Constant([.. starts.Select(start => start.Start)]),
        step.Writer.Constant([.. starts.Select(start => start.Start + step.Shape[start.Axis])]),
        step.Writer.Constant([.. starts.Select(start => (long)start.Axis)]),
    ]);

    /// <summary>Spatial axes with something around them.</summary>
    public static string Pad(Step step, string x, IReadOnlyList<(long Before, long Behind)> ends, string mode) =>
        step.Add("Pad", [x, step.Writer.Constant([0, 0, .. ends.Select(end => end.Before), 0, 0, .. ends.Select(end => end.Behind)])], ("mode", mode));

    /// <summary>The numbers under other axes. Those that come from the batch's number of samples stay open: one where it stands as it is, and any one that it is a factor of.</summary>
    public static string Reshape(Step step)
    {
        var (target, from) = ((long[])step.Shape.Clone(), step.Shapes[0]);
        var (otherTarget, otherFrom) = (step.OfOtherBatch(step.Shape), step.OfOtherBatch(from));
        for (var axis = 0; axis < target.Length; axis++)
        {
            if (target[axis] == otherTarget[axis]) continue;
            var isKept = axis < from.Length && from[axis] == step.Shape[axis] && otherFrom[axis] == otherTarget[axis];
            target[axis] = isKept ? 0 : -1;
        }
        if (target.Count(side => side == -1) > 1) throw step.Refuse($"a map of {step.Shapes[0].Print()} becomes {step.Shape.Print()}, where several axes depend on the number of samples. That can't be written in ONNX.");
        return step.Add("Reshape", [step.Operands[0], step.Writer.Constant(target)]);
    }

    public static string Transpose(Step step, Transpose operation)
    {
        var (first, second) = (step.Shapes[0].FromFront(operation.Exchanged.First), step.Shapes[0].FromFront(operation.Exchanged.Second));
        long[] order = [.. Enumerable.Range(0, step.Shape.Length).Select(axis => (long)(axis == first ? second : axis == second ? first : axis))];
        return step.Add("Transpose", step.Operands, ("perm", order));
    }

    public static string Resize(Step step, Resize operation)
    {
        var scales = step.Writer.Numbers([1, 1, .. operation.Factors.Select(factor => (float)factor)]);
        string[] inputs = [step.Operands[0], "", scales];
        return operation.IsNearest ? step.Add("Resize", inputs, ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"))
            : step.Add("Resize", inputs, ("mode", "linear"), ("coordinate_transformation_mode", operation.AlignCorners ? "align_corners" : "half_pixel"));
    }

    /// <summary>Linearly, to the spatial sides of the second operand, which are taken when the network runs.</summary>
    public static string ResizeTo(Step step, ResizeTo operation)
    {
        var own = step.Add("Shape", [step.Operands[0]], ("end", 2L));
        var target = step.Add("Shape", [step.Operands[1]], ("start", 2L));
        return step.Add("Resize", [step.Operands[0], "", "", step.Add("Concat", [own, target], ("axis", 0L))], ("mode", "linear"),
            ("coordinate_transformation_mode", operation.AlignCorners ? "align_corners" : "half_pixel"));
    }

    /// <summary>Groups of channels, each padded on one end and cut at the other.</summary>
    public static string Shift(Step step, AxialShift operation)
    {
        var (x, axis, writer) = (step.Operands[0], operation.Axis + 2, step.Writer);
        string[] groups = [.. operation.Groups(step.Shape[1]).Select(Moved)];
        return groups.Length == 1 ? groups[0] : step.Add("Concat", groups, ("axis", 1L));

        string Moved((long Start, long Count, long Shift) group)
        {
            var channels = step.Add("Slice", [x, writer.Constant(group.Start), writer.Constant(group.Start + group.Count), writer.Constant(1)]);
            if (group.Shift == 0) return channels;
            var (before, behind) = (Math.Max(group.Shift, 0), Math.Max(-group.Shift, 0));
            var pads = new long[2 * step.Shape.Length];
            (pads[axis], pads[step.Shape.Length + axis]) = (before, behind);
            // As many as came in at one end are cut off at the other.
            var padded = step.Add("Pad", [channels, writer.Constant(pads)], ("mode", "constant"));
            return step.Add("Slice", [padded, writer.Constant(behind), writer.Constant(before > 0 ? -before : long.MaxValue), writer.Constant(axis)]);
        }
    }
}
