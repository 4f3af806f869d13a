namespace UNetFamily.NnUNet;

/// <summary>
/// The network of a configuration, from the keyword arguments that plans hold for its class in dynamic-network-architectures. Arguments that are left out have the defaults of that class.
/// </summary>
internal static class Architecture
{
    private const int MostStages = 32;
    private const int MostChannels = 1 << 16;
    private const int MostLayers = 1 << 10;
    private const int LargestSide = 1 << 10;

    /// <summary>The classes that can be built.</summary>
    public static readonly IReadOnlyList<string> Supported = ["PlainConvUNet", "ResidualEncoderUNet", "ResidualUNet"];

    private static readonly string[] Common =
    [
        "n_stages", "features_per_stage", "conv_op", "kernel_sizes", "strides", "n_conv_per_stage_decoder", "conv_bias", "norm_op", "norm_op_kwargs", "dropout_op", "dropout_op_kwargs",
        "nonlin", "nonlin_kwargs", "deep_supervision",
    ];

    /// <summary>The options of the network.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="inChannels">Channels of the image, and of the labels of the stage before.</param>
    /// <param name="outChannels">Heads.</param>
    /// <exception cref="ModelFolderException">The network is none that can be built, or an argument is unknown or wrong.</exception>
    public static NnUNetOptions Of(PlannedConfiguration configuration, long inChannels, long outChannels)
    {
        var (entry, dims, patch) = (configuration.Entry, configuration.Dims, configuration.Patch);
        var options = entry.Find("architecture") is { } architecture ? Current(architecture, dims, inChannels, outChannels) : Old(entry, dims, inChannels, outChannels);
        if (options.Strides!.All(stride => stride.Fits(dims)))
        {
            var whole = options.Strides!.Select(stride => stride.Along(dims)).Aggregate((all, stride) => [.. all.Zip(stride, (one, other) => one * other)]);
            if (patch.Where((side, axis) => side % whole[axis] != 0).Any()) throw entry["patch_size"].Fail($"The network's strides make maps that are {string.Join(" x ", whole)} times smaller, which don't divide a patch of {patch}.");
        }
        return options;
    }

    private static NnUNetOptions Current(JsonField architecture, SpatialDims dims, long inChannels, long outChannels)
    {
        var (name, arguments) = (architecture["network_class_name"], architecture["arch_kwargs"]);
        var stages = arguments["n_stages"].Integer(2, MostStages);
        switch (LastPart(name))
        {
            case "PlainConvUNet":
                Require(arguments, "n_conv_per_stage", "nonlin_first");
                return WithCommon(arguments, new PlainConvUNetOptions
                {
                    InChannels = inChannels,
                    OutChannels = outChannels,
                    SpatialDims = dims,
                    Stages = stages,
                    ConvsPerStage = Numbers(arguments["n_conv_per_stage"], MostLayers),
                    Order = arguments.Given("nonlin_first")?.Flag() == true ? ConvOrder.ConvActNorm : ConvOrder.ConvNormAct,
                });
            case "ResidualEncoderUNet":
                return WithResidual(arguments, new ResidualEncoderUNetOptions { InChannels = inChannels, OutChannels = outChannels, SpatialDims = dims, Stages = stages });
            case "ResidualUNet":
                return WithResidual(arguments, new ResidualUNetOptions { InChannels = inChannels, OutChannels = outChannels, SpatialDims = dims, Stages = stages });
            default: throw Unknown(name);
        }
    }

