using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// The build step behind <c>AllowOlderLibstdcxx</c> in UNetFamily.targets: copies libraries, with one version need of the copy marked as weak.
/// MSBuild compiles this file where it is used, for .NET Standard 2.0.
/// </summary>
public sealed class WeakenVersionNeed : Task
{
    /// <summary>The libraries; the files themselves stay as they are.</summary>
    [Required]
    public ITaskItem[] Libraries { get; set; }

    /// <summary>Where the copies go.</summary>
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
    public ITaskItem[] Replaced { get; set; } = new ITaskItem[0];

    /// <summary>Their copies, with the same metadata.</summary>
    [Output]
    public ITaskItem[] Copies { get; set; } = new ITaskItem[0];

    public override bool Execute()
    {
        if (OnlyIfMissingHere && !MissingHere()) return true;

        var changed = Libraries.Select(library => (library, bytes: Weakened(library.ItemSpec))).Where(pair => pair.bytes != null).ToList();
        Replaced = changed.Select(pair => pair.library).ToArray();
        Copies = changed.Select(pair => (ITaskItem)new TaskItem(pair.library) { ItemSpec = Written(pair.library.ItemSpec, pair.bytes) }).ToArray();
        return !Log.HasLoggedErrors;
    }

    private byte[] Weakened(string path)
    {
        var bytes = File.ReadAllBytes(path);
        switch (ElfFile.Weaken(bytes, Provider, Version))
        {
            case ElfChange.Made:
                return bytes;
            case ElfChange.InUse:
                Log.LogWarning($"{path} uses symbols of {Version} and keeps its need of it. Where {Provider} is older, it does not load.");
                return null;
            default:
                return null;
        }
    }

    /// <summary>The time of the copy is that of the file, so that what is up to date is recognized, here and where it is copied next.</summary>
    private string Written(string path, byte[] bytes)
    {
        var copy = Path.Combine(Folder, Path.GetFileName(path));
        var time = File.GetLastWriteTimeUtc(path);
        if (File.Exists(copy) && File.GetLastWriteTimeUtc(copy) == time && File.ReadAllBytes(copy).SequenceEqual(bytes)) return copy;

        // Never into a file that is there: it may be linked to the output of an earlier build, in use now.
        Directory.CreateDirectory(Folder);
        File.Delete(copy);
        File.WriteAllBytes(copy, bytes);
        File.SetLastWriteTimeUtc(copy, time);
        return copy;
    }

