using System.Text;

namespace UNetFamily.Tests.Build;

/// <summary>Writes shared libraries that have nothing but a dynamic symbol table, version needs and relocations.</summary>
internal sealed record ElfImage
{
    public const string Libstdcxx = "libstdc++.so.6";
    public const string Version = "GLIBCXX_3.4.32";

    /// <summary>Libraries with the versions that are needed of each; the versions' indices count up from 2, as they do when a linker writes them.</summary>
    public (string Library, string[] Versions)[] Needs { get; init; } = [("libc.so.6", ["GLIBC_2.14", "GLIBC_2.2.5"]), (Libstdcxx, ["GLIBCXX_3.4", Version, "CXXABI_1.3"]), ("libm.so.6", ["GLIBC_2.2.5"])];

    /// <summary>The flags of all needs.</summary>
    public ushort Flags { get; init; }

    /// <summary>Name, needed version (null: none) and whether it is defined here. Symbol 0 is not one of them.</summary>
    public (string Name, string? Version, bool Defined)[] Symbols { get; init; } = [("malloc", "GLIBC_2.14", false), ("_ZSt21ios_base_library_initv", Version, false), ("exported", null, true)];

    /// <summary>The symbols that relocations refer to.</summary>
    public string[] Relocated { get; init; } = ["malloc", "exported"];

    /// <summary>Whether relocations carry what is to be added (RELA) or not (REL).</summary>
    public bool Addends { get; init; } = true;

    /// <summary>Where the flags of a need stand in the file.</summary>
    public static int FlagsOf(byte[] file, string version) => Entries(file, version).Single();

    public byte[] Write()
    {
        var names = new Names();
        var indices = Needs.SelectMany(need => need.Versions).Distinct().Select((version, i) => (version, index: i + 2)).ToDictionary(pair => pair.version, pair => (ushort)pair.index);
        var sections = new List<(uint Type, byte[] Bytes, int Link, int Info)>
        {
            (0, [], 0, 0),
            (11, Table(writer => WriteSymbols(writer, names)), 5, 1),
            (0x6fffffff, Table(writer => WriteVersions(writer, indices)), 1, 0),
            (0x6ffffffe, Table(writer => WriteNeeds(writer, names, indices)), 5, Needs.Length),
            (Addends ? 4u : 9u, Table(WriteRelocations), 1, 0),
        };
        sections.Add((3, names.Bytes, 0, 0));
        return Assemble(sections);
    }

    /// <summary>By brute force: where an entry would lie whose hash and name are those of the version.</summary>
    private static IEnumerable<int> Entries(byte[] file, string version)
    {
        for (var at = 0; at + 16 <= file.Length; at += 4)
            if (BitConverter.ToUInt32(file, at) == Hash(version)) yield return at + 4;
    }

    private void WriteSymbols(BinaryWriter writer, Names names)
    {
        writer.Write(new byte[24]);
        foreach (var (name, _, defined) in Symbols)
        {
            writer.Write(names.OffsetOf(name));
            writer.Write((ushort)0x12);
            writer.Write((ushort)(defined ? 1 : 0));
            writer.Write(0L);
            writer.Write(0L);
        }
    }

    private void WriteVersions(BinaryWriter writer, Dictionary<string, ushort> indices)
    {
        writer.Write((ushort)0);
        foreach (var (_, version, _) in Symbols) writer.Write(version is null ? (ushort)1 : indices[version]);
    }

    private void WriteNeeds(BinaryWriter writer, Names names, Dictionary<string, ushort> indices)
    {
        foreach (var (library, versions) in Needs)
        {
            writer.Write((ushort)1);
            writer.Write((ushort)versions.Length);
            writer.Write(names.OffsetOf(library));
            writer.Write(16);
            writer.Write(library == Needs[^1].Library ? 0 : 16 * (versions.Length + 1));
            foreach (var version in versions)
            {
                writer.Write(Hash(version));
                writer.Write(Flags);
                writer.Write(indices[version]);
                writer.Write(names.OffsetOf(version));
                writer.Write(version == versions[^1] ? 0 : 16);
            }
        }
    }

    private void WriteRelocations(BinaryWriter writer)
    {
        foreach (var name in Relocated)
        {
            writer.Write(0x1000L);
            writer.Write(6);
            writer.Write(1 + Array.FindIndex(Symbols, symbol => symbol.Name == name));
            if (Addends) writer.Write(0L);
        }
    }

    private static byte[] Assemble(List<(uint Type, byte[] Bytes, int Link, int Info)> sections) => Table(writer =>
    {
        var table = 64 + sections.Sum(section => section.Bytes.Length);
        writer.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, .. new byte[8], 3, 0, 62, 0, 1, 0, 0, 0, .. new byte[16]]);
        writer.Write((long)table);
        writer.Write([0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 64, 0, (byte)sections.Count, 0, 0, 0]);
        foreach (var section in sections) writer.Write(section.Bytes);
        var offset = 64L;
        foreach (var (type, bytes, link, info) in sections)
        {
            writer.Write(0);
            writer.Write(type);
            writer.Write(0L);
            writer.Write(0L);
            writer.Write(offset);
            writer.Write((long)bytes.Length);
            writer.Write(link);
            writer.Write(info);
            writer.Write(0L);
            writer.Write(0L);
            offset += bytes.Length;
        }
    });

    private static byte[] Table(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        write(writer);
        // All tables begin at multiples of four, for FlagsOf.
        while (stream.Length % 4 != 0) writer.Write((byte)0);
        return stream.ToArray();
    }

    /// <summary>System V's hash of names.</summary>
    private static uint Hash(string name) => name.Aggregate(0u, (hash, letter) =>
    {
        hash = (hash << 4) + letter;
        var high = hash & 0xf0000000;
        return (hash ^ (high >> 24)) & ~high;
    });

    private sealed class Names
    {
        private readonly List<byte> bytes = [0];

        public byte[] Bytes => [.. bytes];

        public int OffsetOf(string name)
        {
            var offset = bytes.Count;
            bytes.AddRange(Encoding.ASCII.GetBytes(name));
            bytes.Add(0);
            return offset;
        }
    }
}
