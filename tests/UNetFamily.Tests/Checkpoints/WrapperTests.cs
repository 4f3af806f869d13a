namespace UNetFamily.Tests.Checkpoints;

/// <summary>A network's names are found in files that were written from within something else, behind any words and beside anything.</summary>
public sealed class WrapperTests : FileTests
{
    private static readonly UNetOptions Small = UNetOptions.Milesial(1, 2) with { Widths = [2, 4, 8] };

    private static readonly Dictionary<string, Func<string, string>> Mixtures = new()
    {
        ["nothing"] = name => name,
        ["DataParallel"] = name => "module." + name,
        ["torch.compile in Lightning"] = name => "model._orig_mod." + name,
        ["DataParallel of torch.compile in a system"] = name => "system.net.module._orig_mod." + name,
        ["compiled in DataParallel in a word"] = name => "_orig_mod.module.net." + name,
        ["a part in DataParallel"] = name => Within(name, "module"),
        ["parts compiled and sharded"] = name => "model." + Within(Within(name, "_orig_mod"), "_fsdp_wrapped_module"),
        ["only some of the parts"] = name => "model." + (name.GetHashCode(StringComparison.Ordinal) % 2 == 0 || name.Length % 3 == 0 ? Within(name, "_checkpoint_wrapped_module") : name),
        ["encoder and decoder apart"] = name => name.StartsWith("up", StringComparison.Ordinal) || name.StartsWith("out", StringComparison.Ordinal) || name.StartsWith("head", StringComparison.Ordinal) ? "decoder." + name : "backbone." + name,
    };

