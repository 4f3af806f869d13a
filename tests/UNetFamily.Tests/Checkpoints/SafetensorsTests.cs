using System.Text;

namespace UNetFamily.Tests.Checkpoints;

/// <summary>The rules of the safetensors format, one by one.</summary>
public class SafetensorsTests
{
    [Fact]
    public void Reads_what_the_format_allows()
    {
        using var scope = NewDisposeScope();
        using var file = TestFiles.Open(TestFiles.Safetensors(
            """{"__metadata__":{"a":"b"},"b":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},"zero":{"dtype":"F64","shape":[0,5],"data_offsets":[4,4]},"s":{"dtype":"I16","shape":[],"data_offsets":[4,6]}}  """, data: 6));

        file.Format.Should().Be(CheckpointFormat.Safetensors);
        file.Metadata.Should().Equal(new Dictionary<string, string> { ["a"] = "b" });
        file.Tensors.Select(entry => entry.ToString()).Should().Equal("b (2, 2) UInt8", "zero (0, 5) Float64", "s () Int16");
        TensorAssert.Equal(file.Read("b"), tensor(new byte[] { 0, 1, 2, 3 }).reshape(2, 2));
        file.Read("zero").shape.Should().Equal(0, 5);
        file.Read("s").item<short>().Should().Be(0x0504);
    }

    [Fact]
    public void Lists_types_that_torch_lacks_and_refuses_to_read_them()
    {
        using var file = TestFiles.Open(TestFiles.Safetensors("""{"a":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"F4","shape":[2],"data_offsets":[3,4]}}""", data: 4));
        file.Tensors.Select(entry => entry.Type).Should().Equal(ElementType.Float8E4M3, ElementType.Float4);
        file.Invoking(it => it.Read("a")).Should().Throw<CheckpointException>().WithMessage("*Float8E4M3*");
    }

    [Theory]
    [InlineData("""[]""", 0, "*The header is a JSON object*")]
    [InlineData("""{""", 0, "*not valid JSON*")]
    [InlineData("""{} x""", 0, "*not valid JSON*")]
    [InlineData("""{"a":1}""", 0, "*'a' is an object*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "*'a' is there twice*")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "*dtype twice*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "*needs dtype, shape and two data_offsets*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "*whole numbers from 0*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", 4, "*whole numbers from 0*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "*up to 2 whole numbers*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "*ends at 0 and begins at 4*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "*takes 8 bytes, and 4 are given*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,4]}}""", 4, "*more numbers than can be counted*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,0,4],"data_offsets":[0,0]}}""", 0, "*more numbers than can be counted*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}""", 4, "*whole numbers*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2305843009213693951],"data_offsets":[0,9223372036854775804]}}""", 4, "*the file has 4 bytes of data*")]
    [InlineData("""{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, "*don't fill whole bytes*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""", 6, "*'b' begins here, and the data before it ends*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}}""", 6, "*'b' begins here, and the data before it ends*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}}""", 5, "*'a' begins here*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 5, "*the file goes on for 1 bytes*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 3, "*the file has 3 bytes of data*")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "*texts only*")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "*'a' is there twice in __metadata__*")]
    [InlineData("""{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, "*not valid JSON*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":[[[[[[[[[1]]]]]]]]]}}""", 0, "*not valid JSON*")]
    public void Refuses_what_breaks_the_rules(string header, int data, string message) =>
        FluentActions.Invoking(() => TestFiles.Open(TestFiles.Safetensors(header, data))).Should().Throw<CheckpointException>().WithMessage(message);

    [Fact]
    public void Refuses_a_header_that_cannot_be()
    {
        var valid = TestFiles.Safetensors("{}");
        Refuses(valid.AsSpan(0, 7).ToArray(), "*none of the formats*");
        Refuses([.. BitConverter.GetBytes(100_000_001L), .. "{}"u8], "*100000001 bytes*");
        Refuses([.. BitConverter.GetBytes(ulong.MaxValue), .. "{}"u8], "*none of the formats*");
        Refuses([.. BitConverter.GetBytes(3L), .. "{}"u8], "*should have 3 bytes*");
        Refuses([.. BitConverter.GetBytes(4L), .. "{\""u8, 0xff, .. "}"u8], "*not valid UTF-8*");

        static void Refuses(byte[] file, string message) => FluentActions.Invoking(() => TestFiles.Open(file)).Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Fact]
    public void A_truth_value_is_0_or_1()
    {
        using var file = TestFiles.Open(TestFiles.Safetensors("""{"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}""", data: 3));
        file.Invoking(it => it.Read("a")).Should().Throw<CheckpointException>().Where(e => e.Position == file.FileLength - 1);
    }

    [Fact]
    public void Writes_largest_types_first_then_by_name_with_a_padded_header()
    {
        using var scope = NewDisposeScope();
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream,
        [
            SafetensorsItem.Of("b", tensor(new[] { 1f, 2f })),
            SafetensorsItem.Of("a", tensor(new[] { true })),
            SafetensorsItem.Of("ä", zeros(2, 0)),
            SafetensorsItem.Of("d", tensor(3.0)),
            SafetensorsItem.Of("t", arange(6, dtype: ScalarType.Float32).reshape(2, 3).t()),
        ], new Dictionary<string, string> { ["k"] = "v" });

        var bytes = stream.ToArray();
        var length = (int)BitConverter.ToInt64(bytes);
        length.Should().Match(n => n % 8 == 0);
        Encoding.UTF8.GetString(bytes, 8, length).Should().StartWith("""{"__metadata__":{"k":"v"},"d":""");
        using var file = TestFiles.Open(bytes);
        file.Tensors.Select(entry => entry.Name).Should().Equal("d", "b", "t", "ä", "a");
        TensorAssert.Equal(file.Read("t"), tensor(new[] { 0f, 3, 1, 4, 2, 5 }).reshape(3, 2));
        file.Read("d").ToDouble().Should().Be(3);
    }
}