    /// <summary>Asks the loader of this machine, not a list of systems.</summary>
    private bool MissingHere()
    {
        const int lazily = 1;
        try
        {
            var provider = dlopen(Provider, lazily);
            return provider != IntPtr.Zero && dlvsym(provider, Symbol, Version) == IntPtr.Zero;
        }
        catch (Exception exception) when (exception is DllNotFoundException || exception is EntryPointNotFoundException)
        {
            // No glibc: musl checks no versions, and other systems have other files.
            return false;
        }
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
    private const uint SymbolTable = 11, Relocations = 9, RelocationsWithAddend = 4, VersionNeeds = 0x6ffffffe, SymbolVersions = 0x6fffffff;
    private const ushort Weak = 2, HiddenBit = 0x8000;

    /// <summary>Marks the need of a version of a library as weak in the bytes of a file, if no symbol of that version is used.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static ElfChange Weaken(byte[] file, string library, string version)
    {
        if (file.Length < 64 || BitConverter.ToUInt32(file, 0) != 0x464c457f || file[4] != 2 || file[5] != 1) return ElfChange.None;
        try
        {
            var sections = SectionsOf(file).ToList();
            if (!(NeedOf(file, sections, library, version) is int need)) return ElfChange.None;
            if (UsesVersion(file, sections, BitConverter.ToUInt16(file, need + 6))) return ElfChange.InUse;

            file[need + 4] |= (byte)Weak;
            return ElfChange.Made;
        }
        catch (Exception exception) when (exception is ArgumentException || exception is OverflowException || exception is IndexOutOfRangeException)
        {
            throw new InvalidDataException("A table of the ELF file lies outside of it.", exception);
        }
    }

    /// <summary>Where the entry (Vernaux: hash, flags, index, name, next) begins that is not weak yet.</summary>
    private static int? NeedOf(byte[] file, List<Section> sections, string library, string version)
    {
        foreach (var section in sections.Where(section => section.Type == VersionNeeds))
        {
            var names = sections[section.Link].Offset;
            foreach (var need in Chain(file, section.Offset, section.Info))
            {
                if (Text(file, names, need + 4) != library) continue;
                var first = checked(need + BitConverter.ToInt32(file, need + 8));
                foreach (var entry in Chain(file, first, BitConverter.ToUInt16(file, need + 2)))
                    if (Text(file, names, entry + 8) == version && (BitConverter.ToUInt16(file, entry + 4) & Weak) == 0) return entry;
            }
        }
        return null;
    }

    /// <summary>Whether a symbol with that index of version is defined here, or a relocation refers to it.</summary>
    private static bool UsesVersion(byte[] file, List<Section> sections, ushort index)
    {
        var versions = sections.Single(section => section.Type == SymbolVersions);
        var symbols = sections[versions.Link];
        var ofVersion = new HashSet<long>();
        for (var symbol = 0; symbol < symbols.Size / 24; symbol++)
        {
            if ((BitConverter.ToUInt16(file, checked(versions.Offset + 2 * symbol)) & ~HiddenBit) != index) continue;
            if (BitConverter.ToUInt16(file, checked(symbols.Offset + 24 * symbol + 6)) != 0) return true;
            ofVersion.Add(symbol);
        }
        return sections.Where(section => section.Type == Relocations || section.Type == RelocationsWithAddend)
            .Where(section => sections[section.Link].Type == SymbolTable)
            .Any(section => SymbolsOf(file, section).Any(ofVersion.Contains));
    }

    private static IEnumerable<long> SymbolsOf(byte[] file, Section relocations)
    {
        var entry = relocations.Type == Relocations ? 16 : 24;
        for (var i = 0; i < relocations.Size / entry; i++) yield return BitConverter.ToUInt32(file, checked(relocations.Offset + i * entry + 12));
    }

    private static IEnumerable<Section> SectionsOf(byte[] file)
    {
        var table = checked((int)BitConverter.ToUInt64(file, 0x28));
        int size = BitConverter.ToUInt16(file, 0x3a), count = BitConverter.ToUInt16(file, 0x3c);
        for (var i = 0; i < count; i++)
        {
            var at = checked(table + i * size);
            yield return new Section(
                BitConverter.ToUInt32(file, at + 4),
                checked((int)BitConverter.ToUInt64(file, at + 0x18)),
                checked((int)BitConverter.ToUInt64(file, at + 0x20)),
                BitConverter.ToInt32(file, at + 0x28),
                BitConverter.ToInt32(file, at + 0x2c));
        }
    }

    /// <summary>The places of records that each say how far away the next one is.</summary>
    private static IEnumerable<int> Chain(byte[] file, int first, int count)
    {
        var at = first;
        for (var i = 0; i < count; i++)
        {
            yield return at;
            at = checked(at + BitConverter.ToInt32(file, at + 12));
        }
    }

    private static string Text(byte[] file, int names, int offsetAt)
    {
        var start = checked(names + BitConverter.ToInt32(file, offsetAt));
        var end = Array.IndexOf(file, (byte)0, start);
        return Encoding.ASCII.GetString(file, start, end - start);
    }

    private readonly struct Section
    {
        public Section(uint type, int offset, int size, int link, int info)
        {
            Type = type;
            Offset = offset;
            Size = size;
            Link = link;
            Info = info;
        }

        public uint Type { get; }

        public int Offset { get; }

        public int Size { get; }

        public int Link { get; }

        public int Info { get; }
    }
}
