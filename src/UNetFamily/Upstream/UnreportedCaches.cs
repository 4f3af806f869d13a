using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace UNetFamily;

/// <summary>
/// Convolutions on a virtual machine with an AMD processor that reports no caches. oneDNN 3.7.1, inside libtorch, then takes each of its caches for one byte, and computes convolutions of most numbers of channels wrongly;
/// see README.md beside this file. Told that nothing is known of them, it takes usual sizes, and all is right.
/// </summary>
internal static class UnreportedCaches
{
    private const string Library = "libtorch_cpu.so", Maps = "/proc/self/maps";

    // What oneDNN's description of the processor holds then (Xbyak::util::Cpu of xbyak_util.h): two counts of cores; sizes of up to ten caches; how many cores share each; and how many caches there are, three on any AMD.
    private static readonly uint[] Description = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 3];

    private static readonly Lazy<Finding> Found = new(Mind);

    /// <summary>What was found of this machine.</summary>
    internal enum Finding
    {
        /// <summary>Nothing that concerns oneDNN.</summary>
        Usual,

        /// <summary>oneDNN was told to take usual sizes.</summary>
        Told,

        /// <summary>oneDNN is wrong, and couldn't be told.</summary>
        Wrong,
    }

    /// <summary>What was found of this machine; the first call looks, and tells oneDNN.</summary>
    public static Finding State => Found.Value;

    /// <summary>Makes sure that convolutions are right before a network is made.</summary>
    /// <exception cref="PlatformNotSupportedException">They are wrong on this machine.</exception>
    public static void Ensure()
    {
        if (State is Finding.Wrong) throw new PlatformNotSupportedException(
            "libtorch computes convolutions wrongly on this machine, whose processor reports no caches, and couldn't be told their sizes. Set the environment variable ONEDNN_MAX_CPU_ISA to SSE41 before the process starts: slower, and right.");
    }

    private static Finding Mind()
    {
        if (AreReported()) return Finding.Usual;
        // The first convolution loads libtorch, where NNPACK is left alone.
        var isRight = IsRight(channels: 17);
        LeaveNnpack();
        if (isRight) return Finding.Usual;
        // Layers of the first check stay in oneDNN's memory as they were made, so the second has another size.
        return Tell() && IsRight(channels: 19) ? Finding.Told : Finding.Wrong;
    }

    // Leaf 0x8000001D of an AMD processor describes its caches, the first of data as number 0.
    private static bool AreReported()
    {
        const int vendors = 0, extended = unchecked((int)0x80000000), caches = unchecked((int)0x8000001D);
        const int amd = 0x444D4163;     // "cAMD", the end of AuthenticAMD
        return !X86Base.IsSupported || X86Base.CpuId(vendors, 0).Ecx != amd
            || (uint)X86Base.CpuId(extended, 0).Eax < unchecked((uint)caches) || X86Base.CpuId(caches, 0) != default;
    }

    private static bool IsRight(int channels)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var x = Waves(2, channels, 8, 8);
        var weight = Waves(16, channels, 3, 3);
        // Two images, and a distance of two between taps: libtorch computes the smallest convolutions by kernels of its own.
        var error = Output(x, weight) - Output(x.to(ScalarType.Float64), weight.to(ScalarType.Float64));
        return error.abs().max().ToDouble() < 1e-3;

        static Tensor Output(Tensor x, Tensor weight) => functional.conv2d(x, weight, dilation: [2, 2]);

        static Tensor Waves(params long[] shape) => arange(shape.Aggregate((a, b) => a * b), ScalarType.Float32, CPU).sin().reshape(shape);
    }

    private static unsafe bool Tell()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(Maps)) return false;
        // One word: no cache is known. Where the description is found twice or not at all, nothing is touched.
        var found = DataOfLibrary().SelectMany(area => Descriptions(area.Start, area.Length)).ToList();
        if (found is not [var description]) return false;
        ((uint*)description)[Description.Length - 1] = 0;
        return true;
    }

    // NNPACK doesn't start without sizes of caches, and libtorch would say so on the console at each small convolution. TorchSharp has no call for it, so this is that of C++: at::globalContext().setUserEnabledNNPACK(false).
    private static unsafe void LeaveNnpack()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad(Library, out var library)) return;
        if (NativeLibrary.TryGetExport(library, "_ZN2at13globalContextEv", out var context) && NativeLibrary.TryGetExport(library, "_ZN2at7Context20setUserEnabledNNPACKEb", out var enable))
            ((delegate* unmanaged<nint, byte, void>)enable)(((delegate* unmanaged<nint>)context)(), 0);
    }

    // The library's variables: its writable areas, and the one without a file that follows one of them without a gap.
    private static IEnumerable<(nint Start, int Length)> DataOfLibrary()
    {
        nint follows = 0;
        foreach (var line in File.ReadLines(Maps))
        {
            // start-end permissions offset device inode file
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var ends = fields[0].Split('-');
            var (start, end) = (Parsed(ends[0]), Parsed(ends[1]));
            var isOfLibrary = fields.Length > 5 ? fields[^1].EndsWith($"/{Library}", StringComparison.Ordinal) : start == follows;
            if (isOfLibrary && fields[1].StartsWith("rw", StringComparison.Ordinal)) yield return (start, checked((int)(end - start)));
            follows = isOfLibrary && fields.Length > 5 ? end : 0;
        }

        static nint Parsed(string address) => nint.Parse(address, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private static unsafe List<nint> Descriptions(nint start, int length)
    {
        var words = new ReadOnlySpan<uint>((void*)start, length / sizeof(uint));
        var found = new List<nint>();
        for (var from = 0; words[from..].IndexOf(Description) is >= 0 and var at; from += at + 1) found.Add(start + ((from + at) * sizeof(uint)));
        return found;
    }
}
