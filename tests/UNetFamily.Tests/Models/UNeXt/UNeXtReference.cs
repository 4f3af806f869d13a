using System.Text.Json;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.UNeXt;

/// <summary>UNext and UNext_S, and their blocks, which work on tokens (N, positions, C) and are told height and width.</summary>
internal sealed class UNeXtReference : ReferenceFamily
{
    public override string Net => "unext";

    public override ReferenceSubject Build(ReferenceCase source)
    {
        var arguments = source.Arguments;
        return source.Class switch
        {
            "UNext" => Network(arguments, new UNeXtOptions { InChannels = 3, OutChannels = arguments.Integer("num_classes") }),
            "UNext_S" => Network(arguments, UNeXtOptions.Small(3, arguments.Integer("num_classes"))),
            "shiftmlp" => OnTokens(source, new ShiftedMlp(SpatialDims.Two, Width(arguments), arguments.Integer("shift_size", 5), arguments.Number("drop", 0)), UNeXtKeyMaps.ShiftedMlp),
            "shiftedBlock" => OnTokens(source, new ShiftedMlpBlock(SpatialDims.Two, arguments.Integer("dim"), dropout: arguments.Number("drop", 0), dropPath: arguments.Number("drop_path", 0)), UNeXtKeyMaps.ShiftedMlpBlock),
            "OverlapPatchEmbed" => Embedding(arguments),
            var other => throw new NotSupportedException($"UNeXt has no class '{other}'."),
        };
    }

    // A value near zero before a ReLU, or near another in a max pool, falls on one side or the other by the order in which kernels add: gradients of one block move together, by up to 0.13 %.
    public override double GradientTolerance(ReferenceCase source) => source.IsTraining ? 2e-3 : base.GradientTolerance(source);

    // What the original ignores is not read: input_channels, img_size, num_heads, mlp_ratios and so on. embed_dims must be the widths that it hard-codes, but for the last of UNext_S.
    private static ReferenceSubject Network(JsonElement arguments, UNeXtOptions options)
    {
        var chosen = options with { Dropout = arguments.Number("drop_rate", 0), DropPath = arguments.Number("drop_path_rate", 0) };
        return ReferenceSubject.Of(chosen.Build(), UNeXtKeyMaps.Official(chosen));
    }

    private static long Width(JsonElement arguments)
    {
        var width = arguments.Integer("in_features");
        foreach (var other in new[] { "hidden_features", "out_features" })
            if (arguments.Integer(other, width) != width) throw new NotSupportedException($"The original needs {other} to be in_features, {width}.");
        return width;
    }

    private static ReferenceSubject Embedding(JsonElement arguments)
    {
        var embedding = UNetFamily.UNeXt.PatchEmbedding(SpatialDims.Two, arguments.Integer("in_chans", 3), arguments.Integer("embed_dim", 768), arguments.Integer("patch_size", 7), arguments.Integer("stride", 4));
        return new(embedding, UNeXtKeyMaps.PatchEmbedding, inputs => [Tokens(embedding.call(inputs[0]))]);
    }

    private static ReferenceSubject OnTokens(ReferenceCase source, Module<Tensor, Tensor> block, KeyMap keys)
    {
        var call = source["call_args"]!.Value;
        return new(block, keys, inputs => [Tokens(block.call(inputs[0].transpose(1, 2).reshape(inputs[0].shape[0], inputs[0].shape[2], call.Integer("H"), call.Integer("W"))))]);
    }

    private static Tensor Tokens(Tensor map) => map.flatten(2).transpose(1, 2);
}
