namespace UNetFamily.NnUNet;

/// <summary>
/// How a volume is brought to another grid: one of nnU-Net's functions with its keyword arguments. Volumes whose slices are much thicker than their pixels are resampled slice by slice, and then along the slices by
/// a rule of its own ("separate z").
/// </summary>
public sealed record ResamplingRule
{
    private const double Anisotropic = 3;

    private ResamplingRule()
    {
    }

    /// <summary>The order of interpolation: 0 for the nearest voxel, 1 for linear, 3 for cubic splines.</summary>
    public required int Order { get; init; }

    /// <summary>The order along the axis of thick slices, 0 or 1.</summary>
    public required int OrderZ { get; init; }

    /// <summary>Whether slices are taken for themselves: always, never, or where a spacing says so.</summary>
    public required bool? ForceSeparateZ { get; init; }

    /// <summary>How many times as far apart slices must be.</summary>
    public double Threshold { get; init; } = Anisotropic;

    /// <summary>Whether it is PyTorch's interpolation: results keep single precision, and labels are elected otherwise.</summary>
    public required bool IsTorch { get; init; }

    /// <summary>Whether volumes keep their grid, whatever the spacing says.</summary>
    public required bool IsNone { get; init; }

    /// <summary>The rule of a field of plans.</summary>
    /// <param name="entry">The configuration.</param>
    /// <param name="name">The field, such as <c>resampling_fn_data</c>.</param>
    /// <exception cref="ModelFolderException">The function is none that is known, or its arguments are wrong.</exception>
    internal static ResamplingRule Of(PlansEntry entry, string name)
    {
        var (function, arguments) = (entry[name], entry[name + "_kwargs"]);
        switch (function.Text())
        {
            case "resample_data_or_seg_to_shape":
                Require("is_seg", "order", "order_z", "force_separate_z", "separate_z_anisotropy_threshold");
                return new ResamplingRule
                {
                    Order = OrderOf("order", 3, 0, 1, 3),
                    OrderZ = OrderOf("order_z", 0, 0, 1),
                    ForceSeparateZ = Forced(otherwise: false),
                    Threshold = arguments.Given("separate_z_anisotropy_threshold")?.Positive() ?? Anisotropic,
                    IsTorch = false,
                    IsNone = false,
                };
            case "resample_torch_fornnunet":
                Require("is_seg", "force_separate_z", "memefficient_seg_resampling", "num_threads", "device", "mode", "aniso_axis_mode", "separate_z_anisotropy_threshold");
                if (arguments.Given("mode") is { } mode && mode.Text() != "linear") throw mode.Fail($"The mode {mode.Text()} isn't supported. Supported is linear.");
                if (arguments.Given("aniso_axis_mode") is { } axis && axis.Text() != "nearest-exact") throw axis.Fail($"The mode {axis.Text()} isn't supported. Supported is nearest-exact.");
                return new ResamplingRule { Order = 1, OrderZ = 0, ForceSeparateZ = Forced(otherwise: null), IsTorch = true, IsNone = false };
            case "no_resampling_hack":
                return new ResamplingRule { Order = 1, OrderZ = 0, ForceSeparateZ = false, IsTorch = false, IsNone = true };
            default:
                throw function.Fail($"The function {function.Text()} isn't supported. Supported are resample_data_or_seg_to_shape, resample_torch_fornnunet and no_resampling_hack.");
        }

        bool? Forced(bool? otherwise) => arguments.Find("force_separate_z") is { } forced ? forced.IsNull ? null : forced.Flag() : otherwise;

        int OrderOf(string which, int otherwise, params int[] supported) => arguments.Given(which) is not { } order ? otherwise
            : supported.Contains(order.Integer(0, 5)) ? order.Integer(0, 5) : throw order.Fail($"The order {order.Integer(0, 5)} isn't supported. Supported are {string.Join(", ", supported)}.");

        void Require(params string[] known)
        {
            foreach (var argument in arguments.Entries())
                if (!known.Contains(argument.Name)) throw argument.Fail($"This argument isn't supported. Supported are {string.Join(", ", known)}.");
        }
    }

    /// <summary>The axis along which slices are thick and taken for themselves; null for none.</summary>
    /// <param name="current">The spacing of the volume.</param>
    /// <param name="target">The spacing that it is to have.</param>
    internal int? SeparateAxis(IReadOnlyList<double> current, IReadOnlyList<double> target)
    {
        var decides = ForceSeparateZ is true || ForceSeparateZ is null && IsAnisotropic(current) ? current : ForceSeparateZ is null && IsAnisotropic(target) ? target : null;
        if (decides is null) return null;
        int[] thick = [.. Enumerable.Range(0, 3).Where(axis => decides[axis] == decides.Max())];
        return thick.Length == 1 ? thick[0] : null;

        bool IsAnisotropic(IReadOnlyList<double> spacing) => spacing.Max() / spacing.Min() > Threshold;
    }

    /// <summary>The maps of the three axes.</summary>
    internal AxisMap[] Maps(IReadOnlyList<int> from, IReadOnlyList<int> to, int? separate) =>
        [.. Enumerable.Range(0, 3).Select(axis => new AxisMap(from[axis], to[axis], axis == separate ? OrderZ : Order))];
}
