using System.Text.Json;
using FluentAssertions.Execution;
using Modules = TorchSharp.Modules;

namespace UNetFamily.Tests.Reference;

/// <summary>
/// Every network against its original: the same parameters under the original's names, and on the same weights the same outputs, loss,
/// gradients and running statistics.
/// </summary>
public class ReferenceTests
{
    public static IEnumerable<object[]> Cases() => ReferenceCases.All().Select(source => new object[] { new CaseName(source) });

    [Theory(DisplayName = "reference")]
    [MemberData(nameof(Cases))]
    public void Equals_the_original(CaseName @case)
    {
        var source = @case.Load();
        using var scope = NewDisposeScope();
        var family = ReferenceFamilies.Of(source.Net);
        var subject = family.Build(source);
        using var module = subject.Module;

        using (new AssertionScope(source.ToString()))
        {
            HasTheSameParameters(source, subject);
        }
        Fill(source, subject);

        if (source.InputShapes.Count == 0) return;
        using (new AssertionScope(source.ToString()))
        {
            if (source.IsTraining) TrainsAlike(source, subject, family);
            else EvaluatesAlike(source, subject, family);
        }
    }

    public static IEnumerable<object[]> CasesWithCheckpoint() => ReferenceCases.All().Where(source => source.Checkpoints.Any()).Select(source => new object[] { new CaseName(source) });

    [Theory(DisplayName = "reference checkpoint")]
    [MemberData(nameof(CasesWithCheckpoint))]
    public void Reads_the_originals_checkpoint(CaseName @case)
    {
        var source = @case.Load();
        foreach (var file in source.Checkpoints)
        {
            using var scope = NewDisposeScope();
            var family = ReferenceFamilies.Of(source.Net);
            var subject = family.Build(source);
            using var module = subject.Module;
            using var checkpoint = Checkpoint.Open(file);

            module.Load(checkpoint, subject.Keys).IsComplete.Should().BeTrue();

            if (source.IsDouble) module.to(ScalarType.Float64);
            if (source.InputShapes.Count > 0) EvaluatesAlike(source, subject, family);
        }
    }

    private static void HasTheSameParameters(ReferenceCase source, ReferenceSubject subject)
    {
        var state = subject.Module.state_dict();
        var seen = new HashSet<string>();
        var aliases = Aliases(source);
        var unused = 0L;

        foreach (var key in source.Keys)
        {
            var ours = subject.Keys.ToOurs(key.Name);
            if (aliases.Contains(key.Name))
            {
                ours.Should().BeNull("{0} is a second name", key.Name);
            }
            else if (ours is null)
            {
                if (key.IsParameter && !IsSecondName(source, subject, key)) unused += key.Shape.Aggregate(1L, (product, side) => product * side);
            }
            else if (!state.TryGetValue(ours, out var tensor))
            {
                ours.Should().BeOneOf(state.Keys, "{0} is a parameter of the original", key.Name);
            }
            else
            {
                seen.Add(ours).Should().BeTrue("{0} should be the counterpart of one entry only, also of {1}", ours, key.Name);
                tensor.shape.Should().Equal(OurShape(subject, key, tensor), "that is the shape of {0}", key.Name);
                subject.Keys.ToOfficial(ours).Should().Be(key.Name);
            }
        }

        state.Keys.Should().BeSubsetOf(seen, "every entry of ours should have a counterpart");
        subject.Module.parameters().Sum(parameter => parameter.numel()).Should().Be(source.ParameterCount - unused);
        CheckpointSaving.Official(subject.Module, subject.Keys).Select(item => $"{item.Name} {Shapes.Text(item.Shape)}").Order(StringComparer.Ordinal)
            .Should().Equal(source.Keys.Select(key => $"{key.Name} {Shapes.Text(key.Shape)}").Order(StringComparer.Ordinal), "an export has what the original's strict loading asks for");
    }

    private static HashSet<string> Aliases(ReferenceCase source) => source.Text("aliases") is { } file
        ? [.. File.ReadLines(Path.Combine(source.Folder, file)).Select(line => line.Split('\t')[0])]
        : [];

    /// <summary>Where the case states its aliases as a rule in words, the key map holds the rule. A shared tensor is counted once.</summary>
    private static bool IsSecondName(ReferenceCase source, ReferenceSubject subject, ReferenceKey key) =>
        source["aliases"] is { ValueKind: JsonValueKind.Object } && subject.Keys.Rules.OfType<KeyRule.Alias>().Any(alias => alias.Matches(key.Name));

    private static long[] OurShape(ReferenceSubject subject, ReferenceKey key, Tensor ours) =>
        subject.Keys.IsLinearAsConv(key.Name) ? [.. key.Shape, .. Enumerable.Repeat(1L, (int)ours.dim() - key.Shape.Length)] : key.Shape;

    private static void Fill(ReferenceCase source, ReferenceSubject subject)
    {
        if (source.Text("weights") is { } file)
        {
            using var weights = Checkpoint.Open(Path.Combine(source.Folder, file));
            subject.Module.Load(weights, subject.Keys);
        }
        else FillByName(source, subject);
        if (source.IsDouble) subject.Module.to(ScalarType.Float64);
    }

