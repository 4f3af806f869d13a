namespace UNetFamily.Tests.Checkpoints;

/// <summary>What PyTorch writes is read back number for number; <c>Files/make.py</c> says what is in the files.</summary>
public class CheckpointTests
{
    private static readonly string[] Suffixes = ["", "-legacy"];

    public static IEnumerable<object[]> Views() => [["views.pth"], ["views-legacy.pth"], ["views-protocol4.pth"], ["views-legacy-protocol3.pth"], ["views-legacy-protocol4.pth"], ["views-legacy-protocol5.pth"]];

    [Theory]
    [MemberData(nameof(Views))]
    public void Reads_views_with_offsets_and_strides(string file)
    {
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(TestFiles.Path(file));
        var whole = Count(4, 6);

        checkpoint.Tensors.Select(entry => entry.Name).Should().Equal("plain", "transposed", "row", "column", "block", "same", "scalar", "empty", "channels_last", "parameter");
        TensorAssert.Equal(checkpoint.Read("plain"), whole);
        TensorAssert.Equal(checkpoint.Read("transposed"), whole.t());
        TensorAssert.Equal(checkpoint.Read("row"), whole[2]);
        TensorAssert.Equal(checkpoint.Read("column"), whole[.., 1]);
        TensorAssert.Equal(checkpoint.Read("block"), whole[1..3, 2..5]);
        TensorAssert.Equal(checkpoint.Read("same"), whole);
        TensorAssert.Equal(checkpoint.Read("scalar"), tensor(7f));
        checkpoint.Read("empty").shape.Should().Equal(0, 3);
        TensorAssert.Equal(checkpoint.Read("channels_last"), Count(2, 3, 4, 5));
        TensorAssert.Equal(checkpoint.Read("parameter"), Count(3));
        checkpoint.Tensors.Should().OnlyContain(entry => checkpoint.Read(entry.Name).is_contiguous());
    }

