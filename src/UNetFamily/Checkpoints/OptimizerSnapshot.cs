using System.Reflection;

namespace UNetFamily;

/// <summary>What an optimizer knows apart from tensors: its kind, the options of each group and the numbers of each parameter, by TorchSharp's names.</summary>
internal sealed record OptimizerNumbers(string Kind, IReadOnlyList<IReadOnlyDictionary<string, double?>> Groups, IReadOnlyList<IReadOnlyDictionary<string, double?>> States);

/// <summary>
/// Reads an optimizer's memory into tensors and numbers, and puts it back. The members are TorchSharp's public ones (<c>exp_avg</c>, <c>step</c>, <c>beta1</c>),
/// found by reflection, so all of its optimizers that remember tensors and numbers are covered.
/// </summary>
internal sealed record OptimizerSnapshot(OptimizerNumbers Numbers, IReadOnlyDictionary<string, Tensor> Tensors)
{
    // What schedules change, so that a fresh optimizer may well have others than the file.
    private static readonly string[] OfSchedules = ["LearningRate", "momentum", "beta1", "beta2"];

    public static OptimizerSnapshot Of(OptimizerHelper optimizer)
    {
        var (memory, tensors) = (optimizer.state_dict(), new Dictionary<string, Tensor>());
        for (var i = 0; i < memory.State.Count; i++)
            foreach (var member in MembersOf(memory.State[i]))
                if (member.Type == typeof(Tensor) && member.Get(memory.State[i]) is Tensor tensor) tensors.Add($"{i}.{member.Name}", tensor);
        return new(NumbersOf(optimizer), tensors);
    }

    /// <summary>The numbers of an optimizer as they are now.</summary>
    public static OptimizerNumbers NumbersOf(OptimizerHelper optimizer)
    {
        var memory = optimizer.state_dict();
        return new(optimizer.GetType().Name, [.. memory.Options.Select(NumbersOf)], [.. memory.State.Select(NumbersOf)]);
    }

    /// <summary>Checks that a file's memory fits an optimizer. With <c>keepGroups</c> the optimizer keeps the options of its groups, and the memory that these need and the file lacks.</summary>
    /// <returns>What puts it there.</returns>
    public static Action Prepare(Checkpoint file, OptimizerHelper optimizer, OptimizerNumbers numbers, IReadOnlyDictionary<string, TensorEntry> tensors, bool keepGroups)
    {
        var (memory, parameters) = (optimizer.state_dict(), optimizer.parameters().ToArray());
        if (numbers.Kind != optimizer.GetType().Name) throw file.Fail(null, $"The training used {Printable.Of(numbers.Kind, 40)}, and the optimizer is {optimizer.GetType().Name}.");
        if (numbers.Groups?.Count != memory.Options.Count || numbers.States?.Count != memory.State.Count)
            throw file.Fail(null, $"The training's optimizer has {numbers.Groups?.Count} groups and {numbers.States?.Count} parameters, the optimizer {memory.Options.Count} and {memory.State.Count}.");

        var changes = new List<Action>();
        foreach (var (group, saved) in memory.Options.Zip(numbers.Groups))
        {
            Action[] ofGroup = [.. NumberChanges(file, group, saved, "a group")];
            if (keepGroups) continue;
            changes.AddRange(ofGroup);
            foreach (var (name, value) in NumbersOf(group))
                if (!OfSchedules.Contains(name) && saved[name] != value)
                    throw file.Fail(null, $"The training's optimizer has {name} = {saved[name]}, and this one {value}. Make it as it was; set another value after the training was resumed.");
        }
        var used = 0;
        for (var i = 0; i < memory.State.Count; i++)
        {
            var (state, parameter) = (memory.State[i], parameters[i]);
            changes.AddRange(NumberChanges(file, state, numbers.States[i], $"parameter {i}"));
            foreach (var member in MembersOf(state).Where(member => member.Type == typeof(Tensor)))
            {
                var entry = tensors.GetValueOrDefault($"{i}.{member.Name}");
                if (entry is not null) used++;
                if (entry is not null && (!entry.Shape.SequenceEqual(parameter.shape) || entry.Type.ToScalarType() != parameter.dtype))
                    throw file.Fail(entry.Position, $"{entry} doesn't fit parameter {i}, {Shapes.Text(parameter.shape)} of {parameter.dtype}.");
                if (entry is not null || !keepGroups) changes.Add(() => Replace(member, state, entry is null ? null : file.Read(entry), parameter));
            }
        }
        if (used != tensors.Count) throw file.Fail(null, $"The file has {tensors.Count} tensors of an optimizer, and {optimizer.GetType().Name} knows {used} of them.");
        return () => changes.ForEach(change => change());
    }

    private static void Replace(Member member, object state, Tensor? value, Tensor parameter)
    {
        using var old = (Tensor?)member.Get(state);
        // What an optimizer remembers outlives the scope in which it was loaded.
        member.Set(state, value?.to(parameter.device).DetachFromDisposeScope());
    }

    private static Dictionary<string, double?> NumbersOf(object owner)
    {
        var numbers = new Dictionary<string, double?>();
        foreach (var member in MembersOf(owner).Where(member => member.Type != typeof(Tensor)))
            numbers[member.Name] = member.Get(owner) is { } value ? Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture) : null;
        return numbers;
    }

    private static IEnumerable<Action> NumberChanges(Checkpoint file, object owner, IReadOnlyDictionary<string, double?> saved, string whose)
    {
        var members = MembersOf(owner).Where(member => member.Type != typeof(Tensor)).ToArray();
        if (saved is null || !members.Select(member => member.Name).ToHashSet().SetEquals(saved.Keys))
            throw file.Fail(null, $"The optimizer's numbers of {whose} are {string.Join(", ", saved?.Keys.Take(20).Select(name => Printable.Of(name, 20)) ?? [])}; they should be {string.Join(", ", members.Select(member => member.Name))}.");
        foreach (var member in members)
        {
            var number = saved[member.Name];
            var type = Nullable.GetUnderlyingType(member.Type);
            if (number is null ? type is null : !double.IsFinite(number.Value) || (type ?? member.Type) != typeof(double) && !(Math.Abs(number.Value) <= 1L << 53 && Math.Floor(number.Value) == number.Value))
                throw file.Fail(null, $"The optimizer's {member.Name} of {whose} can't be {(number is { } known ? Choice.Text(known) : "nothing")}.");
            yield return () => member.Set(owner, number is null ? null : Convert.ChangeType(number.Value, type ?? member.Type, System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private static Member[] MembersOf(object owner)
    {
        var type = owner.GetType();
        Member[] members =
        [
            .. type.GetFields(BindingFlags.Public | BindingFlags.Instance).Select(field => new Member(field.Name, field.FieldType, field.GetValue, field.SetValue)),
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).Select(property => new Member(property.Name, property.PropertyType, property.GetValue, property.SetValue)),
        ];
        var unknown = members.FirstOrDefault(member => !IsKnown(Nullable.GetUnderlyingType(member.Type) ?? member.Type));
        return unknown is null ? members : throw new NotSupportedException($"{type.DeclaringType?.Name} remembers '{unknown.Name}', a {unknown.Type.Name}; only tensors and numbers can be saved.");

        static bool IsKnown(Type type) => type == typeof(Tensor) || type == typeof(double) || type == typeof(long) || type == typeof(int) || type == typeof(bool);
    }

    private sealed record Member(string Name, Type Type, Func<object?, object?> Get, Action<object?, object?> Set);
}
