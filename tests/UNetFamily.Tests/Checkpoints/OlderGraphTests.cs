namespace UNetFamily.Tests.Checkpoints;

/// <summary>Weights that are written between a forward and a backward pass are a change that autograd notices, whoever writes them.</summary>
public sealed class OlderGraphTests : FileTests
{
    private static readonly U2Net3dOptions Network = U2Net3dOptions.Universal(["a", "b"]) with { BaseWidth = 4, Pools = 1, SpatialDims = SpatialDims.Two };

    public static TheoryData<string> Writers() => new(Writing.Keys);

    private static readonly Dictionary<string, Action<U2Net3d, string>> Writing = new()
    {
        [nameof(CheckpointLoading.Load)] = (model, file) => model.Load(file),
        [nameof(CheckpointLoading.LoadPartial)] = (model, file) => model.LoadPartial(file),
        ["Load of half the bits"] = (model, file) => model.Load(Half(file)),
        ["Load of a view with steps"] = (model, file) => model.Load(Transposed(model, file)),
        [nameof(TrainingFiles.ResumeTraining)] = (model, file) =>
        {
            using var optimizer = optim.SGD(model.parameters(), 0.1);
            model.SaveTraining(file + ".training", optimizer, new());
            model.ResumeTraining(file + ".training", optimizer);
        },
        [nameof(DomainFiles.LoadDomain)] = (model, file) =>
        {
            model.SaveDomain("a", file + ".domain");
            model.LoadDomain("a", file + ".domain");
        },
        [nameof(UpKern)] = (model, file) => UpKern.Initialize(model, file),
        [nameof(WeightAverage.Apply)] = (model, _) =>
        {
            using var average = new WeightAverage(model);
            average.Apply().Dispose();
        },
        [nameof(WeightAverage.Assign)] = (model, _) =>
        {
            using var average = new WeightAverage(model);
            average.Assign();
        },
    };

    [Theory]
    [MemberData(nameof(Writers))]
    public void A_backward_pass_over_an_older_forward_pass_raises(string writer)
    {
        using var model = new U2Net3d(Network);
        model.Save(folder.File("a.safetensors"));
        using var input = rand(2, 1, 8, 8);
        var loss = model.call(input).Logits.square().sum();

        Writing[writer](model, folder.File("a.safetensors"));

        loss.Invoking(it => it.backward()).Should().Throw<Exception>().WithMessage("*modified by an inplace operation*");
        model.call(input).Logits.square().sum().backward();
    }

    [Fact]
    public void Writing_the_masters_of_mixed_precision_does_as_well()
    {
        using var model = new U2Net3d(Network);
        model.Save(folder.File("a.safetensors"));
        using var weights = new MixedPrecision(model, Precision.BFloat16);
        using var input = rand(2, 1, 8, 8);
        var loss = model.call(input).Logits.square().sum();

        using (var file = Checkpoint.Open(folder.File("a.safetensors"))) weights.Load(file);

        loss.Invoking(it => it.backward()).Should().Throw<Exception>().WithMessage("*modified by an inplace operation*");
    }

    private static string Half(string file)
    {
        using var model = SegmentationModel.FromFile(file).to(ScalarType.Float16);
        model.Save(file + ".half");
        return file + ".half";
    }

    // As a storage of PyTorch's with a kernel whose first two axes are exchanged.
    private static string Transposed(U2Net3d model, string file)
    {
        using var scope = NewDisposeScope();
        var state = model.state_dict().ToArray();
        var (entries, storages) = (new List<(string, byte[])>(), new List<byte[]>());
        foreach (var (name, value) in state)
        {
            var (shape, isKernel) = (value.shape, value.dim() == 4);
            long[] strides = isKernel ? [shape[2] * shape[3], shape[0] * shape[2] * shape[3], shape[3], 1] : Shapes.Contiguous(shape);
            var stored = (isKernel ? value.detach().transpose(0, 1) : value.detach()).contiguous();
            entries.Add((name, Step.Tensor(Step.Storage($"{storages.Count}", stored.numel(), stored.dtype is ScalarType.Int64 ? "LongStorage" : "FloatStorage"), 0, shape, strides)));
            storages.Add(stored.bytes.ToArray());
        }
        File.WriteAllBytes(file + ".pth", TorchFile.Of(Step.Pickle(Step.Dictionary([.. entries])), [.. storages]));
        return file + ".pth";
    }
}
