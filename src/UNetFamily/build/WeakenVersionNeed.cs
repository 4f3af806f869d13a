#nullable disable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace UNetFamily.Build;

/// <summary>
/// The build step behind <c>AllowOlderLibstdcxx</c> in UNetFamily.targets: copies libraries, with one version need of the copy marked as weak.
/// MSBuild compiles this file where it is used, for .NET Standard 2.0.
/// </summary>
public sealed class WeakenVersionNeed : Microsoft.Build.Utilities.Task
{
    /// <summary>The libraries; the files themselves stay as they are.</summary>
    [Required]
    public ITaskItem[] Libraries { get; set; }

    /// <summary>Where the copies go, below it as they go into the output.</summary>
    [Required]
    public string Folder { get; set; }

    /// <summary>The library that is asked for the version, such as libstdc++.so.6.</summary>
    [Required]
    public string Provider { get; set; }

    /// <summary>The version, such as GLIBCXX_3.4.32.</summary>
    [Required]
    public string Version { get; set; }

    /// <summary>A symbol of that version, by which this machine's library is asked whether it has the version.</summary>
    [Required]
    public string Symbol { get; set; }

    /// <summary>Whether nothing is done when this machine's library has the version.</summary>
    public bool OnlyIfMissingHere { get; set; }

    /// <summary>The libraries that were copied, as they came.</summary>
    [Output]
    public ITaskItem[] Replaced { get; set; } = Array.Empty<ITaskItem>();

    /// <summary>Their copies, with the same metadata.</summary>
    [Output]
    public ITaskItem[] Copies { get; set; } = Array.Empty<ITaskItem>();

    public override bool Execute()
    {
        if (OnlyIfMissingHere && !MissingHere(Provider, Version, Symbol)) return true;

        var changed = Libraries.Select(library => (library, bytes: Weakened(library.ItemSpec))).Where(pair => pair.bytes != null).ToList();
        Replaced = changed.Select(pair => pair.library).ToArray();
        Copies = changed.Select(pair => (ITaskItem)new TaskItem(pair.library) { ItemSpec = Written(pair.library, pair.bytes) }).ToArray();
        return !Log.HasLoggedErrors;
    }

    /// <summary>Asks the loader of this machine, not a list of systems.</summary>
    internal static bool MissingHere(string provider, string version, string symbol)
    {
        const int lazily = 1;
        try
        {
            var library = dlopen(provider, lazily);
            return library != IntPtr.Zero && dlvsym(library, symbol, version) == IntPtr.Zero;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            // No glibc: musl checks no versions, and other systems have other files.
            return false;
        }
    }

    private byte[] Weakened(string path)
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            var change = ElfFile.Weaken(bytes, Provider, Version);
            if (change == ElfChange.InUse) Log.LogWarning($"{path} uses symbols of {Version} and keeps its need of it. Where {Provider} is older, it does not load.");
            return change == ElfChange.Made ? bytes : null;
        }
        catch (InvalidDataException damage)
        {
            Log.LogError($"{path} is damaged: {damage.Message}");
            return null;
        }
    }

    private string Written(ITaskItem library, byte[] bytes)
    {
        var copy = Path.Combine(Folder, library.GetMetadata("DestinationSubDirectory"), Path.GetFileName(library.ItemSpec));
        if (File.Exists(copy) && File.ReadAllBytes(copy).SequenceEqual(bytes)) return copy;

        // Its time is now, not the library's: by time and size MSBuild sees whether what it copies has changed, and the size is the same.
        // Never written into a file that is there: it may be linked to the output of an earlier build, in use now.
        Directory.CreateDirectory(Path.GetDirectoryName(copy));
        File.Delete(copy);
        File.WriteAllBytes(copy, bytes);
        return copy;
    }

    [DllImport("libdl.so.2")]
    private static extern IntPtr dlopen(string file, int mode);

    [DllImport("libdl.so.2")]
    private static extern IntPtr dlvsym(IntPtr library, string symbol, string version);
}

/// <summary>What became of a need.</summary>
public enum ElfChange
{
    /// <summary>No little-endian ELF file of 64 bits, or one without that need, or the need was weak already.</summary>
    None,

    /// <summary>The need is weak now.</summary>
    Made,

    /// <summary>The file defines or relocates a symbol of the version, so that it can't do without; nothing was changed.</summary>
    InUse,
}

/// <summary>
/// The version needs of an ELF file (Linux Standard Base, Core, "Symbol Versioning"): the loader refuses a file when a library lacks a version that
/// the file needs, whether or not anything of that version is used, unless the need is weak.
/// </summary>
public static class ElfFile
{
    private const uint DynamicSymbols = 11, Relocations = 9, RelocationsWithAddend = 4, VersionNeeds = 0x6ffffffe, SymbolVersions = 0x6fffffff;
    private const int Weak = 2, HiddenBit = 0x8000, SymbolSize = 24, NeedSize = 16;

