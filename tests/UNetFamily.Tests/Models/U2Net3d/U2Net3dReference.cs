using System.Text.Json;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.U2Net3d;

/// <summary>The class u2net3d of huangmozhilv/u2net_torch, with the settings of its global configuration. Its numbered domains are d0, d1 and so on here.</summary>
internal sealed class U2Net3dReference : ReferenceFamily
{
    public override string Net => "u2net3d";

    public override ReferenceSubject Build(ReferenceCase source)
    {
        var options = OptionsOf(source.Arguments);
        var model = options.Build();
        var domain = options.Domains[source.Arguments.GetProperty("task_idx").GetInt32()].Name;
        return new ReferenceSubject(model, options.KeyMaps[0], inputs => [.. Run(model, domain, options, inputs[0]).Take(source.Outputs.Count)]);
    }

    /// <summary>Our options for the original's arguments.</summary>
    public static U2Net3dOptions OptionsOf(JsonElement arguments)
    {
        var channels = Numbers(arguments, "inChans_list").Zip(Numbers(arguments, "num_class_list"));
        var domains = channels.Select((pair, i) => new Domain($"d{i}", pair.First, pair.Second)).ToArray();
        return new U2Net3dOptions
        {
            InChannels = domains[0].InChannels!.Value,
            OutChannels = domains[0].OutChannels!.Value,
            Domains = [.. domains],
            Adapter = AdapterOf(arguments),
            Pools = Extent.Of(Numbers(arguments, "num_pool_per_axis")),
            BaseWidth = arguments.GetProperty("base_outChans").GetInt64(),
            Residual = Flag(arguments, "residual"),
            DeepSupervision = Flag(arguments, "deep_supervision"),
        };
    }

    // Adapters exist in the universal mode only.
    private static AdapterKind AdapterOf(JsonElement arguments) => (arguments.GetProperty("trainMode").GetString(), arguments.GetProperty("module").GetString()) switch
    {
        ("independent" or "shared", _) => AdapterKind.None,
        ("universal", "separable_adapter") => AdapterKind.Separable,
        ("universal", "series_adapter") => AdapterKind.Series,
        ("universal", "parallel_adapter") => AdapterKind.Parallel,
        var other => throw new NotSupportedException($"The mode {other} is unknown."),
    };

    /// <summary>The logits and, in the two forms whose original returns them, what the last upsampling unit's shared and own layers compute.</summary>
    private static List<Tensor> Run(UNetFamily.U2Net3d model, string domain, U2Net3dOptions options, Tensor input)
    {
        using var network = model.ForDomain(domain);
        if (options.Adapter is not (AdapterKind.Separable or AdapterKind.Parallel)) return [network.call(input).Logits];

        var layers = model.named_modules().ToDictionary(entry => entry.name, entry => entry.module);
        var unit = $"up.{options.Pools.Along(options.SpatialDims).Max() - 1}.raise";
        var shared = Record($"{unit}.shared");
        var own = Record($"{unit}.own.{domain}");
        return [network.call(input).Logits, shared(), own()];

        Func<Tensor> Record(string name)
        {
            Tensor? seen = null;
            ((Module<Tensor, Tensor>)layers[name]).register_forward_hook((_, _, output) =>
            {
                seen = output.clone().DetachFromDisposeScope();
                return output;
            });
            return () => seen!;
        }
    }

    private static long[] Numbers(JsonElement arguments, string argument) => ReferenceCase.Shape(arguments.GetProperty(argument));

    private static bool Flag(JsonElement arguments, string argument) => !arguments.TryGetProperty(argument, out var flag) || flag.GetBoolean();
}
