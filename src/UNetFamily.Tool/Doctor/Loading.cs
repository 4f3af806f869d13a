using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using TorchSharp;

namespace UNetFamily.Tool;

/// <summary>
/// Whether TorchSharp's native library loads. It is tried in a process of its own: a wrong library may end the process, and TorchSharp itself answers
/// each failure by copying half a gigabyte from the package folder into the application's.
/// </summary>
internal static partial class Loading
{
    /// <summary>The hidden option of <c>doctor</c> with which the tool calls itself.</summary>
    public const string Option = "--load-native-library";

    private const string NoFile = "There is no native file of TorchSharp's (LibTorchSharp) in the application's folder.";

    private static readonly Assembly TorchSharp = typeof(torch).Assembly;

    /// <summary>The same search for the same files as in TorchSharp, which copies nothing where it ends in vain.</summary>
    public static void Load()
    {
        NativeLibrary.TryLoad("torch_cpu", TorchSharp, searchPath: null, out _);
        NativeLibrary.Load("LibTorchSharp", TorchSharp, searchPath: null);
    }

    /// <summary>Loads it in this process, and makes its first calls. Prints what was loaded, or the problem.</summary>
    public static int LoadHere(Surroundings surroundings)
    {
        try
        {
            Load();
            using var first = torch.ones(1);
            _ = torch.cuda.is_available();
            surroundings.Output.WriteLine(Machine.Loaded("LibTorchSharp"));
            return ExitCode.Fine;
        }
        catch (Exception problem)
        {
            surroundings.Errors.WriteLine((problem.InnerException ?? problem).Message);
            return ExitCode.Failed;
        }
    }

    public static Finding Examine()
    {
        var version = Machine.Version(TorchSharp);
        var (code, output, errors) = RunThisTool(DoctorVerb.Name, Option);
        if (code != 0)
        {
            var problem = Cause(errors);
            var end = code == 1 ? "" : $"The process that tried it ended with exit code {code}.\n";
            return new("TorchSharp", $"{version}, does not load", Verdict.Wrong, $"{problem}\n{end}{Advice(problem, version)}");
        }
        return MissingSymbols(output.TrimEnd().Split('\n')[^1]) is { } missing
            ? new("TorchSharp", $"{version}, loads", Verdict.Doubtful, $"this libtorch is not the one that it is made for. {missing} Whatever calls one of them ends the process.")
            : new("TorchSharp", $"{version}, loads", Verdict.Right);
    }

