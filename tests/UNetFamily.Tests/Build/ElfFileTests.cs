using UNetFamily.Build;
using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Build;

/// <summary>Which version needs of which files become weak, and that nothing else changes.</summary>
public class ElfFileTests
{
    private static readonly ElfImage Usual = new();

    [Fact]
    public void Weakens_a_need_that_nothing_uses_by_one_bit()
    {
        var file = Usual.Write();
        var before = (byte[])file.Clone();

        ElfFile.Weaken(file, ElfImage.Libstdcxx, ElfImage.Version).Should().Be(ElfChange.Made);

        before[ElfImage.FlagsOf(before, ElfImage.Version)] |= 2;
        file.Should().Equal(before);
    }

    [Fact]
    public void Leaves_a_weak_need_as_it_is() => Unchanged(Usual with { Flags = 2 }, ElfChange.None);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Leaves_a_need_whose_symbol_is_relocated(bool addends)
        => Unchanged(Usual with { Addends = addends, Relocated = ["malloc", "_ZSt21ios_base_library_initv"] }, ElfChange.InUse);

    [Fact]
    public void Leaves_a_need_whose_symbol_is_defined_here()
        => Unchanged(Usual with { Symbols = [("malloc", "GLIBC_2.14", false), ("exported", ElfImage.Version, true)] }, ElfChange.InUse);

    [Theory]
    [InlineData("libstdc++.so.6", "GLIBCXX_3.4.3")]
    [InlineData("libstdc++.so.6", "GLIBCXX_3.4.321")]
    [InlineData("libstdc++.so", "GLIBCXX_3.4.32")]
    [InlineData("libc.so.6", "GLIBCXX_3.4.32")]
    [InlineData("libm.so.6", "GLIBC_2.14")]
    public void Leaves_other_needs(string library, string version) => Unchanged(Usual.Write(), ElfChange.None, library, version);

    [Fact]
    public void Leaves_a_file_without_needs() => Unchanged(Usual with { Needs = [], Symbols = [("exported", null, true)], Relocated = [] }, ElfChange.None);

    [Theory]
    [InlineData(0, "no ELF file")]
    [InlineData(4, "32 bits")]
    [InlineData(5, "big-endian")]
    public void Leaves_files_of_other_formats(int at, string format)
    {
        var file = Usual.Write();
        file[at] = 9;
        Unchanged(file, ElfChange.None, because: format);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(63)]
    public void Leaves_files_that_are_shorter_than_a_header(int length) => Unchanged(Usual.Write()[..length], ElfChange.None);

    [Theory]
    [InlineData(0x28, 1_000_000L)]                  // where the sections' table lies
    [InlineData(0x28, long.MaxValue)]
    [InlineData(0x28, -1L)]
    public void Refuses_a_table_outside_of_the_file(int at, long value)
    {
        var file = Usual.Write();
        BitConverter.TryWriteBytes(file.AsSpan(at), value);
        Refused(file, "*outside*");
    }

    [Theory]
    [InlineData(3, 0x18, 1_000_000)]                // the needs' place
    [InlineData(3, 0x28, 99)]                       // the section of their names
    [InlineData(3, 0x28, -1)]
    [InlineData(2, 0x18, 1_000_000)]                // the symbols' versions
    [InlineData(2, 0x28, 99)]
    [InlineData(1, 0x20, 1_000_000)]                // the symbols' size
    [InlineData(4, 0x20, 1_000_000)]                // the relocations' size
    [InlineData(5, 0x18, 1_000_000)]                // the names' place
    public void Refuses_a_section_outside_of_the_file(int section, int at, int value)
    {
        var file = Usual.Write();
        BitConverter.TryWriteBytes(file.AsSpan(SectionAt(file, section) + at), value);
        Refused(file, "*outside*");
    }