    public static TheoryData<string, bool, bool> Cases()
    {
        var data = new TheoryData<string, bool, bool>();
        foreach (var mixture in Mixtures.Keys)
            foreach (var official in new[] { false, true })
                foreach (var bystanders in new[] { false, true }) data.Add(mixture, official, bystanders);
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Names_are_found_under_any_mixture_of_words(string mixture, bool official, bool bystanders)
    {
        using var source = Small.Build();
        Func<string, string> named = name => Mixtures[mixture](official ? UNetKeyMaps.Milesial.ToOfficial(name) : name);
        (string, Tensor)[] others = bystanders ? [("criterion.weight", rand(2)), ("loss_fn.window", rand(1, 1, 3, 3)), ("val_dice.total", zeros([], ScalarType.Int64)), ("step", ones(1)), ("confusion", zeros([2, 2], ScalarType.Int64))] : [];
        var entries = source.state_dict().Select(entry => (named(entry.Key), entry.Value)).Concat(others);
        using var target = Small.Build();
        using var file = TestFiles.Open(Safetensors(entries));

        var report = target.Load(file);

        report.IsComplete.Should().BeTrue();
        report.Loaded.Should().BeEquivalentTo(target.state_dict().Keys);
        report.Unused.Should().BeEquivalentTo(others.Select(entry => entry.Item1));
        report.Origin.Should().Be(official ? "milesial/Pytorch-UNet" : "UNetFamily");
        HasTheWeightsOf(target, source);
    }

    [Theory]
    [MemberData(nameof(SmallVariants.Names), MemberType = typeof(SmallVariants))]
    public void So_are_those_of_every_project(string name)
    {
        using var source = SmallVariants.Of(name).Build();
        using var target = SmallVariants.Of(name).Build();
        foreach (var keys in source.Options.KeyMaps)
        {
            using var stream = new MemoryStream();
            var items = CheckpointSaving.Official(source, keys).Select(item => item with { Name = "student.model." + Within(item.Name, "module") });
            SafetensorsWriter.Write(stream, items.Append(SafetensorsItem.Of("student.criterion.weight", ones(2))), new Dictionary<string, string>());
            using var file = TestFiles.Open(stream.ToArray());

            var report = target.Load(file);

            report.Envelope.Should().StartWith("student.model");
            HasTheWeightsOf(target, source);
        }
    }

    [Fact]
    public void Lists_tuples_and_numbered_dictionaries_are_looked_into()
    {
        using var source = Small.Build();
        var roots = new Dictionary<string, Func<TorchWriter, byte[]>>
        {
            ["0"] = writer => [(byte)']', (byte)'(', .. writer.StateDict(source), .. Step.Integer(7), (byte)'e'],
            ["1"] = writer => Step.Tuple(Step.Integer(3), writer.StateDict(source)),
            ["5"] = writer => [(byte)'}', (byte)'(', .. Step.Integer(5), .. writer.StateDict(source), (byte)'u'],
            ["checkpoints.0.model"] = writer => Step.Dictionary(("checkpoints", Step.Tuple(Step.Dictionary(("model", writer.StateDict(source)), ("epoch", Step.Integer(1)))))),
            ["a.b.c.d"] = writer => Step.Dictionary(("a", Step.Dictionary(("b", Step.Dictionary(("c", Step.Dictionary(("d", writer.StateDict(source, name => "module." + name))))))))),
        };
        foreach (var (path, root) in roots)
        {
            var writer = new TorchWriter();
            using var file = TestFiles.Open(writer.File(root(writer)));
            using var target = Small.Build();
            target.Load(file).Envelope.Should().Be(path);
            HasTheWeightsOf(target, source);
        }
    }

    [Fact]
    public void The_weights_are_those_that_have_the_networks_names_whatever_the_entry_is_called()
    {
        using var source = Small.Build();
        var writer = new TorchWriter();
        var optimizer = Step.Dictionary(("state", (byte[])[(byte)'}', (byte)'(', .. Step.Integer(0), .. writer.Dictionary([("exp_avg", zeros(4))]), (byte)'u']), ("param_groups", [(byte)']']));
        using var file = TestFiles.Open(writer.File(Step.Dictionary(("state_dict", writer.Dictionary([("other.weight", rand(3)), ("more.bias", rand(2))])), ("generator", writer.StateDict(source)), ("optimizer", optimizer))));
        using var target = Small.Build();

        var report = target.Load(file);

        file.Envelope.Should().Be("state_dict");
        file.StateDicts.Should().Equal("state_dict", "generator");
        report.Envelope.Should().Be("generator");
        report.ToString().Should().Contain("in 'generator'");
        HasTheWeightsOf(target, source);
    }

    [Fact]
    public void Of_two_sets_that_fit_the_user_chooses()
    {
        using var student = Small.Build();
        using var teacher = Small.Build();
        var together = Safetensors(Of(student, "student.module.").Concat(Of(teacher, "teacher.")));
        var writer = new TorchWriter();
        var apart = writer.File(Step.Dictionary(("state_dict", writer.StateDict(student)), ("ema_state_dict", writer.StateDict(teacher)), ("epoch", Step.Integer(1))));
        foreach (var (bytes, first, second) in new[] { (together, "student", "teacher"), (apart, "state_dict", "ema_state_dict") })
        {
            using var target = Small.Build();
            var before = target.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
            using (var file = TestFiles.Open(bytes))
            {
                target.Invoking(model => model.Load(file)).Should().Throw<CheckpointException>()
                    .WithMessage($"*2 sets of weights in it fit UNet: '{first}' and '{second}'. Say which to take: Checkpoint.Open(path, \"{first}\").");
            }
            foreach (var (name, tensor) in target.state_dict()) TensorAssert.Equal(tensor, before[name], name);

            foreach (var (choice, source) in new[] { (first, student), (second, teacher) })
            {
                using var file = TestFiles.Open(bytes, choice);
                target.Load(file).Envelope.Should().Be(choice);
                HasTheWeightsOf(target, source);
            }
        }
    }

    [Fact]
    public void A_choice_means_the_names_as_they_stand()
    {
        using var plain = Small.Build();
        using var average = Small.Build();
        var bytes = Safetensors(Of(plain, "").Concat(Of(average, "ema.module.")));
        using var target = Small.Build();
        using (var file = TestFiles.Open(bytes)) target.Invoking(model => model.Load(file)).Should().Throw<CheckpointException>().WithMessage("*fit UNet: '' and 'ema'. Say which to take: Checkpoint.Open(path, \"\").");
        foreach (var (choice, source) in new[] { ("", plain), ("ema", average) })
        {
            using var file = TestFiles.Open(bytes, choice);
            target.Load(file).IsComplete.Should().BeTrue();
            HasTheWeightsOf(target, source);
        }
    }

    [Fact]
    public void Masters_of_mixed_precision_are_found_as_well()
    {
        using var source = Small.Build();
        using var target = Small.Build();
        using (var weights = new MixedPrecision(target, Precision.BFloat16))
        {
            using var file = TestFiles.Open(Safetensors(Of(source, "model._orig_mod.")));
            weights.Load(file);
        }
        HasTheWeightsOf(target, source);
    }

    [Fact]
    public void Thousands_of_places_cost_little()
    {
        var writer = new TorchWriter();
        var weight = writer.Tensor(rand(2));
        byte[] memo = [(byte)'q', 1], again = [(byte)'h', 1];
        var places = Enumerable.Range(0, 9000).Select(i => ($"p{i}", Step.Dictionary(("head.bias", i == 0 ? [.. weight, .. memo] : again)))).ToArray();
        using var file = TestFiles.Open(writer.File(Step.Dictionary(places)));
        using var target = Small.Build();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        target.Invoking(model => model.Load(file)).Should().Throw<CheckpointMismatchException>();
        clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Two_sets_of_the_same_numbers_are_one()
    {
        using var source = Small.Build();
        using var file = TestFiles.Open(Safetensors(Of(source, "a.").Concat(Of(source, "b."))));
        using var target = Small.Build();
        target.Load(file).IsComplete.Should().BeTrue();
        HasTheWeightsOf(target, source);
    }

    [Fact]
    public void A_further_layer_of_another_network_is_never_set_aside()
    {
        using var source = Small.Build();
        foreach (var layer in new[] { "up.2.conv.first.conv.weight", "stem2.conv.weight", "bottleneck.conv.weight", "stem.third.weight" })
        {
            using var file = TestFiles.Open(Safetensors(Of(source, "").Append((layer, rand(2, 2, 3, 3)))));
            using var target = Small.Build();
            target.Invoking(model => model.Load(file)).Should().Throw<CheckpointMismatchException>().WithMessage($"*unexpected: {layer}*");
        }
    }

    [Fact]
    public void Counters_of_operations_are_set_aside_in_every_module()
    {
        using var source = Small.Build();
        using var file = TestFiles.Open(Safetensors(Of(source, "").Append(("stem.first.conv.total_ops", zeros(1, ScalarType.Float64))).Append(("total_params", zeros(1, ScalarType.Float64)))));
        using var target = Small.Build();
        target.Load(file).Unused.Should().BeEquivalentTo("stem.first.conv.total_ops", "total_params");
    }

    [Fact]
    public void A_choice_that_is_not_there_is_said()
    {
        using var source = Small.Build();
        FluentActions.Invoking(() => TestFiles.Open(Safetensors(Of(source, "net.")), "student")).Should().Throw<CheckpointException>().WithMessage("*There is no state dict 'student': no name begins with it.");
        var writer = new TorchWriter();
        FluentActions.Invoking(() => TestFiles.Open(writer.File(Step.Dictionary(("model", writer.StateDict(source)))), "model.student")).Should().Throw<CheckpointException>().WithMessage("*no state dict 'model.student'. There are: model.");
    }

    [Fact]
    public void A_copy_that_is_not_whole_is_a_further_layer()
    {
        using var source = Small.Build();
        using var file = TestFiles.Open(Safetensors(Of(source, "").Concat(Of(source, "second.").Where(entry => !entry.Item1.Contains("head", StringComparison.Ordinal)))));
        using var target = Small.Build();
        target.Invoking(model => model.Load(file)).Should().Throw<CheckpointMismatchException>().WithMessage("*unexpected: second.*");
    }

    private static IEnumerable<(string, Tensor)> Of(nn.Module module, string prefix) => module.state_dict().Select(entry => (prefix + entry.Key, entry.Value));

    // Puts a word after the first of a name.
    private static string Within(string name, string word) => name.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot ? $"{name[..dot]}.{word}{name[dot..]}" : name;

    private static byte[] Safetensors(IEnumerable<(string Name, Tensor Value)> entries)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, entries.Select(entry => SafetensorsItem.Of(entry.Name, entry.Value)), new Dictionary<string, string>());
        return stream.ToArray();
    }

    private static void HasTheWeightsOf(nn.Module module, nn.Module source)
    {
        foreach (var (name, tensor) in source.state_dict()) TensorAssert.Equal(module.state_dict()[name], tensor, name);
    }
}
