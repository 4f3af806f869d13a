using System.Text.Json;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.UnetrPlusPlus;

/// <summary>
/// The four classes UNETR_PP, and EPA and TransformerBlock alone. What the originals hard-code for each data set stands in fields beside the keyword arguments.
/// </summary>
internal sealed class UnetrPlusPlusReference : ReferenceFamily
{
    public override string Net => "unetrplusplus";

    // Twenty transformer blocks deep, logits of 57 are up to 1e-4 away from themselves in double precision: 2.6e-6 of the largest.
    public override double Tolerance(ReferenceCase source, ReferenceOutput output) => 1e-5 * Math.Max(1, output.LargestMagnitude);

    public override ReferenceSubject Build(ReferenceCase source)
    {
        var options = Network(source);
        var keys = UnetrPlusPlusKeyMaps.Official(options.Projection);
        return source.Class switch
        {
            "UNETR_PP" => ReferenceSubject.Of(options.Build(), keys),
            "EPA" => Attention(source, options, keys),
            "TransformerBlock" => ReferenceSubject.Of(Block(source, options), keys),
            var other => throw new NotSupportedException($"There is no counterpart of {other}."),
        };
    }

    private static UnetrPlusPlusOptions Network(ReferenceCase source)
    {
        var arguments = source.Arguments;
        var published = source.Text("variant") switch
        {
            "synapse" => UnetrPlusPlusOptions.Synapse(),
            "acdc" => UnetrPlusPlusOptions.Acdc(),
            "lung" => UnetrPlusPlusOptions.Lung(),
            "tumor" => UnetrPlusPlusOptions.Tumor(),
            var other => throw new NotSupportedException($"There is no variant {other}."),
        };
        if (source.Class != "UNETR_PP") return published;

        var heads = arguments.Integer("num_heads", 4);
        var inChannels = arguments.Integer("in_channels", published.InChannels);
        return published with
        {
            InChannels = inChannels,
            OutChannels = arguments.Integer("out_channels", published.OutChannels),
            ImageSize = ImageSize(source) ?? published.ImageSize,
            PatchSize = Extent(source["patch_size"]) ?? published.PatchSize,
            FeatureSize = arguments.Integer("feature_size", published.FeatureSize),
            Depths = arguments.Given("depths")?.Numbers() ?? published.Depths,
            DecoderDepth = (int)(source.Number("decoder_depth") ?? published.DecoderDepth),
            Heads = heads,
            // The published decoders have four heads, whatever they are told.
            DecoderHeads = source.Text("constructor") == "as published" ? published.DecoderHeads : heads,
            ProjectedTokens = source["encoder_proj_sizes"]?.Numbers() ?? published.ProjectedTokens,
            DecoderProjectedTokens = (long)(source.Number("decoder_proj_size") ?? published.DecoderProjectedTokens),
            Norm = Norm(arguments),
            StemChannels = source.Number("encoder_in_channels") is { } seen && seen != inChannels ? (long)seen : null,
            DeepSupervision = arguments.Flag("do_ds", true),
        };
    }

    // Token counts are what the weights depend on; the class's own image size sets a reshape only.
    private static Extent? ImageSize(ReferenceCase source) => source["stage_grids"] is { } grids && source["patch_size"] is { } patch
        ? UNetFamily.Extent.Of([.. ReferenceCase.Shape(grids[0]).Zip(ReferenceCase.Shape(patch), (side, factor) => side * factor)])
        : Extent(source["image_size"]);

    private static Normalization Norm(JsonElement arguments)
    {
        var name = arguments.Given("norm_name");
        var (kind, settings) = name is { ValueKind: JsonValueKind.Array } pair ? (pair[0].GetString(), (JsonElement?)pair[1]) : (name?.GetString(), null);
        return kind?.ToUpperInvariant() switch
        {
            null or "INSTANCE" => TorchArguments.Norm("InstanceNorm3d", settings),
            "BATCH" => TorchArguments.Norm("BatchNorm3d", settings),
            "GROUP" => Normalization.Group(settings!.Value.Integer("num_groups")),
            var other => throw new NotSupportedException($"The norm {other} is unknown."),
        };
    }

    private static ReferenceSubject Attention(ReferenceCase source, UnetrPlusPlusOptions variant, KeyMap keys)
    {
        var arguments = source.Arguments;
        var attention = new EfficientPairedAttention(arguments.Integer("hidden_size"), arguments.Integer("input_size"), AttentionOptions(arguments, variant) with
        {
            ChannelDropout = arguments.Number("channel_attn_drop", 0.1),
            SpatialDropout = arguments.Number("spatial_attn_drop", 0.1),
        });
        return new ReferenceSubject(attention, keys, inputs =>
        {
            // The original takes tokens before channels.
            using var channelsFirst = inputs[0].transpose(1, 2);
            using var attended = attention.call(channelsFirst);
            return [attended.transpose(1, 2)];
        });
    }

    private static TransformerBlock Block(ReferenceCase source, UnetrPlusPlusOptions variant)
    {
        var arguments = source.Arguments;
        var grid = source.InputShapes.Count > 0 ? source.InputShapes[0].AsSpan(2) : [1, 1, arguments.Integer("input_size")];
        return new TransformerBlock(SpatialDims.Three, arguments.Integer("hidden_size"), UNetFamily.Extent.Of(grid), AttentionOptions(arguments, variant) with
        {
            ChannelDropout = arguments.Number("dropout_rate", 0),
            SpatialDropout = arguments.Number("dropout_rate", 0),
        }, variant.ResidualBlocks, variant.Dropout, arguments.Flag("pos_embed"));
    }

    private static PairedAttentionOptions AttentionOptions(JsonElement arguments, UnetrPlusPlusOptions variant) => new()
    {
        Heads = arguments.Integer("num_heads", 4),
        ProjectedTokens = arguments.Integer("proj_size"),
        Projection = variant.Projection,
        Fusion = variant.Fusion,
        Bias = arguments.Flag("qkv_bias"),
        ScrambledTokens = variant.ScrambledTokens,
    };

    private static Extent? Extent(JsonElement? sides) => sides is { } given ? UNetFamily.Extent.Of(ReferenceCase.Shape(given)) : null;
}
