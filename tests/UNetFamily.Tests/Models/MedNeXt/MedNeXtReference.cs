using System.Text.Json;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.MedNeXt;

/// <summary>MIC-DKFZ's MedNeXt: the network, its published variants and its blocks.</summary>
internal sealed class MedNeXtReference : ReferenceFamily
{
    /// <summary>A block's own names are those of the network without the stage.</summary>
    private static readonly KeyRule[] BlockRules = [.. MedNeXtKeyMaps.Official.Rules.OfType<KeyRule.Rename>().Where(rule => !rule.Official.StartsWith('^'))];

    private static readonly KeyMap Block = new("MedNeXtBlock", BlockRules);

    private static readonly KeyMap Resampling = new("MedNeXtDownBlock, MedNeXtUpBlock",
        [new KeyRule.Rename("^res_conv", "^shortcut"), .. BlockRules, .. new[] { "depthwise", "norm", "expand", "grn", "compress" }.Select(layer => new KeyRule.Rename($"^{layer}", $"^block.{layer}"))]);

    public override string Net => "mednext";

    public override ReferenceSubject Build(ReferenceCase source) => source.Class switch
    {
        "MedNeXt" => ReferenceSubject.Of(Options(source.Arguments).Build(), MedNeXtKeyMaps.Official),
        "create_mednext_v1" => ReferenceSubject.Of(Variant(source.Arguments).Build(), MedNeXtKeyMaps.Official),
        "MedNeXtBlock" => ReferenceSubject.Of(OfBlock(new Arguments(source.Arguments)), Block),
        "MedNeXtDownBlock" => ReferenceSubject.Of(OfDownBlock(new Arguments(source.Arguments)), Resampling),
        "MedNeXtUpBlock" => ReferenceSubject.Of(OfUpBlock(new Arguments(source.Arguments)), Resampling),
        "OutBlock" => ReferenceSubject.Of(OfHead(new Arguments(source.Arguments)), new KeyMap("OutBlock")),
        var other => throw new NotSupportedException($"{source}: {other} is no class of MedNeXt."),
    };

    /// <summary>The options for the arguments of the original's <c>MedNeXt</c>.</summary>
    public static MedNeXtOptions Options(JsonElement json)
    {
        var arguments = new Arguments(json);
        // A kernel_size that is not None overrides the other two; it is 7 when left out.
        var kernel = arguments.IsNone("kernel_size") ? (long?)null : arguments.Number("kernel_size", 7);
        return new MedNeXtOptions
        {
            InChannels = arguments.Number("in_channels"),
            OutChannels = arguments.Number("n_classes"),
            SpatialDims = arguments.Dims,
            Channels = arguments.Number("n_channels"),
            Depths = arguments.PerStage("block_counts", 2),
            Expansions = arguments.PerStage("exp_r", 4),
            Kernel = kernel ?? 1,
            EncoderKernel = kernel is null ? arguments.Number("enc_kernel_size") : null,
            DecoderKernel = kernel is null ? arguments.Number("dec_kernel_size") : null,
            Norm = arguments.Norm,
            Residual = arguments.Flag("do_res"),
            ResamplingResidual = arguments.Flag("do_res_up_down"),
            ResponseNorm = arguments.Flag("grn"),
            DeepSupervision = arguments.Flag("deep_supervision"),
            ActivationCheckpointing = arguments.Text("checkpoint_style") switch
            {
                null => false,
                "outside_block" => true,
                var style => throw new NotSupportedException($"checkpoint_style '{style}' is none of the original's."),
            },
        };
    }

    private static MedNeXtOptions Variant(JsonElement json)
    {
        var arguments = new Arguments(json);
        var (inChannels, outChannels, kernel) = (arguments.Number("num_input_channels"), arguments.Number("num_classes"), arguments.Number("kernel_size", 3));
        var options = arguments.Text("model_id") switch
        {
            "S" => MedNeXtOptions.Small(inChannels, outChannels, kernel),
            "B" => MedNeXtOptions.Base(inChannels, outChannels, kernel),
            "M" => MedNeXtOptions.Medium(inChannels, outChannels, kernel),
            "L" => MedNeXtOptions.Large(inChannels, outChannels, kernel),
            var id => throw new NotSupportedException($"model_id '{id}' is none of the original's."),
        };
        return options with { DeepSupervision = arguments.Flag("deep_supervision") };
    }

    private static MedNeXtBlock OfBlock(Arguments arguments) => new(arguments.Dims, arguments.Number("in_channels"), arguments.Number("out_channels"),
        arguments.Number("exp_r", 4), arguments.Number("kernel_size", 7), arguments.Norm, arguments.IsNone("n_groups") ? null : arguments.Number("n_groups"),
        arguments.Flag("do_res", otherwise: true), arguments.Flag("grn"));

    private static MedNeXtDownBlock OfDownBlock(Arguments arguments) => new(arguments.Dims, arguments.Number("in_channels"), arguments.Number("out_channels"),
        arguments.Number("exp_r", 4), arguments.Number("kernel_size", 7), arguments.Norm, arguments.Flag("do_res"), arguments.Flag("grn"));

    private static MedNeXtUpBlock OfUpBlock(Arguments arguments) => new(arguments.Dims, arguments.Number("in_channels"), arguments.Number("out_channels"),
        arguments.Number("exp_r", 4), arguments.Number("kernel_size", 7), arguments.Norm, arguments.Flag("do_res"), arguments.Flag("grn"));

    /// <summary>The original's head is a block around the transposed convolution that is ours.</summary>
    private static Sequential OfHead(Arguments arguments) =>
        Sequential(("conv_out", arguments.Dims.ConvTranspose(arguments.Number("in_channels"), arguments.Number("n_classes"), kernel: 1)));

    /// <summary>Keyword arguments with Python's defaults; one that is left out or None takes its default.</summary>
    private readonly struct Arguments(JsonElement json)
    {
        public SpatialDims Dims => Text("dim") switch
        {
            null or "3d" => SpatialDims.Three,
            "2d" => SpatialDims.Two,
            var dim => throw new NotSupportedException($"dim '{dim}' is none of the original's."),
        };

        public Normalization Norm => Text("norm_type") switch
        {
            null or "group" => Normalization.GroupPerChannel,
            "layer" => Normalization.ChannelLayer,
            var norm => throw new NotSupportedException($"norm_type '{norm}' is none of the original's."),
        };

        /// <summary>Whether an argument is given as None; only <c>n_groups</c> is None when left out.</summary>
        public bool IsNone(string name) => json.TryGetProperty(name, out var value) ? value.ValueKind is JsonValueKind.Null : name == "n_groups";

        public long Number(string name, long? otherwise = null) => Given(name) is { } value ? value.GetInt64()
            : otherwise ?? throw new KeyNotFoundException($"{name} has no default.");

        public bool Flag(string name, bool otherwise = false) => Given(name)?.GetBoolean() ?? otherwise;

        public string? Text(string name) => Given(name)?.GetString();

        /// <summary>A list, or one number for each of the nine stages.</summary>
        public ValueList<long> PerStage(string name, long otherwise) => Given(name) is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray().Select(item => item.GetInt64())]
            : [.. Enumerable.Repeat(Number(name, otherwise), 9)];

        private JsonElement? Given(string name) => json.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;
    }
}
