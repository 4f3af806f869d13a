namespace UNetFamily.Tests.Checkpoints;

/// <summary>Tensors that can't be read here cost nothing but themselves, and views are what PyTorch would read.</summary>
public sealed class OddTensorTests : FileTests
{
    /// <summary>PyTorch 1.13 wrote these files, with tensors of 0, 1, 2 … on both sides of the odd ones.</summary>
    [Theory]
    [InlineData("odd.pth")]
    [InlineData("odd-legacy.pth")]
    public void Quantised_and_sparse_tensors_are_listed_and_refused_when_read(string name)
    {
        using var file = Checkpoint.Open(TestFiles.Path(name));
        TensorAssert.Equal(file.Read("plain"), arange(3, dtype: ScalarType.Float32));
        TensorAssert.Equal(file.Read("last"), arange(4, dtype: ScalarType.Float32).reshape(2, 2));
        var expected = new Dictionary<string, (string Shape, string Obstacle)>
        {
            ["tensorwise"] = ("(2, 3)", "It is quantised; save it with .dequantize()."),
            ["channelwise"] = ("(2, 3)", "It is quantised; save it with .dequantize()."),
            ["wide"] = ("(4)", "It is quantised; save it with .dequantize()."),
            ["coo"] = ("(3, 3)", "It is sparse; save it with .to_dense()."),
            ["csr"] = ("(3, 3)", "It is sparse; save it with .to_dense()."),
        };
        if (name == "odd.pth") expected["meta"] = ("(5, 2)", "It has a shape and no numbers: it was saved on the meta device.");
        file.Tensors.Where(entry => entry.Obstacle is not null).ToDictionary(entry => entry.Name, entry => (Shapes.Text(entry.Shape), entry.Obstacle!)).Should().BeEquivalentTo(expected);
        foreach (var odd in expected.Keys) file.Invoking(it => it.Read(odd)).Should().Throw<CheckpointException>().WithMessage($"*'{odd}' can't be read. It *");
        file.Invoking(it => it.SaveAs(folder.File("a.safetensors"))).Should().Throw<CheckpointException>().WithMessage("*safetensors can't hold tensorwise (2, 3) Other: It is quantised*");
        folder.Files.Should().BeEmpty();
    }

    [Fact]
    public void Types_of_newer_versions_are_listed_and_ordinary_ones_read()
    {
        var writer = new TorchWriter();
        byte[] numbers = [0, 0, 128, 63, 0, 0, 0, 64];
        string[] strange = ["uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2", "bits8", "int3", "not_yet_there"];
        string[] ordinary = ["float32", "int32", "uint8", "bfloat16", "float64", "bool"];
        using var file = TestFiles.Open(writer.File(Step.Dictionary(
        [
            ("w", writer.Tensor(ones(2, 2))),
            .. strange.Select(type => (type, writer.Newer(numbers, type, [1]))),
            .. ordinary.Select(type => (type, writer.Newer(type == "bool" ? [1, 0] : numbers, type, [type is "float64" ? 1 : 2]))),
        ])));
        TensorAssert.Equal(file.Read("w"), ones(2, 2));
        TensorAssert.Equal(file.Read("float32"), tensor(new[] { 1f, 2 }));
        TensorAssert.Equal(file.Read("int32"), tensor(new[] { 0x3f800000, 0x40000000 }));
        TensorAssert.Equal(file.Read("bool"), tensor(new[] { true, false }));
        foreach (var type in ordinary) file.Find(type)!.Obstacle.Should().BeNull();
        foreach (var type in strange)
        {
            file.Find(type)!.Obstacle.Should().StartWith("It is of ");
            file.Invoking(it => it.Read(type)).Should().Throw<CheckpointException>().WithMessage($"*'{type}' can't be read. It is of *, *TorchSharp *");
        }
        file.Find("float8_e4m3fn")!.Type.Should().Be(ElementType.Float8E4M3);
        file.Find("not_yet_there")!.Type.Should().Be(ElementType.Other);
    }

    [Fact]
    public void A_typeless_tensor_stays_inside_its_storage()
    {
        foreach (var (type, shape) in new[] { ("float32", 3L), ("uint16", 5L), ("float64", 2L) })
        {
            var writer = new TorchWriter();
            var file = writer.File(Step.Dictionary(("w", writer.Newer(new byte[8], type, [shape]))));
            FluentActions.Invoking(() => TestFiles.Open(file)).Should().Throw<CheckpointException>().WithMessage("*reaches number*");
        }
    }

