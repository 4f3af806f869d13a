using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace UNetFamily;

/// <summary>
/// Options as JSON and back, for every record of options there is: numbers, texts, enums, extents, lists, records, and the families of choices
/// (<see cref="Normalization"/> and the like), which are written as what a user would type: <c>"Batch"</c>, <c>{"Group": {"groups": 8}}</c>.
/// Reading makes nothing but these types, through their public members, so they check what they are given.
/// </summary>
internal static class OptionsJson
{
    private const int LongestText = 1 << 20;
    private const int LongestList = 256;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };
    private static readonly NullabilityInfoContext Nullability = new();

    public static string Write(SegmentationModelOptions options)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) WriteRecord(json, options);
        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>Reads the options of a network.</summary>
    /// <param name="network">The network's name, such as <c>UNet</c>.</param>
    /// <param name="text">The JSON.</param>
    /// <param name="largest">The largest whole number that makes sense.</param>
    /// <exception cref="FormatException">There is no such network, or the JSON is none that <see cref="Write"/> makes; the message says why.</exception>
    public static SegmentationModelOptions Read(string network, string text, long largest)
    {
        var type = typeof(SegmentationModelOptions).Assembly.GetTypes().FirstOrDefault(type => type.IsSealed && type.IsSubclassOf(typeof(SegmentationModelOptions)) && type.Name == network + "Options")
            ?? throw new FormatException($"There is no network '{Printable.Of(network, 60)}'.");
        if (text.Length > LongestText) throw new FormatException($"The options have {text.Length} characters; {LongestText} is the most.");
        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            return (SegmentationModelOptions)new Reader(largest).Record(type, document.RootElement, network);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"The options are not valid JSON: {Printable.Of(e.Message)}", e);
        }
    }

    private static PropertyInfo[] PropertiesOf(Type record) =>
        [.. record.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true } && property.GetIndexParameters().Length == 0)];

    private static void WriteRecord(Utf8JsonWriter json, object record)
    {
        json.WriteStartObject();
        foreach (var property in PropertiesOf(record.GetType()))
        {
            json.WritePropertyName(property.Name);
            WriteValue(json, property.PropertyType, property.GetValue(record));
        }
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, Type type, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool truth: json.WriteBooleanValue(truth); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case double number: json.WriteNumberValue(number); break;
            case string text: json.WriteStringValue(text); break;
            case Enum choice: json.WriteStringValue(choice.ToString()); break;
            case Extent extent: WriteItems(json, typeof(long), NumbersOf(extent)); break;
            case IEnumerable items when IsList(type): WriteItems(json, type.GenericTypeArguments[0], items); break;
            default:
                if (FamilyOf(type) is { } family) WriteChoice(json, family, value);
                else if (IsRecord(type)) WriteRecord(json, value);
                else throw new NotSupportedException($"Options with a {type.Name} can't be written to a file.");
                break;
        }
    }

    private static void WriteItems(Utf8JsonWriter json, Type type, IEnumerable items)
    {
        json.WriteStartArray();
        foreach (var item in items) WriteValue(json, type, item);
        json.WriteEndArray();
    }

    private static long[] NumbersOf(Extent extent) => extent.Axes switch
    {
        1 => [extent.Along(SpatialDims.Two)[0]],
        2 => extent.Along(SpatialDims.Two),
        3 => extent.Along(SpatialDims.Three),
        _ => throw new NotSupportedException("An extent without numbers can't be written to a file."),
    };

    private static void WriteChoice(Utf8JsonWriter json, Type family, object choice)
    {
        if (Array.Find(ConstantsOf(family), constant => Equals(constant.GetValue(null), choice)) is { } constant)
        {
            json.WriteStringValue(constant.Name);
            return;
        }
        foreach (var factory in FactoriesOf(family))
        {
            if (ArgumentsOf(factory, choice) is not { } arguments || !Equals(factory.Invoke(null, arguments), choice)) continue;
            json.WriteStartObject();
            json.WriteStartObject(factory.Name);
            foreach (var (parameter, argument) in factory.GetParameters().Zip(arguments))
            {
                json.WritePropertyName(parameter.Name!);
                WriteValue(json, parameter.ParameterType, argument);
            }
            json.WriteEndObject();
            json.WriteEndObject();
            return;
        }
        throw new NotSupportedException($"The {family.Name} '{choice}' is none that {family.Name}'s own members make, so it can't be written to a file.");
    }

    /// <summary>What the choice says under the names of the factory's parameters; null when it lacks one. Whether the factory makes this choice of it, is for the caller to see.</summary>
    private static object?[]? ArgumentsOf(MethodInfo factory, object choice)
    {
        var properties = factory.GetParameters().Select(parameter => Array.Find(choice.GetType().GetProperties(), property =>
            string.Equals(property.Name, parameter.Name, StringComparison.OrdinalIgnoreCase) && Kind(property.PropertyType) == Kind(parameter.ParameterType))).ToArray();
        return properties.Contains(null) ? null : [.. properties.Select(property => property!.GetValue(choice))];

        static Type Kind(Type type) => Nullable.GetUnderlyingType(type) ?? type;
    }

    /// <summary>A family of choices: an abstract record of this library whose static members make its kinds.</summary>
    private static Type? FamilyOf(Type type) => type is { IsAbstract: true, IsClass: true } && type.Assembly == typeof(OptionsJson).Assembly && ConstantsOf(type).Length + FactoriesOf(type).Length > 0 ? type : null;

    private static PropertyInfo[] ConstantsOf(Type family) => [.. family.GetProperties(BindingFlags.Public | BindingFlags.Static).Where(property => property.PropertyType == family)];

    private static MethodInfo[] FactoriesOf(Type family) =>
        [.. family.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Where(method => method.ReturnType == family && !method.IsSpecialName)];

    private static bool IsList(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueList<>);

    private static bool IsRecord(Type type) => type.Assembly == typeof(OptionsJson).Assembly && !type.IsAbstract && PropertiesOf(type).Length > 0;

    private sealed class Reader(long largest)
    {
        public object Record(Type type, JsonElement json, string path)
        {
            if (json.ValueKind is not JsonValueKind.Object) throw Bad(path, "an object");
            var properties = PropertiesOf(type).ToDictionary(property => property.Name);
            var values = new Dictionary<string, object?>();
            foreach (var field in json.EnumerateObject())
            {
                if (!properties.TryGetValue(field.Name, out var property)) throw new FormatException($"{path} has no option '{Printable.Of(field.Name, 60)}'.");
                values[field.Name] = Value(property.PropertyType, field.Value, $"{path}.{field.Name}", MayBeNull(property));
            }
            // An option that came later than the file keeps its default.
            if (properties.Values.FirstOrDefault(property => property.IsDefined(typeof(RequiredMemberAttribute)) && !values.ContainsKey(property.Name)) is { } lacking)
                throw new FormatException($"{path} lacks the option '{lacking.Name}'.");
            return Make(type, values, path);
        }

        private static object Make(Type type, Dictionary<string, object?> values, string path)
        {
            var constructor = type.GetConstructor(Type.EmptyTypes) ?? type.GetConstructors().MaxBy(constructor => constructor.GetParameters().Length);
            var arguments = constructor?.GetParameters()
                .Select(parameter => values.TryGetValue(parameter.Name!, out var value) ? value : parameter.HasDefaultValue ? parameter.DefaultValue : throw new FormatException($"{path} lacks '{parameter.Name}'."));
            var record = constructor is null ? Activator.CreateInstance(type)! : Invoke(() => constructor.Invoke([.. arguments!]));
            foreach (var (name, value) in values) Invoke(() => { type.GetProperty(name)!.SetValue(record, value); return record; });
            return record;
        }

        private object? Value(Type type, JsonElement json, string path, bool mayBeNull)
        {
            if (json.ValueKind is JsonValueKind.Null) return mayBeNull ? null : throw Bad(path, "a value");
            type = Nullable.GetUnderlyingType(type) ?? type;
            if (type == typeof(bool)) return json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : throw Bad(path, "true or false");
            if (type == typeof(long)) return Integer(json, path);
            if (type == typeof(int)) return Integer(json, path) is >= int.MinValue and <= int.MaxValue and var small ? (int)small : throw Bad(path, "a whole number of 32 bits");
            if (type == typeof(double)) return json.ValueKind is JsonValueKind.Number && json.TryGetDouble(out var number) && double.IsFinite(number) ? number : throw Bad(path, "a number");
            if (type == typeof(string)) return json.ValueKind is JsonValueKind.String ? json.GetString() : throw Bad(path, "a text");
            if (type.IsEnum) return json.ValueKind is JsonValueKind.String && Array.IndexOf(Enum.GetNames(type), json.GetString()) is >= 0 and var index
                ? Enum.GetValues(type).GetValue(index)
                : throw Bad(path, $"one of {string.Join(", ", Enum.GetNames(type))}");
            if (type == typeof(Extent)) return Items(json, path, item => Integer(item, path)) is { Length: >= 1 and <= 3 } axes ? Extent.Of([.. axes.Cast<long>()]) : throw Bad(path, "1 to 3 whole numbers");
            if (IsList(type)) return List(type.GenericTypeArguments[0], json, path);
            if (FamilyOf(type) is { } family) return Choice(family, json, path);
            return IsRecord(type) ? Record(type, json, path) : throw Bad(path, "left out");
        }

        private long Integer(JsonElement json, string path)
        {
            if (json.ValueKind is not JsonValueKind.Number || !json.TryGetInt64(out var number)) throw Bad(path, "a whole number");
            return number >= -largest && number <= largest ? number : throw new FormatException($"{path} is {number}; no tensor of the file has a side longer than {largest}.");
        }

        private static object?[] Items(JsonElement json, string path, Func<JsonElement, object?> read)
        {
            if (json.ValueKind is not JsonValueKind.Array || json.GetArrayLength() > LongestList) throw Bad(path, $"a list of up to {LongestList} values");
            return [.. json.EnumerateArray().Select(read)];
        }

        private object List(Type item, JsonElement json, string path)
        {
            var items = Items(json, path, element => Value(item, element, path, mayBeNull: Nullable.GetUnderlyingType(item) is not null));
            return typeof(Reader).GetMethod(nameof(ListOf), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(item).Invoke(null, [items])!;
        }

        private static ValueList<T> ListOf<T>(object?[] items) => ValueList.Create<T>([.. items.Cast<T>()]);

        private object Choice(Type family, JsonElement json, string path)
        {
            var (constants, factories) = (ConstantsOf(family), FactoriesOf(family));
            if (json.ValueKind is JsonValueKind.String && Array.Find(constants, constant => constant.Name == json.GetString()) is { } constant) return constant.GetValue(null)!;
            if (json.ValueKind is JsonValueKind.Object && json.EnumerateObject().Take(2).ToArray() is [{ Value.ValueKind: JsonValueKind.Object } only]
                && Array.Find(factories, factory => factory.Name == only.Name) is { } factory)
            {
                var parameters = factory.GetParameters();
                if (only.Value.EnumerateObject().Count() != parameters.Length) throw Bad(path, $"'{factory.Name}' with {parameters.Length} values");
                return Invoke(() => factory.Invoke(null, [.. parameters.Select(parameter => only.Value.TryGetProperty(parameter.Name!, out var argument)
                    ? Value(parameter.ParameterType, argument, $"{path}.{factory.Name}.{parameter.Name}", Nullable.GetUnderlyingType(parameter.ParameterType) is not null)
                    : throw Bad(path, $"'{factory.Name}' with a value for '{parameter.Name}'"))])!);
            }
            throw Bad(path, $"one of {string.Join(", ", constants.Select(constant => constant.Name).Concat(factories.Select(factory => factory.Name)))}");
        }

        /// <summary>Calls a member of this library; what it objects to is said in its own words.</summary>
        private static object Invoke(Func<object> member)
        {
            try
            {
                return member();
            }
            catch (TargetInvocationException e) when (e.InnerException is ArgumentException inner)
            {
                throw new FormatException(inner.Message, inner);
            }
        }

        private static bool MayBeNull(PropertyInfo property)
        {
            lock (Nullability) return Nullability.Create(property).WriteState is NullabilityState.Nullable;
        }

        private static FormatException Bad(string path, string wanted) => new($"{path} must be {wanted}.");
    }
}
