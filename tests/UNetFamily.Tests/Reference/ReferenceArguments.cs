using System.Text.Json;

namespace UNetFamily.Tests.Reference;

/// <summary>Reads keyword arguments of an original; what a case leaves out has the original's default.</summary>
internal static class ReferenceArguments
{
    /// <summary>The argument, or null when it is left out or None. Arguments that are left out altogether have none.</summary>
    public static JsonElement? Given(this JsonElement? arguments, string name) =>
        arguments is { ValueKind: JsonValueKind.Object } given && given.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    public static JsonElement? Given(this JsonElement arguments, string name) => ((JsonElement?)arguments).Given(name);

    public static long Integer(this JsonElement arguments, string name, long? otherwise = null) =>
        arguments.Given(name)?.GetInt64() ?? otherwise ?? throw new ArgumentException($"The case does not say '{name}', and the original has no default for it.");

    public static double Number(this JsonElement? arguments, string name, double otherwise) => arguments.Given(name)?.GetDouble() ?? otherwise;

    public static double Number(this JsonElement arguments, string name, double otherwise) => arguments.Given(name)?.GetDouble() ?? otherwise;

    public static bool Flag(this JsonElement? arguments, string name, bool otherwise = false) => arguments.Given(name)?.GetBoolean() ?? otherwise;

    public static bool Flag(this JsonElement arguments, string name, bool otherwise = false) => arguments.Given(name)?.GetBoolean() ?? otherwise;

    /// <summary>The class or function that an argument names, without its module.</summary>
    public static string? Name(this JsonElement arguments, string name) => arguments.Given(name)?.GetString()!.Split('.')[^1];

    /// <summary>A number that stands for all stages, or one for each.</summary>
    public static ValueList<long> Numbers(this JsonElement value) => value.ValueKind is JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => item.GetInt64())] : [value.GetInt64()];

    /// <summary>A number for all stages, or for each stage a number or one for each axis.</summary>
    public static ValueList<Extent> Extents(this JsonElement value) => value.ValueKind is JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(item => item.ValueKind is JsonValueKind.Array ? Extent.Of(ReferenceCase.Shape(item)) : item.GetInt64())]
        : [value.GetInt64()];
}