    [Fact]
    public void Refuses_needs_that_do_not_advance()
    {
        var file = Usual.Write();
        var needs = BitConverter.ToInt32(file, SectionAt(file, 3) + 0x18);
        BitConverter.TryWriteBytes(file.AsSpan(needs + 12), 0);
        Refused(file, "*too early*");

        file = (Usual with { Flags = 2 }).Write();
        BitConverter.TryWriteBytes(file.AsSpan(ElfImage.FlagsOf(file, "GLIBCXX_3.4") + 8), -16);
        Refused(file, "*too early*");
    }

    [Fact]
    public void Refuses_more_needs_than_there_are()
    {
        var file = Usual.Write();
        BitConverter.TryWriteBytes(file.AsSpan(SectionAt(file, 3) + 0x2c), int.MaxValue);
        var act = () => ElfFile.Weaken(file, "libnone.so", ElfImage.Version);
        act.Should().Throw<InvalidDataException>().WithMessage("*too early*");
    }

    [Fact]
    public void Refuses_a_name_without_an_end()
    {
        // The names are the last section; after them only the table of sections, which is moved to the front.
        var file = Usual.Write();
        var table = file[SectionAt(file, 0)..];
        var moved = (byte[])[.. file[..64], .. table, .. file[64..SectionAt(file, 0)]];
        BitConverter.TryWriteBytes(moved.AsSpan(0x28), 64L);
        for (var section = 0; section < 6; section++)
        {
            var at = SectionAt(moved, section) + 0x18;
            BitConverter.TryWriteBytes(moved.AsSpan(at), BitConverter.ToInt64(moved, at) + table.Length);
        }
        ElfFile.Weaken((byte[])moved.Clone(), ElfImage.Libstdcxx, ElfImage.Version).Should().Be(ElfChange.Made, "sections may lie in any order");

        var end = Array.LastIndexOf(moved, (byte)'6') + 1;
        var act = () => ElfFile.Weaken(moved[..end], "libm.so.6", "GLIBC_2.2.5");
        act.Should().Throw<InvalidDataException>().WithMessage("*outside*");
    }

    [Fact]
    public void Refuses_needs_without_versions_of_symbols()
    {
        var file = Usual.Write();
        BitConverter.TryWriteBytes(file.AsSpan(SectionAt(file, 2) + 4), 1);
        Refused(file, "*needs versions*");
    }

    /// <summary>Whatever the bytes are: a result that keeps its word, or this exception.</summary>
    [Fact]
    public void Reads_or_refuses_broken_files()
    {
        var mutator = new Mutator(Usual.Write(), (Usual with { Addends = false }).Write());
        var (read, refused) = (0, 0);
        for (var i = 0; i < mutator.Systematic + 5000; i++)
        {
            var file = mutator.Make(i);
            var before = (byte[])file.Clone();
            try
            {
                var change = ElfFile.Weaken(file, ElfImage.Libstdcxx, ElfImage.Version);
                var changed = Enumerable.Range(0, file.Length).Where(at => file[at] != before[at]).ToList();
                changed.Should().HaveCount(change == ElfChange.Made ? 1 : 0, "file {0} gave {1}", i, change);
                changed.Should().NotContain(at => file[at] != (before[at] | 2));
                read++;
            }
            catch (InvalidDataException)
            {
                file.Should().Equal(before);
                refused++;
            }
        }
        read.Should().BeGreaterThan(1000);
        refused.Should().BeGreaterThan(1000);
    }

    private static int SectionAt(byte[] file, int section) => BitConverter.ToInt32(file, 0x28) + 64 * section;

    private static void Unchanged(ElfImage image, ElfChange expected) => Unchanged(image.Write(), expected);

    private static void Unchanged(byte[] file, ElfChange expected, string library = ElfImage.Libstdcxx, string version = ElfImage.Version, string because = "")
    {
        var before = (byte[])file.Clone();
        ElfFile.Weaken(file, library, version).Should().Be(expected, because);
        file.Should().Equal(before);
    }

    private static void Refused(byte[] file, string message)
    {
        var before = (byte[])file.Clone();
        var act = () => ElfFile.Weaken(file, ElfImage.Libstdcxx, ElfImage.Version);
        act.Should().Throw<InvalidDataException>().WithMessage(message);
        file.Should().Equal(before);
    }
}