    [Fact]
    public void An_unknown_type_of_safetensors_costs_itself()
    {
        using var file = TestFiles.Open(TestFiles.Safetensors("""{"new":{"dtype":"F2_E1","shape":[5,7],"data_offsets":[0,9]},"w":{"dtype":"U8","shape":[3],"data_offsets":[9,12]}}""", data: 12));
        TensorAssert.Equal(file.Read("w"), tensor(new byte[] { 9, 10, 11 }));
        file.Find("new")!.Bytes.Should().Be(9);
        file.Find("new")!.Obstacle.Should().Be("It is of 'F2_E1', which TorchSharp doesn't have.");
        file.Invoking(it => it.Read("new")).Should().Throw<CheckpointException>();
        FluentActions.Invoking(() => TestFiles.Open(TestFiles.Safetensors("""{"new":{"dtype":"F2_E1","shape":[5,7],"data_offsets":[0,99]}}""", data: 12))).Should().Throw<CheckpointException>().WithMessage("*ends at 99*");
    }

    [Fact]
    public void An_odd_tensor_beside_a_networks_weights_does_not_stop_them()
    {
        var options = UNetOptions.Milesial(1, 2) with { Widths = [2, 4, 8] };
        using var source = options.Build();
        using var target = options.Build();
        var writer = new TorchWriter();
        (string, byte[])[] entries = [.. source.state_dict().Select(entry => (entry.Key, writer.Tensor(entry.Value))), ("lookup.table", writer.Newer(new byte[8], "uint16", [2, 2]))];
        using (var file = TestFiles.Open(writer.File(Step.Dictionary(entries)))) target.Load(file).Unused.Should().Equal("lookup.table");
        foreach (var (name, tensor) in source.state_dict()) TensorAssert.Equal(target.state_dict()[name], tensor, name);

        entries = [.. entries.Where(entry => entry.Item1 != "head.bias"), ("head.bias", writer.Newer(new byte[4], "bits16", [2]))];
        using var odd = TestFiles.Open(writer.File(Step.Dictionary(entries)));
        target.Invoking(it => it.Load(odd)).Should().Throw<CheckpointMismatchException>().WithMessage("*wrong type: head.bias can't be read. It is of torch.bits16*");
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Views_that_are_negated_or_conjugated_are_read_so(bool negated, bool conjugated)
    {
        var numbers = tensor(new[] { new System.Numerics.Complex(1, 2), new(-3, 4), new(0, -5), new(6, 0) }).to(ScalarType.ComplexFloat32);
        var expected = numbers.clone();
        if (conjugated) expected = expected.conj_physical();
        if (negated) expected = -expected;
        var flags = Step.Dictionary(("neg", [negated ? (byte)0x88 : (byte)0x89]), ("conj", [conjugated ? (byte)0x88 : (byte)0x89]));
        var writer = new TorchWriter();
        using var file = TestFiles.Open(writer.File(Step.Dictionary(
            ("z", writer.Tensor(numbers, [4], [1], flags)), ("t", writer.Tensor(numbers, [2, 2], [1, 2], flags)),
            ("parameter", Step.Call(Step.Global("torch._utils", "_rebuild_parameter"), writer.Tensor(numbers, [4], [1], flags), [0x88], Step.Call(Step.Global("collections", "OrderedDict")))))));

        TensorAssert.Equal(view_as_real(file.Read("z")), view_as_real(expected));
        TensorAssert.Equal(view_as_real(file.Read("t")), view_as_real(expected.reshape(2, 2).t().contiguous()));
        TensorAssert.Equal(view_as_real(file.Read("parameter")), view_as_real(expected));
        file.Find("z")!.IsSameData(new TensorEntry("z", ElementType.Complex64, [4], file.Find("z")!.Position)).Should().Be(!negated && !conjugated);

        file.SaveAs(folder.File("a.safetensors"));
        using var saved = Checkpoint.Open(folder.File("a.safetensors"));
        TensorAssert.Equal(view_as_real(saved.Read("z")), view_as_real(expected));
    }

    [Fact]
    public void A_negated_weight_loads_with_its_sign()
    {
        using var target = Linear(2, 1);
        var writer = new TorchWriter();
        using var file = TestFiles.Open(writer.File(Step.Dictionary(("weight", writer.Tensor(tensor(new[] { 1f, -2 }), [1, 2], [2, 1], Step.Dictionary(("neg", [0x88])))), ("bias", writer.Tensor(ones(1))))));
        target.Load(file, keys: null);
        TensorAssert.Equal(target.weight, tensor(new[] { -1f, 2 }).reshape(1, 2));
        file.HaveSameNumbers(file.Find("weight")!, file.Find("weight")!).Should().BeTrue();
    }

    [Theory]
    [InlineData("later", 0x88)]
    [InlineData("conj", 0x88)]          // of a tensor that isn't complex
    [InlineData("neg", (byte)'N')]
    public void A_mark_that_is_not_known_is_no_reason_to_guess(string mark, byte value)
    {
        var writer = new TorchWriter();
        using var file = TestFiles.Open(writer.File(Step.Dictionary(("w", writer.Tensor(ones(2), [2], [1], Step.Dictionary((mark, [value])))), ("v", writer.Tensor(ones(2))))));
        file.Invoking(it => it.Read("w")).Should().Throw<CheckpointException>().WithMessage($"*'w' can't be read. It is marked '{mark}', whose meaning isn't known here.");
        TensorAssert.Equal(file.Read("v"), ones(2));
    }
}