    /// <summary>The loader's own words, without the list of all the places where the file was looked for in vain.</summary>
    private static string Cause(string errors)
    {
        var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => !Introduction().IsMatch(line));
        var told = string.Join('\n', lines.Where(line => !NotThere().IsMatch(line)));
        return told.Length > 0 ? told : NoFile;
    }

    private static string Advice(string problem, string version)
    {
        var packages = $"TorchSharp-cpu {version}, TorchSharp-cuda-linux or TorchSharp-cuda-windows; for the processor of one system, a package such as libtorch-cpu-linux-x64 is smaller";
        if (VersionNotFound().Match(problem) is { Success: true } match)
        {
            var (provider, name) = (match.Groups["provider"].Value, match.Groups["version"].Value);
            var found = $"It needs {name} of {Path.GetFileName(provider)}; the newest that {provider} has is {Newest(provider, name)}.";
            if (name.StartsWith("GLIBC_", StringComparison.Ordinal)) return $"{found} The C library comes with the system: a newer Linux, or a container with one, is needed.";
            return name == "GLIBCXX_3.4.32" && problem.Contains("libLibTorchSharp.so", StringComparison.Ordinal)
                ? $"""
                   {found} Either of these helps:
                   - a newer libstdc++, that of GCC 13 or later, from your distribution or in a folder that LD_LIBRARY_PATH names;
                   - <AllowOlderLibstdcxx>true</AllowOlderLibstdcxx> in the project file of the application, which references UNetFamily: nothing uses what the version brings,
                     and the copy of TorchSharp's file in the output stops asking for it.
                   """
                : $"{found} A newer one, from your distribution or in a folder that LD_LIBRARY_PATH names, helps.";
        }
        if (UndefinedSymbol().Match(problem) is { Success: true } symbol)
        {
            var missing = MissingSymbols(symbol.Groups["file"].Value);
            return $"This libtorch is not the one that TorchSharp {version} is made for. {missing}\nThat one comes with {packages}. LD_LIBRARY_PATH can name the folder of another.";
        }
        if (NoLibrary().Match(problem) is { Success: true } library)
        {
            return library.Groups["name"].Value is var name && PartOfLibtorch().IsMatch(name)
                ? $"""
                   There is no libtorch, which TorchSharp's package does not bring. Either of these helps:
                   - a package with it, which the application references: {packages};
                   - one that the machine has, whose folder LD_LIBRARY_PATH names.
                   """
                : $"{name} is missing. It belongs beside the libtorch that needs it, or to the system.";
        }
        return problem == NoFile
            ? $"It comes with the package TorchSharp, for Linux and Windows on x64, Windows and macOS on ARM; this process is {RuntimeInformation.RuntimeIdentifier}. Build the application again."
            : $"The cause is none that this program knows. Build the application again, with one of these: {packages}.";
    }

    /// <summary>What glibc's loader does not find for a file, all of it: it stops at the first when it loads the file. Null when nothing is missing.</summary>
    private static string? MissingSymbols(string file)
    {
        try
        {
            var report = Run("ldd", "-r", file).Output;
            var ofTheFile = Unresolved().Matches(report).Where(match => match.Groups["file"].Value.EndsWith(Path.GetFileName(file), StringComparison.Ordinal));
            var symbols = ofTheFile.Select(match => match.Groups["symbol"].Value).ToList();
            if (symbols.Count == 0) return null;

            var libtorch = UsedLibtorch().Match(report) is { Success: true } match ? match.Value : "It";
            var path = Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") is { Length: > 0 } folders ? $"LD_LIBRARY_PATH={folders} " : "";
            var shown = symbols.Count <= 20 ? string.Join(", ", symbols) : $"{string.Join(", ", symbols.Take(3))}, …; `{path}ldd -r {file}` lists them";
            return $"{libtorch} lacks {symbols.Count} symbol{(symbols.Count == 1 ? "" : "s")} ({shown}).";
        }
        catch (Win32Exception)
        {
            // No such program: not Linux, or a very small one.
            return null;
        }
    }

    /// <summary>The highest version of the same series that a library names, such as GLIBCXX_3.4.30 for GLIBCXX_3.4.32.</summary>
    public static string Newest(string library, string version)
    {
        var series = version[..(version.LastIndexOf('.') + 1)];
        var names = Regex.Matches(Encoding.Latin1.GetString(File.ReadAllBytes(library)), $@"{Regex.Escape(series)}(\d+)\0");
        var numbers = names.Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        return numbers.DefaultIfEmpty(-1).Max() is var newest and >= 0 ? $"{series}{newest}" : "older";
    }

    // Published it is a program of its own; otherwise dotnet runs its file, also where another program, such as that of the tests, holds it.
    private static (int Code, string Output, string Errors) RunThisTool(params string[] arguments)
    {
        var (program, tool) = (Environment.ProcessPath!, typeof(Loading).Assembly);
        var isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return isHost || Assembly.GetEntryAssembly() != tool ? Run(isHost ? program : "dotnet", [tool.Location, .. arguments]) : Run(program, arguments);
    }

    private static (int Code, string Output, string Errors) Run(string program, params IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    [GeneratedRegex("^Unable to load shared library")]
    private static partial Regex Introduction();

    [GeneratedRegex("LibTorchSharp[.a-z]*: cannot open shared object file")]
    private static partial Regex NotThere();

    [GeneratedRegex(@"(?<provider>/\S+): version `(?<version>[^']+)' not found")]
    private static partial Regex VersionNotFound();

    [GeneratedRegex(@"(?<file>/\S+): undefined symbol: ")]
    private static partial Regex UndefinedSymbol();

    [GeneratedRegex(@"^(?<name>\S+): cannot open shared object file", RegexOptions.Multiline)]
    private static partial Regex NoLibrary();

    [GeneratedRegex(@"^lib(torch|c10)")]
    private static partial Regex PartOfLibtorch();

    [GeneratedRegex(@"libtorch_cpu\.so => \S+")]
    private static partial Regex UsedLibtorch();

    [GeneratedRegex(@"undefined symbol: (?<symbol>\S+)\s*\((?<file>[^)]*)\)")]
    private static partial Regex Unresolved();
}
