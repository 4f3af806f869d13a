namespace UNetFamily.Tests.Backend;

/// <summary>Python's indexing, in C#'s brackets.</summary>
public class TensorIndexTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Tensor x = arange(24).reshape(2, 3, 4);

    public void Dispose()
    {
        scope.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Numbers_select()
    {
        x[1].shape.Should().Equal(3, 4);
        x[1, 2].data<long>().ToArray().Should().Equal(20, 21, 22, 23);
        x[1, 2, 3].item<long>().Should().Be(23);
        x[-1, -1, -1].item<long>().Should().Be(23);
    }

    [Fact]
    public void Ranges_slice()
    {
        x[.., 1..].shape.Should().Equal(2, 2, 4);
        x[.., ..^1, 1..3].shape.Should().Equal(2, 2, 2);
        x[1, .., ^1].data<long>().ToArray().Should().Equal(15, 19, 23);
        x[TensorIndex.Ellipsis, TensorIndex.Slice(null, null, 2)].shape.Should().Equal(2, 3, 2);
        x[TensorIndex.Colon, TensorIndex.Single(0)].shape.Should().Equal(2, 4);
        x[TensorIndex.Ellipsis, TensorIndex.None].shape.Should().Equal(2, 3, 4, 1);
        x[TensorIndex.Null, TensorIndex.Ellipsis].shape.Should().Equal(1, 2, 3, 4);
    }

    [Fact]
    public void A_view_shares_memory()
    {
        x[0].fill_(7);
        x[0, 2, 3].item<long>().Should().Be(7);
        x[.., 0][1].zero_();
        x[1, 0].sum().item<long>().Should().Be(0);
    }

    [Fact]
    public void Index_tensors_pick()
    {
        x[tensor([1L, 0L])].shape.Should().Equal(2, 3, 4);
        x[tensor([1L, 0L]), tensor([2L, 1L])].data<long>().ToArray().Should().Equal(20, 21, 22, 23, 4, 5, 6, 7);
        x[TensorIndex.Colon, TensorIndex.Tensor(tensor([0L, 2L]))].shape.Should().Equal(2, 2, 4);
        x.index(tensor([0L])).shape.Should().Equal(1, 3, 4);
        x.index_select(2, tensor([3L])).shape.Should().Equal(2, 3, 1);
        x.gather(2, zeros(2, 3, 1, ScalarType.Int64)).shape.Should().Equal(2, 3, 1);
    }

    [Fact]
    public void Masks_pick()
    {
        x[x > 20].data<long>().ToArray().Should().Equal(21, 22, 23);
        x.masked_select(x < 2).data<long>().ToArray().Should().Equal(0, 1);
        x[TensorIndex.Tensor(x.sum(2) > 60)].shape.Should().Equal(2, 4);
        x.where(x > 20, zeros_like(x)).sum().item<long>().Should().Be(66);
        x.nonzero().shape.Should().Equal(23, 3);
    }

    [Fact]
    public void Assignment_writes_through_every_kind_of_index()
    {
        x[0, 0, 0] = tensor(100L);
        x[1] = zeros(3, 4, ScalarType.Int64);
        x[0, .., 1..3] = tensor(5L);
        x[x == 5] = tensor(6L);
        x[0].data<long>().ToArray().Should().Equal(100, 6, 6, 3, 4, 6, 6, 7, 8, 6, 6, 11);
        x[1].sum().item<long>().Should().Be(0);
        x.index_put_(tensor([1L, 1L]), [tensor([1L, 1L]), tensor([0L, 0L]), tensor([0L, 0L])], accumulate: true);
        x[1, 0, 0].item<long>().Should().Be(2);
        x.index_put_(9, TensorIndex.Single(1), TensorIndex.Single(2));
        x[1, 2].data<long>().ToArray().Should().Equal(9, 9, 9, 9);
        x.masked_fill_(x == 9, -1)[1, 2, 0].item<long>().Should().Be(-1);
        zeros(2, ScalarType.Int64).scatter_(0, tensor([1L]), tensor([4L])).data<long>().ToArray().Should().Equal(0, 4);
        zeros(2).scatter_add_(0, tensor([1L, 1L]), ones(2)).data<float>().ToArray().Should().Equal(0, 2);
    }

    [Fact]
    public void Indexing_makes_one_tensor() =>
        NoLeaks.During(() => x[0, .., ^1].Dispose()).Should().Be(0);
}
