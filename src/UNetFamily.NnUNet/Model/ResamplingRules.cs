namespace UNetFamily.NnUNet;

/// <summary>Reads how volumes are resampled: the name of one of nnU-Net's functions, and its keyword arguments.</summary>
internal static class ResamplingRules
{
    /// <summary>The rule of a field of plans.</summary>
    /// <param name="entry">The configuration.</param>
    /// <param name="name">The field, such as <c>resampling_fn_data</c>.</param>
    /// <exception cref="ModelFolderException">The function is none that is known, or its arguments are wrong.</exception>
    public static ResamplingRule Of(PlansEntry entry, string name)
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
                    AnisotropyThreshold = arguments.Given("separate_z_anisotropy_threshold")?.Positive() ?? ResamplingRule.Data.AnisotropyThreshold,
                };
            case "resample_torch_fornnunet":
                Require("is_seg", "force_separate_z", "memefficient_seg_resampling", "num_threads", "device", "mode", "aniso_axis_mode", "separate_z_anisotropy_threshold");
                if (arguments.Given("mode") is { } mode && mode.Text() != "linear") throw mode.Fail($"The mode {mode.Text()} isn't supported. Supported is linear.");
                if (arguments.Given("aniso_axis_mode") is { } axis && axis.Text() != "nearest-exact") throw axis.Fail($"The mode {axis.Text()} isn't supported. Supported is nearest-exact.");
                return ResamplingRule.Linear with { Method = ResamplingMethod.Torch, ForceSeparateZ = Forced(otherwise: null) };
            case "no_resampling_hack":
                return ResamplingRule.Linear with { Method = ResamplingMethod.None, ForceSeparateZ = false };
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
}
