namespace UNetFamily.Tests.Backend;

/// <summary>Who owns a tensor, and who counts it.</summary>
public class DisposeScopeTests
{
    [Fact]
    public void A_scope_disposes_what_was_made_in_it_but_not_what_was_moved_out()
    {
        Tensor kept, detached, lost;
        using (var outer = NewDisposeScope())
        {
            using (var inner = NewDisposeScope())
            {
                kept = ones(1).MoveToOuterDisposeScope();
                detached = ones(1).DetachFromDisposeScope();
                lost = ones(1);
                inner.DisposablesCount.Should().Be(1);
                inner.Contains(lost).Should().BeTrue();
            }

            lost.IsInvalid.Should().BeTrue();
            kept.IsInvalid.Should().BeFalse();
            outer.DisposablesView.Should().Equal(kept);
        }

        kept.IsInvalid.Should().BeTrue();
        detached.IsInvalid.Should().BeFalse();
        detached.Dispose();
    }

    [Fact]
    public void Tensors_are_attached_moved_and_kept_by_hand()
    {
        var free = ones(1);
        using var a = NewDisposeScope();
        a.Attach(free);
        using var b = NewDisposeScope();
        var x = ones(1);
        var y = ones(1);
        b.MoveToOther(a, x);
        a.Contains(x).Should().BeTrue();
        y.MoveToOtherDisposeScope(x);
        a.DisposablesCount.Should().Be(3);
        var z = ones(1);
        var w = ones(1);
        b.DisposeEverythingBut(z);
        z.IsInvalid.Should().BeFalse();
        w.IsInvalid.Should().BeTrue();
        a.DisposeEverything();
        free.IsInvalid.Should().BeTrue();
        a.DisposablesCount.Should().Be(0);
    }

    [Fact]
    public void Statistics_count_every_step()
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        statistics.Reset();
        var outside = ones(1);
        using (NewDisposeScope())
        {
            ones(1);
            ones(1).Dispose();
            ones(1).DetachFromDisposeScope().Dispose();
            CurrentDisposeScope!.Attach(outside);
        }

        statistics.CreatedOutsideScopeCount.Should().Be(1);
        statistics.CreatedInScopeCount.Should().Be(3);
        statistics.DisposedInScopeCount.Should().Be(3);
        statistics.DisposedOutsideScopeCount.Should().Be(1);
        statistics.DetachedFromScopeCount.Should().Be(1);
        statistics.AttachedToScopeCount.Should().Be(1);
        statistics.ThreadTotalLiveCount.Should().Be(0);
    }

    [Fact]
    public void Every_operation_makes_exactly_one_tensor_or_none()
    {
        using var scope = NewDisposeScope();
        using var x = randn(2, 3, 4);
        Created(() => x.add(1)).Should().Be(1);
        Created(() => x.add_(1)).Should().Be(0);
        Created(() => _ = x[0]).Should().Be(1);
        Created(() => _ = x[.., 1..]).Should().Be(1);
        Created(() => x.max(1)).Should().Be(2);
        Created(() => x.chunk(2, 2)).Should().Be(2);
        Created(() => _ = x.shape).Should().Be(0);
        Created(() => x.sum().item<float>()).Should().Be(1);
        Created(() => tensor([1f, 2f])).Should().Be(1);

        static long Created(Action action)
        {
            using var inner = NewDisposeScope();
            action();
            return inner.DisposablesCount;
        }
    }

    [Fact]
    public void Scopes_and_statistics_belong_to_their_thread()
    {
        using var scope = NewDisposeScope();
        DisposeScope? seen = scope;
        var counted = -1L;
        var thread = new Thread(() =>
        {
            seen = CurrentDisposeScope;
            using (NewDisposeScope()) ones(1);
            counted = DisposeScopeManager.Statistics.CreatedInScopeCount;
        });
        thread.Start();
        thread.Join();
        seen.Should().BeNull();
        counted.Should().Be(1);
        scope.DisposablesCount.Should().Be(0);
        CurrentDisposeScope.Should().BeSameAs(scope);
    }

    [Fact]
    public void Scopes_may_end_out_of_order()
    {
        var outer = NewDisposeScope();
        var inner = NewDisposeScope();
        outer.Dispose();
        CurrentDisposeScope.Should().BeSameAs(inner);
        inner.Dispose();
        CurrentDisposeScope.Should().BeNull();
        inner.Invoking(s => s.DisposablesCount).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void A_thousand_training_steps_keep_memory_flat()
    {
        using var scope = NewDisposeScope();
        var weight = randn(64, 64, requires_grad: true);
        var live = 0L;
        var memory = 0L;
        for (var step = 0; step < 1000; step++)
        {
            using (NewDisposeScope())
            {
                var loss = weight.matmul(randn(64, 256)).tanh().pow(2).mean();
                loss.backward();
                using (no_grad()) weight.sub_(weight.grad! * 0.01);
                weight.grad!.zero_();
            }

            if (step != 200) continue;
            live = Tensor.TotalCount;
            memory = Environment.WorkingSet;
        }

        (Tensor.TotalCount - live).Should().BeLessThanOrEqualTo(0);
        (Environment.WorkingSet - memory).Should().BeLessThan(32 << 20);
    }

    [Fact]
    public void A_tensor_that_nobody_disposed_is_collected()
    {
        var before = Tensor.TotalCount;
        Drop(1000);
        for (var i = 0; i < 20 && Tensor.TotalCount > before + 10; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        (Tensor.TotalCount - before).Should().BeLessThanOrEqualTo(10);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Drop(int count)
        {
            for (var i = 0; i < count; i++) ones(4);
        }
    }
}
