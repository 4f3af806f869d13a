using System.Runtime.CompilerServices;

namespace UNetFamily.Tests;

/// <summary>Kept blocks, in processes of their own: the setting is the whole process's and can't be taken back.</summary>
public sealed class AllocatorTests
{
    // Tests of memory measure what is needed, not what is kept.
    [ModuleInitializer]
    internal static void LeaveTheAllocatorAlone()
    {
        if (!Environment.GetCommandLineArgs().Contains(Program.PagesArgument)) Allocator.IsAutomatic = false;
    }

    [PeakMemoryTheory]
    [InlineData(4)]
    public void Prediction_maps_its_memory_once(long times)
    {
        var (kept, pages) = Predict();
        var (_, plainPages) = Predict((Allocator.Variable, "0"));
        kept.Should().BeTrue();
        pages.Should().BeLessThan(plainPages / times, "ten predictions use the same blocks");
    }

    [PeakMemoryTheory]
    [InlineData("UNETFAMILY_KEEP_FREED_BLOCKS", "0")]
    [InlineData("MALLOC_TRIM_THRESHOLD_", "100000")]
    [InlineData("GLIBC_TUNABLES", "glibc.malloc.trim_threshold=100000")]
    public void Whoever_has_decided_keeps_what_was_set(string variable, string value) => Predict((variable, value)).Kept.Should().BeFalse();

    [Fact]
    public void Returning_blocks_is_harmless_anywhere() => FluentActions.Invoking(Allocator.ReturnFreedBlocks).Should().NotThrow();

    private static (bool Kept, long Pages) Predict(params ReadOnlySpan<(string, string)> environment)
    {
        var (code, output, errors) = ChildProcess.Run(typeof(AllocatorTests).Assembly.Location, [Program.PagesArgument], [("THP_MEM_ALLOC_ENABLE", "0"), .. environment]);     // pages of the usual size
        code.Should().Be(0, errors);
        var words = output.Trim().Split(' ');
        return (bool.Parse(words[0]), long.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture));
    }
}
