namespace UNetFamily.Tests.Checkpoints;

/// <summary>What can't be saved whole replaces no file, and what was disposed says so.</summary>
public sealed class SavableTests : FileTests
{
    private static readonly UNetOptions Small = UNetOptions.Milesial(1, 2) with { Widths = [2, 4, 8] };

    [Theory]
    [MemberData(nameof(SmallVariants.Names), MemberType = typeof(SmallVariants))]
    public void Nothing_works_after_Dispose_and_a_good_file_stays(string name)
    {
        var model = SmallVariants.Of(name).Build();
        var file = folder.File("good.safetensors");
        model.Save(file);
        var good = File.ReadAllBytes(file);
        using var checkpoint = Checkpoint.Open(file);
        using var input = rand([1, model.Options.InChannels, .. SmallVariants.Size(model)]);
        using var optimizer = optim.SGD(model.parameters(), 0.1);
        model.Dispose();

        Action[] uses =
        [
            () => model.call(input), () => model.Save(file), () => model.Load(file), () => model.Load(checkpoint), () => model.LoadPartial(file), () => model.Compare(checkpoint),
            () => model.Load(checkpoint, keys: null), () => model.SaveTraining(file, optimizer, new()), () => model.ResumeTraining(file, optimizer), () => UpKern.Initialize(model, file),
            () => model.SaveDomain("a", file), () => model.LoadDomain("a", file), () => _ = new MixedPrecision(model, Precision.BFloat16), () => _ = new WeightAverage(model),
            () => new Trainer(model, new Training.Squares(), new DiceCELoss(), weights => optim.SGD(weights, 0.1), new()).Run(),
            .. model.Options.KeyMaps.Select(keys => (Action)(() => model.Export(file, keys))),
        ];
        foreach (var use in uses) use.Should().Throw<ObjectDisposedException>();

        File.ReadAllBytes(file).Should().Equal(good);
        folder.Files.Should().ContainSingle();
    }

    [Fact]
    public void A_view_of_a_disposed_network_is_disposed()
    {
        var whole = (U2Net3dOptions.Universal(["a", "b"]) with { BaseWidth = 4, Pools = 1 }).Build();
        using var view = ((U2Net3d)whole).ForDomain("b");
        whole.Dispose();
        view.Invoking(it => it.Save(folder.File("b.safetensors"))).Should().Throw<ObjectDisposedException>();
        view.Invoking(it => it.call(rand([1L, 1, 8, 8, 8]))).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Entries_that_are_not_those_of_the_options_replace_no_file()
    {
        var changes = new (Action<UNet> Change, string Message)[]
        {
            (model => model.state_dict()["stem.first.conv.weight"].Dispose(), "*it lacks stem.first.conv.weight, which a dispose scope or somebody else has disposed*"),
            (model => model.register_module("extra", Linear(1, 1)), "*extra.weight, extra.bias came later*"),
            (model => ((TorchSharp.Modules.Conv2d)model.named_modules().Single(entry => entry.name == "head").module).weight = Parameter(zeros(5, 2, 1, 1)), "*head.weight is (5, 2, 1, 1) and was built as (2, 2, 1, 1)*"),
        };
        foreach (var (change, message) in changes)
        {
            File.WriteAllText(folder.File("old.safetensors"), "old");
            using var model = new UNet(Small);
            change(model);
            model.Invoking(it => it.Save(folder.File("old.safetensors"))).Should().Throw<InvalidOperationException>().WithMessage(message);
            model.Invoking(it => it.Export(folder.File("old.safetensors"), UNetKeyMaps.Milesial)).Should().Throw<InvalidOperationException>().WithMessage(message);
            using var optimizer = optim.SGD(model.parameters(), 0.1);
            model.Invoking(it => it.SaveTraining(folder.File("old.safetensors"), optimizer, new())).Should().Throw<InvalidOperationException>().WithMessage(message);
            File.ReadAllText(folder.File("old.safetensors")).Should().Be("old");
        }
    }

    [Fact]
    public void An_extended_network_is_savable()
    {
        using var whole = new U2Net3d(U2Net3dOptions.Universal(["a"]) with { BaseWidth = 4, Pools = 1 });
        using var view = whole.AddDomain("b");
        whole.Save(folder.File("a.safetensors"));
        using var loaded = SegmentationModel.FromFile(folder.File("a.safetensors"));
        loaded.Options.Should().Be(whole.Options);
    }

    [Fact]
    public void Layers_that_are_not_registered_are_named()
    {
        File.WriteAllText(folder.File("old.safetensors"), "old");
        foreach (var (kind, field) in new[] { (Holding.Array, "array"), (Holding.List, "list"), (Holding.Dictionary, "dictionary"), (Holding.TooLate, "late") })
        {
            using var model = new Mine(kind);
            model.Invoking(it => it.Save(folder.File("old.safetensors"))).Should().Throw<InvalidOperationException>()
                .WithMessage($"Mine can't be saved: Mine.{field} holds layers that are not registered. Hold layers in fields, and several of them in a ModuleList, and call RegisterComponents() last in the constructor.");
        }
        using (var empty = new Mine(Holding.Nothing)) empty.Invoking(it => it.Save(folder.File("old.safetensors"))).Should().Throw<InvalidOperationException>().WithMessage("Mine can't be saved: it has no weights.");
        File.ReadAllText(folder.File("old.safetensors")).Should().Be("old");

        using var right = new Mine(Holding.ModuleList);
        right.Save(folder.File("mine.safetensors"));
        using var again = new Mine(Holding.ModuleList);
        again.Load(folder.File("mine.safetensors")).Loaded.Should().HaveCount(2);
    }

    internal enum Holding
    {
        Nothing,
        Array,
        List,
        Dictionary,
        TooLate,
        ModuleList,
    }

    private sealed record MineOptions : SegmentationModelOptions
    {
        public override SegmentationModel Build() => new Mine(Holding.ModuleList);
    }

    private sealed class Mine : SegmentationModel
    {
        private readonly nn.Module[]? array;
        private readonly List<nn.Module>? list;
        private readonly Dictionary<string, nn.Module>? dictionary;
        private readonly nn.Module? late;
        private readonly ModuleList<nn.Module>? right;

        public Mine(Holding holding) : base(new MineOptions { InChannels = 1, OutChannels = 1 })
        {
            if (holding is Holding.Array) array = [Conv2d(1, 1, 1)];
            if (holding is Holding.List) list = [Conv2d(1, 1, 1)];
            if (holding is Holding.Dictionary) dictionary = new() { ["a"] = Conv2d(1, 1, 1) };
            if (holding is Holding.ModuleList) right = ModuleList<nn.Module>(Conv2d(1, 1, 1));
            RegisterComponents();
            if (holding is Holding.TooLate) late = Conv2d(1, 1, 1);
        }

        public override InputSizes InputSizes => InputSizes.AtLeast(SpatialDims.Two, 1);

        protected override SegmentationMaps Flow(FeatureMap x) => throw new NotSupportedException($"{array} {list} {dictionary} {late} {right}");
    }
}
