using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Report;
using UNetFamily.Samples.BrainSegmentation.Training;

namespace UNetFamily.Samples.MultiDomain;

/// <summary>A domain with its data: what the network learns for it and is judged by.</summary>
internal sealed class DomainTask : IDisposable
{
    private readonly Subject subject;
    private readonly SliceSplit split;
    private readonly FieldOfView view;
    private readonly SliceSampler sampler;
    private readonly BalancedLoss loss;

    public DomainTask(string name, Subject subject, Device device, int seed)
    {
        (Name, this.subject) = (name, subject);
        split = SliceSplit.Of(subject);
        view = new FieldOfView(subject, split);
        sampler = new SliceSampler(subject, view, device, seed);
        loss = new BalancedLoss(subject, split);
    }

    public string Name { get; }

    public Domain Domain => new(Name, OutChannels: subject.Scheme.Names.Count);

    public string Description => $"{Name}: {subject.Description}; {string.Join(", ", subject.Scheme.Names.Skip(1))}; {split.Training.Length} slices to train on, {split.Centres.Length} to judge by";

    public Lesson In(U2Net3d model) => new(model.ForDomain(Name), sampler, loss, split.Training);

    public Evaluation Evaluate(U2Net3d model) => Evaluation.Of(subject, split, Segment(model));

    /// <summary>Draws what the network makes of the slices that it is judged by.</summary>
    public void Draw(U2Net3d model, string path)
    {
        var predicted = Segment(model);
        Sheet.Save(path, $"Domain {Name}", subject, split.Centres, predicted, Evaluation.Of(subject, split, predicted).Network);
    }

    private byte[] Segment(U2Net3d model)
    {
        using var network = model.ForDomain(Name);
        return new Segmenter(network, sampler, view, subject).SegmentOnly(split.Centres);
    }

    public void Dispose() => sampler.Dispose();
}
