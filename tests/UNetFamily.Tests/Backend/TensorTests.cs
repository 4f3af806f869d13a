using System.Runtime.InteropServices;

namespace UNetFamily.Tests.Backend;

/// <summary>Creation, arithmetic, shapes and data of tensors.</summary>
public class TensorTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Values_come_back_as_they_went_in()
    {
        float[,] table = { { 1, 2, 3 }, { 4, 5, 6 } };
        var x = tensor(table);
        x.shape.Should().Equal(2, 3);
        x.dtype.Should().Be(ScalarType.Float32);
        x.data<float>().ToArray().Should().Equal(1, 2, 3, 4, 5, 6);
        x.data<float>().ToNDArray().Should().BeEquivalentTo(table);
        x.data<float>()[1, 2].Should().Be(6);
        x.data<float>().Should().HaveCount(6).And.EndWith(6);
        tensor([true, false]).data<bool>().ToArray().Should().Equal(true, false);
        tensor([1L, 2L], dtype: ScalarType.Float64).data<double>().ToArray().Should().Equal(1, 2);
        tensor((Half[])[(Half)0.5f]).item<Half>().Should().Be((Half)0.5f);
        tensor((BFloat16[])[(BFloat16)1.5f]).item<BFloat16>().ToSingle().Should().Be(1.5f);
        tensor(3).dtype.Should().Be(ScalarType.Int32);
        tensor(3L).item<long>().Should().Be(3);
        tensor(0.5).ToDouble().Should().Be(0.5);
        full(2, 2, 0.5).dtype.Should().Be(ScalarType.Float32);
        full(2, 2, 1).dtype.Should().Be(ScalarType.Int64);
    }

    [Fact]
    public void Strided_data_is_read_and_written_in_logical_order()
    {
        var x = arange(6, dtype: ScalarType.Float32).reshape(2, 3).transpose(0, 1);
        x.is_contiguous().Should().BeFalse();
        x.stride().Should().Equal(1, 3);
        x.data<float>().ToArray().Should().Equal(0, 3, 1, 4, 2, 5);
        x.data<float>()[2, 0].Should().Be(2);
        x.data<float>().CopyFrom([10, 11, 12, 13, 14, 15]);
        x.contiguous().data<float>().ToArray().Should().Equal(10, 11, 12, 13, 14, 15);
        x.Invoking(t => t.bytes.Length).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Bytes_are_the_memory_itself()
    {
        var x = zeros(4);
        MemoryMarshal.Cast<byte, float>(x.bytes)[2] = 7;
        x.data<float>().ToArray().Should().Equal(0, 0, 7, 0);
        x.bytes = new byte[16];
        x.sum().item<float>().Should().Be(0);

        using var stream = new MemoryStream();
        arange(3).WriteBytesToStream(stream);
        stream.Position = 0;
        var y = zeros(3, ScalarType.Int64);
        y.ReadBytesFromStream(stream);
        y.data<long>().ToArray().Should().Equal(0, 1, 2);
    }

    [Fact]
    public void An_array_that_is_wrapped_shares_its_memory_and_one_that_is_copied_does_not()
    {
        float[] values = [1, 2, 3];
        var shared = from_array(values);
        var copied = tensor(values);
        values[0] = 9;
        shared[0].item<float>().Should().Be(9);
        copied[0].item<float>().Should().Be(1);
        shared.add_(1);
        values.Should().Equal(10, 3, 4);
    }

    [Fact]
    public void Operators_broadcast_and_promote()
    {
        var column = tensor([1f, 2f]).reshape(2, 1);
        var row = tensor([10f, 20f, 30f]);
        (column + row).data<float>().ToArray().Should().Equal(11, 21, 31, 12, 22, 32);
        (1 - column).data<float>().ToArray().Should().Equal(0, -1);
        (6 / tensor([1f, 2f, 3f])).data<float>().ToArray().Should().Equal(6, 3, 2);
        (tensor([5L, -5L]) % 3).data<long>().ToArray().Should().Equal(2, 1);
        (tensor([1L]) + 0.5).dtype.Should().Be(ScalarType.Float32);
        (tensor([1L]) / 2).item<float>().Should().Be(0.5f);
        (-tensor([1f])).item<float>().Should().Be(-1);
        (row > 15).data<bool>().ToArray().Should().Equal(false, true, true);
        (row == 20).data<bool>().ToArray().Should().Equal(false, true, false);
        tensor([7f]).div(2, RoundingMode.floor).item<float>().Should().Be(3);
        tensor([1f, 2f]).add(tensor([1f, 1f]), alpha: 10).data<float>().ToArray().Should().Equal(11, 12);
        tensor([1f, 2f]).Equals(tensor([1f, 2f])).Should().BeTrue();
    }

    [Fact]
    public void An_in_place_operation_returns_its_own_tensor()
    {
        var x = ones(2);
        x.add_(1).Should().BeSameAs(x);
        x.mul_(x).Should().BeSameAs(x);
        x.clamp_(0, 3).Should().BeSameAs(x);
        x.zero_().Should().BeSameAs(x);
        x.copy_(ones(2)).Should().BeSameAs(x);
        x.requires_grad_(false).Should().BeSameAs(x);
        x.data<float>().ToArray().Should().Equal(1, 1);
    }

    [Fact]
    public void A_conversion_to_the_same_type_is_another_handle_to_the_same_memory()
    {
        var x = zeros(2);
        var same = x.to(ScalarType.Float32);
        same.Should().NotBeSameAs(x);
        same.fill_(3);
        x[0].item<float>().Should().Be(3);
        var other = x.to(ScalarType.Float64);
        other.fill_(5);
        x[0].item<float>().Should().Be(3);
        x.to(CPU, copy: true).fill_(8);
        x[0].item<float>().Should().Be(3);
    }

    [Fact]
    public void Sizes_are_told_from_either_end()
    {
        var x = zeros(2, 3, 4);
        x.size(0).Should().Be(2);
        x.size(-1).Should().Be(4);
        x.dim().Should().Be(3);
        x.numel().Should().Be(24);
        x.element_size().Should().Be(4);
        x.device_type.Should().Be(DeviceType.CPU);
        x.Invoking(t => t.size(3)).Should().Throw<Exception>();
    }

    [Fact]
    public void Shapes_change_as_in_PyTorch()
    {
        var x = arange(24).reshape(2, 3, 4);
        x.permute(2, 0, 1).shape.Should().Equal(4, 2, 3);
        x.flatten(1).shape.Should().Equal(2, 12);
        x.unflatten(2, 2, 2).shape.Should().Equal(2, 3, 2, 2);
        x.unsqueeze(0).squeeze(0).shape.Should().Equal(2, 3, 4);
        x.unsqueeze(0).squeeze().shape.Should().Equal(2, 3, 4);
        x.expand(5, 2, 3, 4).stride().Should().StartWith(0L);
        x.repeat(1, 2, 1).shape.Should().Equal(2, 6, 4);
        x.movedim([0], [2]).shape.Should().Equal(3, 4, 2);
        x.flip(0)[0, 0, 0].item<long>().Should().Be(12);
        x.roll(1, 2)[0, 0].data<long>().ToArray().Should().Equal(3, 0, 1, 2);
        x.narrow(1, 1, 2).shape.Should().Equal(2, 2, 4);
        x.chunk(2, 2).Select(t => t.shape[2]).Should().Equal(2, 2);
        x.split([1, 3], 2).Select(t => t.shape[2]).Should().Equal(1, 3);
        x.unbind(0).Should().HaveCount(2);
        cat([x, x], 1).shape.Should().Equal(2, 6, 4);
        stack([x, x], 1).shape.Should().Equal(2, 2, 3, 4);
        x.view(6, 4).alias().data<long>().ToArray().Should().Equal(Enumerable.Range(0, 24).Select(i => (long)i));
    }

    [Fact]
    public void Reductions_give_values_and_places()
    {
        var x = tensor(new float[,] { { 1, 5, 3 }, { 4, 2, 6 } });
        x.sum().item<float>().Should().Be(21);
        x.sum(1, keepdim: true).shape.Should().Equal(2, 1);
        x.mean([0, 1]).item<float>().Should().Be(3.5f);
        var (values, indexes) = x.max(1);
        values.data<float>().ToArray().Should().Equal(5, 6);
        indexes.data<long>().ToArray().Should().Equal(1, 2);
        x.argmin(1).data<long>().ToArray().Should().Equal(0, 1);
        x.var(1).data<float>().ToArray().Should().Equal(4, 4);
        x.std(1L, unbiased: false).data<float>()[0].Should().BeApproximately(1.63299f, 1e-4f);
        x.cumsum(1)[0].data<float>().ToArray().Should().Equal(1, 6, 9);
        x.norm().item<float>().Should().BeApproximately(9.539f, 1e-3f);
        x.amax(0).data<float>().ToArray().Should().Equal(4, 5, 6);
        x.any().item<bool>().Should().BeTrue();
        x.topk(2).values[1].data<float>().ToArray().Should().Equal(6, 4);
        x.softmax(1).sum(1).allclose(ones(2)).Should().BeTrue();
        x.sort(1, descending: true).Indices[0].data<long>().ToArray().Should().Equal(1, 2, 0);
        tensor([1L, 1L, 3L]).bincount(null!).data<long>().ToArray().Should().Equal(0, 2, 0, 1);
        tensor([3L, 1L, 3L]).unique().output.data<long>().ToArray().Should().Equal(1, 3);
        einsum("ij,kj->ik", x, x).shape.Should().Equal(2, 2);
        x.matmul(x.T).allclose(mm(x, x.t())).Should().BeTrue();
    }

    [Fact]
    public void Values_that_are_no_numbers_are_recognised()
    {
        var x = tensor([1f, float.NaN, float.PositiveInfinity]);
        x.isnan().data<bool>().ToArray().Should().Equal(false, true, false);
        x.isinf().data<bool>().ToArray().Should().Equal(false, false, true);
        x.isfinite().data<bool>().ToArray().Should().Equal(true, false, false);
        x.nan_to_num(0, 9).data<float>().ToArray().Should().Equal(1, 0, 9);
        x.allclose(x, equal_nan: true).Should().BeTrue();
        x.allclose(x).Should().BeFalse();
    }

    [Fact]
    public void The_wrong_element_type_is_refused()
    {
        var x = ones(1);
        x.Invoking(t => t.item<double>()).Should().Throw<ArgumentException>().WithMessage("*Double*Float32*");
        x.Invoking(t => t.data<int>()).Should().Throw<ArgumentException>();
        ones(2).Invoking(t => t.item<float>()).Should().Throw<ArgumentException>();
        x.ToInt64().Should().Be(1);
        ((double)x).Should().Be(1);
    }

    [Fact]
    public void Errors_of_libtorch_are_external_exceptions_with_its_text()
    {
        var left = ones(2, 3);
        left.Invoking(t => t.matmul(left)).Should().Throw<ExternalException>().WithMessage("*shapes cannot be multiplied (2x3 and 2x3)*");
        left.Invoking(t => t.view(5)).Should().Throw<ExternalException>().WithMessage("*invalid for input of size 6*");
        left.Invoking(t => t.add_(ones(4, 2, 3))).Should().Throw<ExternalException>();
        left.Invoking(t => t[7]).Should().Throw<ExternalException>().WithMessage("*out of range*");
        (left + left).sum().item<float>().Should().Be(12, "an error leaves nothing behind");
    }

    [Fact]
    public void A_disposed_tensor_cannot_be_used()
    {
        var x = ones(2);
        x.Dispose();
        x.Dispose();
        x.IsInvalid.Should().BeTrue();
        x.Invoking(t => t.add(1)).Should().Throw<InvalidOperationException>();
        x.Invoking(t => t.shape).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void A_tensor_survives_a_stream()
    {
        var x = randn(2, 3);
        using var stream = new MemoryStream();
        x.Save(stream);
        stream.Position = 0;
        using var reader = new BinaryReader(stream);
        var y = TensorExtensionMethods.Load(reader);
        y.Equals(x).Should().BeTrue();
    }

    [Fact]
    public void A_tensor_tells_its_size_type_and_place() => zeros(2, 3).ToString().Should().Be("[2x3], type = Float32, device = cpu");

    [Fact]
    public void Defaults_are_those_of_the_likeness()
    {
        var x = zeros(2, 3, ScalarType.Float64);
        zeros_like(x).dtype.Should().Be(ScalarType.Float64);
        ones_like(x, ScalarType.Int32).dtype.Should().Be(ScalarType.Int32);
        full_like(x, 3).sum().item<double>().Should().Be(18);
        empty_strided([2, 3], [1, 2]).stride().Should().Equal(1, 2);
        eye(3).sum().item<float>().Should().Be(3);
        linspace(0, 1, 5).data<float>().ToArray().Should().Equal(0, 0.25f, 0.5f, 0.75f, 1);
        arange(0, 1, 0.25).dtype.Should().Be(ScalarType.Float32);
        randperm(5).sort().Values.data<long>().ToArray().Should().Equal(0, 1, 2, 3, 4);
        zeros(2, 3, device: META).is_meta.Should().BeTrue();
    }
}
