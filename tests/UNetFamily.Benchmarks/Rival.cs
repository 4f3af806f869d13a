using System.Diagnostics;

namespace UNetFamily.Benchmarks;

/// <summary>A child that was to measure has failed.</summary>
internal sealed class MeasurementFailedException(string message) : Exception(message);

/// <summary>A way to measure a job: this library, or Python's PyTorch, each in a fresh process.</summary>
internal sealed class Rival(string name, string program, params string[] arguments)
{
    public string Name { get; } = name;

    public static Rival Ours { get; } = new("C#", Environment.ProcessPath!, [.. Launcher(), "--child"]);

    /// <summary>The first Python that has a torch, preferably of the version of our libtorch; null when none has.</summary>
    public static Rival? Python(string torchVersion)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "python", "measure.py");
        var found = new List<(string Torch, Rival Rival)>();
        foreach (var python in (string[])["python3", "/usr/bin/python3"])
            if (TryRun(python, [script], out var version, out _)) found.Add((version, new Rival($"Python with torch {version}", python, script)));
        return found.OrderByDescending(each => Release(each.Torch) == Release(torchVersion)).Select(each => each.Rival).FirstOrDefault();
    }

    /// <exception cref="MeasurementFailedException">The process failed; the message has what it said.</exception>
    public Measured Measure(Job job)
    {
        if (!TryRun(program, [.. arguments, Json.Write(job)], out var output, out var errors)) throw new MeasurementFailedException($"{Name}: {errors.Trim()}");
        // Some originals print while they build; the figures are the last line.
        return Json.Read<Measured>(output.Split('\n')[^1]);
    }

    /// <summary>1.13 of 1.13.0a0+git123.</summary>
    private static string Release(string version) => string.Join('.', version.Split('.').Take(2));

    // Started as `dotnet this.dll`, the process is dotnet and needs the assembly's name once more.
    private static string[] Launcher() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "UNetFamily.Benchmarks.dll")] : [];

    private static bool TryRun(string program, IEnumerable<string> arguments, out string output, out string errors)
    {
        (output, errors) = ("", "");
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var reading = process.StandardError.ReadToEndAsync();
            output = process.StandardOutput.ReadToEnd().Trim();
            errors = reading.Result;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            errors = problem.Message;
            return false;
        }
    }
}
