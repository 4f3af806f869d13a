using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Training;
using UNetFamily.Samples.MultiDomain;

namespace UNetFamily.Tests.Samples;

/// <summary>The sample's two trainings, a few steps of each, on phantoms.</summary>
public class MultiDomainTests
{
    [Fact]
    public void Domains_train_in_turns_and_a_third_alone()
    {
        manual_seed(1);
        using var mask = new DomainTask("mask", Phantom.Create(1, LabelScheme.Brain), CPU, seed: 1);
        using var lobes = new DomainTask("lobes", Phantom.Create(1), CPU, seed: 1);
        using var other = new DomainTask("other", Phantom.Create(2, LabelScheme.Macaque), CPU, seed: 1);
        var options = U2Net3dOptions.Universal([mask.Domain, lobes.Domain], inChannels: SliceSampler.Channels) with { SpatialDims = SpatialDims.Two, Pools = 4, BaseWidth = 2 };
        using var model = options.Build();
        mask.Domain.OutChannels.Should().Be(2);
        lobes.Domain.OutChannels.Should().Be(8);

        var (maskBefore, lobesBefore) = (Bytes("mask"), Bytes("lobes"));
        Train(steps: 1, mask, lobes);
        (Bytes("mask").SequenceEqual(maskBefore), Bytes("lobes").SequenceEqual(lobesBefore)).Should().Be((false, true), "the first step is the first domain's");
        Train(steps: 4, mask, lobes).FirstLoss.Should().BePositive();
        Bytes("lobes").Should().NotEqual(lobesBefore);

        using var added = model.AddDomain(other.Domain);
        var (known, otherBefore) = (Bytes("mask").Concat(Bytes("lobes")).ToArray(), Bytes("other"));
        Train(steps: 3, other);
        Bytes("other").Should().NotEqual(otherBefore);
        Bytes("mask").Concat(Bytes("lobes")).Should().Equal(known);
        other.Evaluate(model).Network.MeanDice.Should().BeInRange(0, 1);

        LessonProgress Train(int steps, params DomainTask[] tasks) =>
            new LessonTrainer(model, new TrainingPlan(steps, TimeSpan.FromMinutes(5)), [.. tasks.Select(task => task.In(model))]).Run(seed: 1, _ => { }, CancellationToken.None);

        byte[] Bytes(string domain) => [.. model.ParametersOf(domain).SelectMany(entry => entry.Parameter.bytes.ToArray())];
    }
}
