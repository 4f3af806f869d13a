using FsCheck;
using FsCheck.Fluent;

namespace UNetFamily.Tests.Checkpoints;

/// <summary>What holds for all files, tried on drawn ones.</summary>
public class SafetensorsProperties
{
    private static readonly Config Repeatable = Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20150504, 1);

    [Fact]
    public void What_is_written_is_read() => Check.One(Repeatable, Prop.ForAll((
        from count in Gen.Choose(0, 6)
        from entries in Gen.ArrayOf(Entry(), count)
        from note in ArbMap.Default.GeneratorFor<string?>()
        select (entries, note)).ToArbitrary(), drawn =>
    {
        using var scope = NewDisposeScope();
        var entries = drawn.entries.GroupBy(entry => entry.Name).ToDictionary(group => group.Key, group => zeros(group.First().Shape, dtype: group.First().Type));
        foreach (var tensor in entries.Values) new Random(1).NextBytes(tensor.dtype is ScalarType.Bool || tensor.numel() == 0 ? [] : tensor.bytes);
        var metadata = new Dictionary<string, string> { ["note"] = string.Concat((drawn.note ?? "").Where(character => !char.IsSurrogate(character))) };
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, entries.Select(entry => SafetensorsItem.Of(entry.Key, entry.Value)), metadata);

        using var file = TestFiles.Open(stream.ToArray());
        file.Metadata.Should().Equal(metadata);
        file.Tensors.Should().HaveCount(entries.Count);
        foreach (var (name, tensor) in entries)
        {
            using var read = file.Read(name);
            read.dtype.Should().Be(tensor.dtype);
            read.shape.Should().Equal(tensor.shape);
            if (tensor.numel() > 0) read.bytes.SequenceEqual(tensor.bytes).Should().BeTrue();
        }
    }));

    [Fact]
    public void Any_bytes_are_read_or_refused() => Check.One(Repeatable.WithMaxTest(2_000), Prop.ForAll((
        from start in Gen.Elements(new byte[][] { [], [0x50, 0x4b, 3, 4], [0x80, 2, 0x8a, 0x0a], [9, 0, 0, 0, 0, 0, 0, 0, (byte)'{'] })
        from rest in Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte>())
        select (byte[])[.. start, .. rest]).ToArbitrary(), bytes =>
    {
        try
        {
            TestFiles.Open(bytes).Dispose();
        }
        catch (CheckpointException)
        {
        }
    }));

    private static Gen<(string Name, long[] Shape, ScalarType Type)> Entry() =>
        from name in Gen.Elements("a", "b.weight", "ключ", "with \"quotes\" and \\", "new\nline", "", "é")
        from rank in Gen.Choose(0, 4)
        from shape in Gen.ArrayOf(Gen.Choose(0, 3).Select(side => (long)side), rank)
        from type in Gen.Elements(ScalarType.Bool, ScalarType.Byte, ScalarType.Int8, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64, ScalarType.ComplexFloat32)
        select (name, shape, type);
}
