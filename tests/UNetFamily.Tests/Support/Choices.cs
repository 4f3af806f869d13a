using System.Reflection;

namespace UNetFamily.Tests;

/// <summary>The families of choices of the networks' options and everything that their factories make, by reflection.</summary>
internal static class Choices
{
    /// <summary>The types of options, in a small variant of the catalogue each.</summary>
    public static IEnumerable<SegmentationModelOptions> Networks => ModelCatalog.Variants.Select(variant => SmallVariants.Of(variant.Name)).DistinctBy(options => options.GetType());

    /// <summary>The options that are a choice: of a type whose own static members make its kinds.</summary>
    public static IEnumerable<PropertyInfo> Of(Type options) =>
        options.GetProperties().Where(property => property is { CanWrite: true, PropertyType: { IsAbstract: true, IsClass: true } family } && FactoriesOf(family).Concat<object>(ConstantsOf(family)).Any());

    public static PropertyInfo[] ConstantsOf(Type family) => [.. family.GetProperties(BindingFlags.Public | BindingFlags.Static).Where(property => property.PropertyType == family)];

    public static MethodInfo[] FactoriesOf(Type family) => [.. family.GetMethods(BindingFlags.Public | BindingFlags.Static).Where(method => method.ReturnType == family && !method.IsSpecialName)];

    /// <summary>What a factory makes with each argument off its default alone, and with all of them off it.</summary>
    public static IEnumerable<object> MadeBy(MethodInfo factory)
    {
        var parameters = factory.GetParameters();
        object?[] usual = [.. parameters.Select(parameter => parameter.HasDefaultValue ? parameter.DefaultValue : Others(parameter).First())];
        object?[] other = [.. parameters.Select(parameter => Others(parameter).First())];
        yield return factory.Invoke(null, other)!;
        for (var i = 0; i < parameters.Length; i++)
            foreach (var value in Others(parameters[i])) yield return factory.Invoke(null, [.. usual[..i], value, .. usual[(i + 1)..]])!;
    }

    /// <summary>Options with one of them exchanged.</summary>
    public static SegmentationModelOptions With(this SegmentationModelOptions options, PropertyInfo property, object? value)
    {
        var copy = (SegmentationModelOptions)options.GetType().GetMethod("<Clone>$")!.Invoke(options, [])!;
        property.SetValue(copy, value);
        return copy;
    }

    private static object?[] Others(ParameterInfo parameter)
    {
        if (Nullable.GetUnderlyingType(parameter.ParameterType) is not null) return [.. Of(Nullable.GetUnderlyingType(parameter.ParameterType)!), null];
        return Of(parameter.ParameterType);

        object[] Of(Type type) => type == typeof(bool) ? [parameter is not { HasDefaultValue: true, DefaultValue: true }]
            : type == typeof(long) ? [2L]
            : type == typeof(double) ? [0.37, 1.0 / 3]
            : throw new NotSupportedException($"Which {type.Name}s a choice may have, is to be said here.");
    }
}
