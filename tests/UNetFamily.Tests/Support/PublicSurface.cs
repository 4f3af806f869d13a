using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace UNetFamily.Tests;

/// <summary>Lists the public surface of an assembly, one sorted line per type and member, for comparison with a file that a reviewer sees change.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IReadOnlyList<string> Of(Assembly assembly)
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in assembly.GetTypes().Where(type => type.IsVisible && !IsGenerated(type)))
        {
            var name = NameOf(type);
            lines.Add($"{name} : {KindOf(type)}{BaseOf(type)}");
            foreach (var member in type.GetMembers(Declared).Where(member => !IsGenerated(member)))
                if (Describe(member) is { } text)
                    lines.Add($"{name}.{text}");
        }
        return [.. lines];
    }

    private static string? Describe(MemberInfo member) => member switch
    {
        FieldInfo field when type(field) is { IsEnum: true } && !field.IsLiteral => null,
        FieldInfo field when field.IsLiteral && field.DeclaringType!.IsEnum => $"{field.Name} = {field.GetRawConstantValue()}",
        FieldInfo field when field.IsPublic || field.IsFamily => $"{field.Name} : {NameOf(field.FieldType)}",
        ConstructorInfo constructor when Visible(constructor) => $"ctor({Parameters(constructor)})",
        MethodInfo method when Visible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            $"{(method.IsStatic ? "static " : "")}{method.Name}({Parameters(method)}) : {NameOf(method.ReturnType)}",
        PropertyInfo property when Accessors(property) is { Length: > 0 } accessors =>
            $"{property.Name}{(property.GetIndexParameters().Length > 0 ? "[]" : "")} {{ {accessors} }} : {NameOf(property.PropertyType)}",
        _ => null,
    };

    private static Type type(FieldInfo field) => field.DeclaringType!;

    private static string Accessors(PropertyInfo property)
    {
        var parts = new List<string>();
        if (property.GetMethod is { } get && Visible(get)) parts.Add("get;");
        if (property.SetMethod is { } set && Visible(set)) parts.Add(set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;");
        return string.Join(" ", parts);
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{NameOf(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {Default(parameter)}" : "")}"));

    private static string Default(ParameterInfo parameter) => parameter.DefaultValue switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        var value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
    };

    private static bool Visible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsGenerated(MemberInfo member) => member.Name.Contains('<', StringComparison.Ordinal) || member.Name.Contains('$', StringComparison.Ordinal)
        || member.IsDefined(typeof(CompilerGeneratedAttribute)) || member is Type { DeclaringType: { } outer } && IsGenerated(outer);

    private static string KindOf(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string BaseOf(Type type) => type is { IsClass: true, BaseType: { } parent } && parent != typeof(object) ? $" {NameOf(parent)}" : "";

    private static string NameOf(Type type)
    {
        if (type.IsByRef) return $"ref {NameOf(type.GetElementType()!)}";
        if (type.IsArray) return $"{NameOf(type.GetElementType()!)}[]";
        if (type.IsGenericParameter) return type.Name;
        if (Nullable.GetUnderlyingType(type) is { } underlying) return $"{NameOf(underlying)}?";

        var text = new StringBuilder(type.IsNested ? $"{NameOf(type.DeclaringType!)}." : "");
        text.Append(type.Name.Split('`')[0]);
        if (type.IsGenericType)
        {
            var own = type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0).Select(NameOf).ToArray();
            if (own.Length > 0) text.Append('<').AppendJoin(", ", own).Append('>');
        }
        return text.ToString();
    }
}