    private static void FillByName(ReferenceCase source, ReferenceSubject subject)
    {
        using var noGradient = no_grad();
        var state = subject.Module.state_dict();
        foreach (var key in source.Keys)
        {
            if (subject.Keys.ToOurs(key.Name) is not { } ours) continue;
            using var values = DeterministicFill.Values(key.Name, key.Shape);
            using var shaped = values.reshape(state[ours].shape);
            state[ours].copy_(shaped);
        }
    }

    private static Tensor[] Inputs(ReferenceCase source) =>
        [.. source.InputShapes.Select((shape, i) => DeterministicFill.Input(i == 0 ? "input" : $"input.{i}", shape).to(source.IsDouble ? ScalarType.Float64 : ScalarType.Float32))];

    private static void EvaluatesAlike(ReferenceCase source, ReferenceSubject subject, ReferenceFamily family)
    {
        subject.Module.eval();
        using var noGradient = no_grad();
        var inputs = Inputs(source);
        var outputs = subject.Run(inputs);
        OutputsShouldBeAlike(source, outputs, family);

        using var data = source.Derived.Count > 0 ? source.Data() : null;
        foreach (var expected in source.Derived)
            ShouldBeAlike(source, family.Derived(expected.Name, subject, inputs, outputs), expected, data!, family);
    }

    private static void TrainsAlike(ReferenceCase source, ReferenceSubject subject, ReferenceFamily family)
    {
        subject.Module.train();
        // Random numbers can't be compared, so the originals ran without dropout.
        foreach (var module in subject.Module.modules().Where(module => module is Modules.Dropout or Modules.Dropout2d or Modules.Dropout3d or Modules.AlphaDropout or DropPath)) module.eval();
        var outputs = subject.Run(Inputs(source));
        using var data = source.Data();

        var loss = zeros([], outputs[0].dtype);
        for (var i = 0; i < outputs.Count; i++)
            loss += (outputs[i] * DeterministicFill.Input(i == 0 ? "target" : $"target.{i}", outputs[i].shape)).mean();
        loss.backward();

        OutputsShouldBeAlike(source, outputs, family);
        var expectedLoss = source.Number("loss")!.Value;
        loss.ToDouble().Should().BeApproximately(expectedLoss, Math.Max(1e-6, 10 * (source.Number("loss_float32_error") ?? 0)), "that is the loss");
        GradientsShouldBeAlike(source, subject, family);

        var state = subject.Module.state_dict();
        foreach (var key in source.RunningStatistics)
        {
            using var expected = data.Read(key);
            TensorAssert.Close(state[subject.Keys.ToOurs(key)!], expected, 1e-5, $"{source}, {key}");
        }
    }

    private static void OutputsShouldBeAlike(ReferenceCase source, IReadOnlyList<Tensor> outputs, ReferenceFamily family)
    {
        outputs.Should().HaveCount(source.Outputs.Count);
        using var data = source.Data();
        foreach (var (output, expected) in outputs.Zip(source.Outputs)) ShouldBeAlike(source, output, expected, data, family);
    }

    private static void ShouldBeAlike(ReferenceCase source, Tensor output, ReferenceOutput expected, Checkpoint data, ReferenceFamily family)
    {
        output.shape.Should().Equal(expected.Shape, "that is the shape of {0}", expected.Name);
        using var kept = Thinned(output, expected.Steps);
        using var recorded = data.Read(expected.Name);
        TensorAssert.Close(kept, recorded, family.Tolerance(source, expected), $"{source}, {expected.Name}");
    }

    private static Tensor Thinned(Tensor output, IReadOnlyList<long> steps)
    {
        var thinned = output.detach();
        for (var axis = 0; axis < steps.Count; axis++) thinned = thinned.slice(axis, 0, thinned.shape[axis], steps[axis]);
        return thinned;
    }

    private static void GradientsShouldBeAlike(ReferenceCase source, ReferenceSubject subject, ReferenceFamily family)
    {
        var parameters = subject.Module.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter);
        var norms = source.GradientNorms;
        var largest = source.Number("grad_norm_max") ?? norms.Values.Max();
        var zero = source.ZeroGradientParameters.ToHashSet();

        foreach (var (key, expected) in norms)
        {
            if (subject.Keys.ToOurs(key) is not { } ours) continue;     // a parameter that the network doesn't use
            if (source.ParametersWithoutGradient.Contains(key) || (expected == 0 && parameters[ours].grad is null))
            {
                (parameters[ours].grad is null || Norm(parameters[ours]) == 0).Should().BeTrue("{0} takes part in nothing", ours);
                continue;
            }
            var (reference, tolerance) = zero.Contains(key) ? (0, 1e-4) : (expected, family.GradientTolerance(source) * expected + 1e-6 * largest);
            Norm(parameters[ours]).Should().BeApproximately(reference, tolerance, "that is the norm of the gradient of {0}", key);
        }

        static double Norm(Parameter parameter) => parameter.grad is { } gradient ? gradient.to(ScalarType.Float64).norm().ToDouble() : double.NaN;
    }
}
