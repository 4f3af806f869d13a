using System.Globalization;
using System.Reflection;
using System.Text;

namespace UNetFamily.Tests.Backend;

/// <summary>
/// What compiles here must compile on TorchSharp 0.107.0, and what was compiled here must run on it. So every public type and member of the assembly
/// that stands in for TorchSharp has to be in the list of TorchSharp's own, with the same kind, bases, signature, parameter names and defaults.
/// </summary>
public class ContractTests
{
    [Fact]
    public void Every_public_member_is_one_of_TorchSharps() => NotIn(Official(), Surface(typeof(torch).Assembly)).Should().BeEmpty();

    [Fact]
    public void The_assembly_has_TorchSharps_name_and_version()
    {
        var name = typeof(torch).Assembly.GetName();
        name.Name.Should().Be("TorchSharp");
        name.Version.Should().Be(new Version(0, 107, 0, 0));
    }

    [Fact]
    public void A_renamed_member_a_changed_default_and_an_added_base_are_noticed()
    {
        var official = Official();
        var own = Surface(typeof(torch).Assembly).ToList();
        NotIn(official, Changed(own, "torch.Tensor.sum(", "torch.Tensor.summe(")).Should().NotBeEmpty();
        NotIn(official, Changed(own, " cat(TorchSharp.torch.Tensor[] tensors, Int64 dim = 0)", " cat(TorchSharp.torch.Tensor[] tensors, Int64 dim = 1)")).Should().ContainSingle();
        NotIn(official, Changed(own, "Tensor : class IDisposable", "Tensor : class ICloneable, IDisposable")).Should().ContainSingle();
        NotIn(official, Changed(own, "DeviceType.CUDA = 1", "DeviceType.CUDA = 2")).Should().ContainSingle();
    }

    private static IEnumerable<string> Changed(List<string> lines, string from, string to)
    {
        lines.Should().Contain(line => line.Contains(from, StringComparison.Ordinal));
        return lines.Select(line => line.Replace(from, to, StringComparison.Ordinal));
    }

    private static IEnumerable<string> NotIn(HashSet<string> official, IEnumerable<string> own) => own.Where(line => !official.Contains(line));

    private static HashSet<string> Official() => [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Backend", "api-0.107.0.txt"))];

    private static IEnumerable<string> Surface(Assembly assembly)
    {
        const BindingFlags declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (var type in assembly.GetTypes().Where(type => type.IsVisible))
        {
            var name = NameOf(type);
            yield return $"{name} : {KindOf(type)}{Bases(type)}";
            foreach (var member in type.GetMembers(declared))
            {
                if (Describe(type, member) is { } text) yield return $"{name}.{text}";
            }
        }
    }

    private static string? Describe(Type type, MemberInfo member) => member switch
    {
        FieldInfo { IsLiteral: true } field when type.IsEnum => $"{field.Name} = {field.GetRawConstantValue()}",
        _ when type.IsEnum => null,
        FieldInfo field when field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly => $"{(field.IsStatic ? "static " : "")}{field.Name} field -> {NameOf(field.FieldType)}",
        ConstructorInfo constructor when Visible(constructor) => $"{Access(constructor)}ctor({Parameters(constructor)})",
        MethodInfo method when Visible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            $"{Access(method)}{method.Name}{TypeParameters(method)}({Parameters(method)}) -> {NameOf(method.ReturnType)}",
        PropertyInfo property => DescribeProperty(property),
        EventInfo @event when Visible(@event.AddMethod!) => $"{@event.Name} event -> {NameOf(@event.EventHandlerType!)}",
        _ => null,
    };

    private static string? DescribeProperty(PropertyInfo property)
    {
        var get = property.GetMethod is { } getter && Visible(getter) ? " get;" : "";
        var set = property.SetMethod is { } setter && Visible(setter) ? " set;" : "";
        if (get.Length + set.Length == 0) return null;
        var index = property.GetIndexParameters();
        var indices = index.Length > 0 ? $"[{string.Join(", ", index.Select(parameter => $"{NameOf(parameter.ParameterType)} {parameter.Name}"))}]" : "";
        return $"{Access((property.GetMethod ?? property.SetMethod)!)}{property.Name}{indices} {{{get}{set} }} -> {NameOf(property.PropertyType)}";
    }

    private static bool Visible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Access(MethodBase method) =>
        (method.IsPublic ? "" : "protected ") + (method.IsStatic ? "static " : method.IsAbstract ? "abstract " : method.IsVirtual && !method.IsFinal ? "virtual " : "");

    private static string TypeParameters(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(",", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        (parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "") + NameOf(parameter.ParameterType) + " " + parameter.Name
        + (parameter.HasDefaultValue ? $" = {Default(parameter)}" : "")));

    private static string Default(ParameterInfo parameter) => parameter.RawDefaultValue switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        var value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string KindOf(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string Bases(Type type)
    {
        var bases = new List<string>();
        if (type.BaseType is { } parent && parent != typeof(object) && !type.IsValueType && !typeof(Delegate).IsAssignableFrom(type)) bases.Add(NameOf(parent));
        bases.AddRange(type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? []).Select(NameOf).Order(StringComparer.Ordinal));
        return bases.Count > 0 ? " " + string.Join(", ", bases) : "";
    }

    private static string NameOf(Type type)
    {
        if (type.IsByRef) return "ref " + NameOf(type.GetElementType()!);
        if (type.IsArray) return NameOf(type.GetElementType()!) + "[]";
        if (type.IsPointer) return NameOf(type.GetElementType()!) + "*";
        if (type.IsGenericParameter) return type.Name;
        if (Nullable.GetUnderlyingType(type) is { } underlying) return NameOf(underlying) + "?";

        var text = new StringBuilder(type.IsNested ? NameOf(type.DeclaringType!) + "." : type.Namespace is null or "System" or "System.Collections.Generic" ? "" : type.Namespace + ".");
        text.Append(type.Name.Split('`')[0]);
        if (type.IsGenericType)
        {
            var own = type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0).Select(NameOf).ToArray();
            if (own.Length > 0) text.Append('<').AppendJoin(", ", own).Append('>');
        }

        return text.ToString();
    }
}