    /// <summary>Marks the need of a version of a library as weak in the bytes of a file, if no symbol of that version is used.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static ElfChange Weaken(byte[] file, string library, string version)
    {
        if (file.Length < 64 || BitConverter.ToUInt32(file, 0) != 0x464c457f || file[4] != 2 || file[5] != 1) return ElfChange.None;
        try
        {
            var sections = SectionsOf(file);
            if (NeedOf(file, sections, library, version) is not int need) return ElfChange.None;
            if (IsUsed(file, sections, BitConverter.ToUInt16(file, need + 6) & ~HiddenBit)) return ElfChange.InUse;

            file[need + 4] |= Weak;
            return ElfChange.Made;
        }
        catch (Exception exception) when (exception is ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw new InvalidDataException("A table of the ELF file lies outside of it.", exception);
        }
    }

    /// <summary>Where the entry (Vernaux: hash, flags, version's index, name, next) begins that is not weak yet.</summary>
    private static int? NeedOf(byte[] file, List<Section> sections, string library, string version)
    {
        foreach (var section in sections.Where(section => section.Type == VersionNeeds))
        {
            // Of each library one record (Verneed: format, count of entries, name, first entry, next), with an entry of each version.
            var names = sections[section.Link].Offset;
            foreach (var need in Chain(file, section.Offset, section.Info).Where(need => IsName(file, names, need + 4, library)))
            {
                var first = checked(need + BitConverter.ToInt32(file, need + 8));
                foreach (var entry in Chain(file, first, BitConverter.ToUInt16(file, need + 2)))
                    if (IsName(file, names, entry + 8, version) && (BitConverter.ToUInt16(file, entry + 4) & Weak) == 0) return entry;
            }
        }
        return null;
    }

    /// <summary>Whether a symbol of the version with that index is defined here, or a relocation refers to it.</summary>
    private static bool IsUsed(byte[] file, List<Section> sections, int index)
    {
        var versions = sections.Find(section => section.Type == SymbolVersions) ?? throw new InvalidDataException("The ELF file needs versions and says none of a symbol.");
        var symbols = sections[versions.Link];
        var ofVersion = new HashSet<uint>();
        for (var symbol = 0; symbol < symbols.Size / SymbolSize; symbol++)
        {
            if ((BitConverter.ToUInt16(file, checked(versions.Offset + 2 * symbol)) & ~HiddenBit) != index) continue;
            var definedIn = BitConverter.ToUInt16(file, checked(symbols.Offset + SymbolSize * symbol + 6));
            if (definedIn != 0) return true;
            ofVersion.Add((uint)symbol);
        }
        return sections.Where(section => section.Type is Relocations or RelocationsWithAddend)
            .Where(section => sections[section.Link].Type == DynamicSymbols)
            .Any(section => SymbolsOf(file, section).Any(ofVersion.Contains));
    }

    private static IEnumerable<uint> SymbolsOf(byte[] file, Section relocations)
    {
        var size = relocations.Type == Relocations ? 16 : 24;
        for (var i = 0; i < relocations.Size / size; i++) yield return BitConverter.ToUInt32(file, checked(relocations.Offset + size * i + 12));
    }

    private static List<Section> SectionsOf(byte[] file)
    {
        var table = checked((int)BitConverter.ToUInt64(file, 0x28));
        int size = BitConverter.ToUInt16(file, 0x3a), count = BitConverter.ToUInt16(file, 0x3c);
        return Enumerable.Range(0, count).Select(i => new Section(file, checked(table + size * i))).ToList();
    }

    /// <summary>The places of records that each say, in their last field, how far away the next one is.</summary>
    private static IEnumerable<int> Chain(byte[] file, int first, int count)
    {
        for (int i = 0, at = first; i < count; i++)
        {
            yield return at;
            var step = BitConverter.ToInt32(file, at + 12);
            if (step < NeedSize && i + 1 < count) throw new InvalidDataException("The version needs of the ELF file end too early.");
            at = checked(at + step);
        }
    }

    /// <summary>Whether the name, whose offset in the table of names stands at a place, is this one.</summary>
    private static bool IsName(byte[] file, int names, int offsetAt, string name)
    {
        var start = checked(names + BitConverter.ToInt32(file, offsetAt));
        for (var i = 0; i < name.Length; i++)
            if (file[checked(start + i)] != name[i]) return false;
        return file[start + name.Length] == 0;
    }

    private sealed class Section
    {
        public Section(byte[] file, int at)
        {
            Type = BitConverter.ToUInt32(file, at + 4);
            Offset = checked((int)BitConverter.ToUInt64(file, at + 0x18));
            Size = checked((int)BitConverter.ToUInt64(file, at + 0x20));
            Link = BitConverter.ToInt32(file, at + 0x28);
            Info = BitConverter.ToInt32(file, at + 0x2c);
        }

        public uint Type { get; }

        public int Offset { get; }

        public int Size { get; }

        public int Link { get; }

        public int Info { get; }
    }
}