    [Fact]
    public void Knows_that_two_names_are_one_tensor()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Path("views.pth"));
        checkpoint.Find("plain")!.IsSameData(checkpoint.Find("same")!).Should().BeTrue();
        checkpoint.Find("plain")!.IsSameData(checkpoint.Find("transposed")!).Should().BeFalse();
    }

    [Fact]
    public void Reads_every_type()
    {
        var expected = new Dictionary<string, ScalarType>
        {
            ["uint8"] = ScalarType.Byte, ["int8"] = ScalarType.Int8, ["int16"] = ScalarType.Int16, ["int32"] = ScalarType.Int32, ["int64"] = ScalarType.Int64,
            ["float16"] = ScalarType.Float16, ["bfloat16"] = ScalarType.BFloat16, ["float32"] = ScalarType.Float32, ["float64"] = ScalarType.Float64,
            ["complex64"] = ScalarType.ComplexFloat32, ["complex128"] = ScalarType.ComplexFloat64, ["bool"] = ScalarType.Bool,
        };
        foreach (var suffix in Suffixes)
        {
            using var scope = NewDisposeScope();
            using var checkpoint = Checkpoint.Open(TestFiles.Path($"types{suffix}.pth"));
            checkpoint.Tensors.ToDictionary(entry => entry.Name, entry => checkpoint.Read(entry.Name).dtype).Should().BeEquivalentTo(expected);
            foreach (var (name, type) in expected)
                TensorAssert.Equal(checkpoint.Read(name), type is ScalarType.Bool ? tensor(new[] { true, false, true }) : Count(3).to(type), name);
        }
    }

    [Fact]
    public void Finds_the_weights_of_a_module_that_was_saved_whole()
    {
        foreach (var suffix in Suffixes)
        {
            using var checkpoint = Checkpoint.Open(TestFiles.Path($"module{suffix}.pth"));
            checkpoint.Tensors.Select(entry => entry.Name).Should().Equal("body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias", "body.1.running_mean",
                "body.1.running_var", "body.1.num_batches_tracked", "head.weight", "head.bias");
        }
    }

    [Fact]
    public void Finds_the_weights_in_an_envelope_and_describes_the_rest()
    {
        foreach (var suffix in Suffixes)
        {
            using var scope = NewDisposeScope();
            using var checkpoint = Checkpoint.Open(TestFiles.Path($"envelope{suffix}.pth"));
            checkpoint.Envelope.Should().Be("state_dict");
            checkpoint.Prefix.Should().Be("module.");
            TensorAssert.Equal(checkpoint.Read("head.weight"), Count(1, 2, 1, 1));
            checkpoint.Others.Should().Equal(
                new CheckpointItem("epoch", "3"),
                new CheckpointItem("args", "object of argparse.Namespace, not made"),
                new CheckpointItem("best", "tuple of 2"),
                new CheckpointItem("loss", "tensor () Float32"),
                new CheckpointItem("big", "whole number of 11 bytes"),
                new CheckpointItem("bytes", "object of _codecs.encode, not made"));
        }
    }

    [Fact]
    public void Takes_the_entry_that_it_is_told_to()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Path("envelope.pth"), "");
        checkpoint.Tensors.Select(entry => entry.Name).Should().Equal("loss");
        checkpoint.StateDicts.Should().Equal("", "state_dict");
        FluentActions.Invoking(() => Checkpoint.Open(TestFiles.Path("envelope.pth"), "ema")).Should().Throw<CheckpointException>().WithMessage("*no state dict 'ema'*state_dict*");
    }

    [Fact]
    public void Reads_no_tensor_larger_than_its_storage()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Path("expanded.pth"));
        checkpoint.Read("plain").Dispose();
        checkpoint.Invoking(file => file.Read("expanded")).Should().Throw<CheckpointException>().WithMessage("*repeats numbers*");
    }

    [Fact]
    public void Opening_reads_no_numbers()
    {
        const int Numbers = 4 << 20;
        var numbers = new byte[4 * Numbers];
        var pickle = Step.Pickle(Step.Dictionary(("w", Step.Tensor(Step.Storage("0", Numbers), 0, [Numbers], [1]))));
        var header = $$$"""{"w":{"dtype":"F32","shape":[{{{Numbers}}}],"data_offsets":[0,{{{numbers.Length}}}]}}""";
        foreach (var bytes in new[] { TorchFile.Of(pickle, numbers), TestFiles.Safetensors(header, data: numbers.Length) })
        {
            var source = new CountedSource(bytes);
            using var checkpoint = Checkpoint.Open(source);
            checkpoint.Tensors.Single().Bytes.Should().Be(numbers.Length);
            source.Read.Should().BeLessThan(4096);
        }
    }

    [Fact]
    public void Says_what_a_file_is_not()
    {
        FluentActions.Invoking(() => Checkpoint.Open(TestFiles.Path("missing.pth"))).Should().Throw<FileNotFoundException>();
        FluentActions.Invoking(() => TestFiles.Open([])).Should().Throw<CheckpointException>().WithMessage("test, byte 0: The file is empty.");
        FluentActions.Invoking(() => TestFiles.Open("hello, world"u8.ToArray())).Should().Throw<CheckpointException>().WithMessage("*none of the formats*");
    }

    [Fact]
    public void Leaves_nothing_alive_but_what_it_returns()
    {
        NoLeaks.During(() =>
        {
            using var checkpoint = Checkpoint.Open(TestFiles.Path("views.pth"));
            foreach (var entry in checkpoint.Tensors) checkpoint.Read(entry.Name).Dispose();
        }).Should().Be(0);
    }

    private sealed class CountedSource(byte[] bytes) : ByteSource("counted")
    {
        public new long Read { get; private set; }

        public override long Length => bytes.Length;

        protected override void ReadInside(long position, Span<byte> into)
        {
            Read += into.Length;
            bytes.AsSpan((int)position, into.Length).CopyTo(into);
        }
    }

    private static Tensor Count(params long[] shape) => arange(shape.Aggregate(1L, (product, side) => product * side), dtype: ScalarType.Float32).reshape(shape);
}