    /// <summary>Plans of before version 2.3.1 name parts of the network one by one, and leave the rest to the planner.</summary>
    private static NnUNetOptions Old(PlansEntry configuration, SpatialDims dims, long inChannels, long outChannels)
    {
        var name = configuration["UNet_class_name"];
        var layers = Numbers(configuration["n_conv_per_stage_encoder"], MostLayers);
        var (width, widest) = (configuration["UNet_base_num_features"].Integer(1, MostChannels), configuration["unet_max_num_features"].Integer(1, MostChannels));
        if (layers.Count is < 2 or > MostStages) throw configuration["n_conv_per_stage_encoder"].Fail($"It must have 2 to {MostStages} entries, has {layers.Count}.");
        NnUNetOptions options = LastPart(name) switch
        {
            "PlainConvUNet" => new PlainConvUNetOptions { InChannels = inChannels, OutChannels = outChannels, SpatialDims = dims, Stages = layers.Count, ConvsPerStage = layers },
            "ResidualEncoderUNet" => new ResidualEncoderUNetOptions { InChannels = inChannels, OutChannels = outChannels, SpatialDims = dims, Stages = layers.Count, BlocksPerStage = layers },
            _ => throw Unknown(name),
        };
        return options with
        {
            DeepSupervision = false,
            FeaturesPerStage = [.. Enumerable.Range(0, layers.Count).Select(stage => Math.Min((long)width << stage, widest))],
            KernelSizes = Extents(configuration["conv_kernel_sizes"]),
            Strides = Extents(configuration["pool_op_kernel_sizes"]),
            ConvsPerStageDecoder = Numbers(configuration["n_conv_per_stage_decoder"], MostLayers),
        };
    }

    private static ModelFolderException Unknown(JsonField name) =>
        name.Fail($"The network {name.Text()} isn't supported. Supported are {string.Join(", ", Supported)}.");

    private static NnUNetOptions WithResidual(JsonField arguments, NnUNetResidualOptions options)
    {
        Require(arguments, "n_blocks_per_stage", "block", "bottleneck_channels", "stem_channels");
        return WithCommon(arguments, options with
        {
            BlocksPerStage = Numbers(arguments["n_blocks_per_stage"], MostLayers),
            Block = arguments.Given("block") is not { } block ? ResidualBlockKind.Basic : LastPart(block) switch
            {
                "BasicBlockD" => ResidualBlockKind.Basic,
                "BottleneckD" => ResidualBlockKind.Bottleneck,
                _ => throw block.Fail($"The block {block.Text()} isn't supported. Supported are BasicBlockD and BottleneckD."),
            },
            BottleneckChannels = arguments.Given("bottleneck_channels") is { } bottleneck ? Numbers(bottleneck, MostChannels) : null,
            StemChannels = arguments.Given("stem_channels")?.Integer(1, MostChannels),
        });
    }

    private static NnUNetOptions WithCommon(JsonField arguments, NnUNetOptions options)
    {
        if (LastPart(arguments["conv_op"]) is var convolution && convolution != $"Conv{(int)options.SpatialDims}d")
            throw arguments["conv_op"].Fail($"The patch has {(int)options.SpatialDims} axes, and the network is made of {convolution}.");
        return options with
        {
            DeepSupervision = false,            // its heads exist in either case, and inference takes the finest
            FeaturesPerStage = Numbers(arguments["features_per_stage"], MostChannels),
            KernelSizes = Extents(arguments["kernel_sizes"]),
            Strides = Extents(arguments["strides"]),
            ConvsPerStageDecoder = Numbers(arguments["n_conv_per_stage_decoder"], MostLayers),
            ConvBias = arguments.Given("conv_bias")?.Flag() ?? false,
            Norm = Norm(arguments, options.SpatialDims),
            Dropout = Dropout(arguments, options.SpatialDims),
            Activation = Activation(arguments),
        };
    }

    private static Normalization Norm(JsonField arguments, SpatialDims dims)
    {
        if (arguments.Given("norm_op") is not { } norm) return Normalization.None;
        var given = Keywords(arguments, "norm_op_kwargs", "eps", "momentum", "affine", "track_running_stats");
        var eps = given?.Given("eps")?.Positive() ?? 1e-5;
        var momentum = given?.Find("momentum") is { } told ? told.IsNull ? (double?)null : told.Number() : 0.1;
        if (LastPart(norm) == $"InstanceNorm{(int)dims}d") return Normalization.InstanceWith(eps, momentum ?? 0.1, Flag("affine") ?? false, Flag("track_running_stats") ?? false);
        if (LastPart(norm) == $"BatchNorm{(int)dims}d") return Normalization.BatchWith(eps, momentum, Flag("affine") ?? true, Flag("track_running_stats") ?? true);
        throw norm.Fail($"The norm {norm.Text()} isn't supported. Supported are InstanceNorm{(int)dims}d and BatchNorm{(int)dims}d.");

        bool? Flag(string name) => given?.Given(name)?.Flag();
    }

    private static Regularization Dropout(JsonField arguments, SpatialDims dims)
    {
        if (arguments.Given("dropout_op") is not { } dropout) return Regularization.None;
        var share = Keywords(arguments, "dropout_op_kwargs", "p", "inplace")?.Given("p")?.Number() ?? 0.5;
        if (share is < 0 or >= 1) throw dropout.Fail($"Its p must be from 0 to below 1, is {share}.");
        return LastPart(dropout) switch
        {
            "Dropout" => Regularization.Dropout(share),
            var name when name == $"Dropout{(int)dims}d" => Regularization.ChannelDropout(share),
            _ => throw dropout.Fail($"The dropout {dropout.Text()} isn't supported. Supported are Dropout and Dropout{(int)dims}d."),
        };
    }

    private static Activation Activation(JsonField arguments)
    {
        if (arguments.Given("nonlin") is not { } activation) return UNetFamily.Activation.None;
        var given = Keywords(arguments, "nonlin_kwargs", "inplace", "negative_slope", "alpha", "init", "approximate");
        return LastPart(activation) switch
        {
            "LeakyReLU" => UNetFamily.Activation.LeakyReLU(Number("negative_slope", 0.01)),
            "ReLU" => UNetFamily.Activation.ReLU,
            "ReLU6" => UNetFamily.Activation.ReLU6,
            "PReLU" => UNetFamily.Activation.PReLU(Number("init", 0.25)),
            "ELU" => UNetFamily.Activation.ELU(Number("alpha", 1)),
            "GELU" => given?.Given("approximate")?.Text() == "tanh" ? UNetFamily.Activation.GELUTanh : UNetFamily.Activation.GELU,
            "SELU" => UNetFamily.Activation.SELU,
            "SiLU" => UNetFamily.Activation.SiLU,
            "Mish" => UNetFamily.Activation.Mish,
            _ => throw activation.Fail($"The activation {activation.Text()} isn't supported. Supported are LeakyReLU, ReLU, ReLU6, PReLU, ELU, GELU, SELU, SiLU and Mish."),
        };

        double Number(string name, double otherwise) => given?.Given(name)?.Number() ?? otherwise;
    }

    private static JsonField? Keywords(JsonField arguments, string name, params string[] known)
    {
        if (arguments.Given(name) is not { } given) return null;
        RequireKnown(given, known);
        return given;
    }

    private static void Require(JsonField arguments, params string[] own) => RequireKnown(arguments, [.. Common, .. own]);

    /// <summary>An argument that isn't known may change what is computed.</summary>
    private static void RequireKnown(JsonField given, string[] known)
    {
        foreach (var entry in given.Entries())
            if (!known.Contains(entry.Name)) throw entry.Fail($"This argument isn't supported. Supported are {string.Join(", ", known)}.");
    }

    /// <summary>The class that a dotted path ends in.</summary>
    private static string LastPart(JsonField path) => path.Text()[(path.Text().LastIndexOf('.') + 1)..];

    private static ValueList<long> Numbers(JsonField field, int most) => field.IsList ? [.. field.Items().Select(item => (long)item.Integer(1, most))] : [field.Integer(1, most)];

    private static ValueList<Extent> Extents(JsonField field) => field.IsList ? [.. field.Items().Select(Extent)] : [field.Integer(1, LargestSide)];

    private static Extent Extent(JsonField field)
    {
        if (!field.IsList) return field.Integer(1, LargestSide);
        if (field.Items().Count is not (2 or 3)) throw field.Fail($"It must have 2 or 3 entries, has {field.Items().Count}.");
        return UNetFamily.Extent.Of([.. field.Items().Select(side => (long)side.Integer(1, LargestSide))]);
    }
}
