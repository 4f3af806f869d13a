using System.Globalization;

namespace UNetFamily.Benchmarks;

/// <summary>What to measure, and how.</summary>
internal sealed record Settings
{
    /// <summary>A name of <see cref="Benchmark"/>, or help; all when null.</summary>
    public string? Name { get; init; }

    /// <summary>A name of the catalogue, or the start of one; all when null.</summary>
    public string? Network { get; init; }

    public string? PythonFolder { get; init; }

    public string Device { get; init; } = "cpu";

    public int? Threads { get; init; }

    public long? Side { get; init; }

    public int Rounds { get; init; } = 3;

    /// <summary>How long a round measures, at least.</summary>
    public double Seconds { get; init; } = 4;

    public static Settings Parse(IEnumerable<string> arguments)
    {
        var settings = new Settings();
        var rest = new Queue<string>(arguments);
        while (rest.TryDequeue(out var argument))
        {
            settings = argument switch
            {
                "--python" => settings with { PythonFolder = Path.GetFullPath(Value()) },
                "--device" => settings with { Device = Value() },
                "--threads" => settings with { Threads = (int)Number() },
                "--side" => settings with { Side = (long)Number() },
                "--rounds" => settings with { Rounds = (int)Number() },
                "--quick" => settings with { Rounds = 1, Seconds = 0 },
                "help" or "--help" or "-h" => settings with { Name = "help" },
                _ when argument.StartsWith('-') => throw new ArgumentException($"There is no option '{argument}'."),
                _ when settings.Name is null => settings with { Name = argument },
                _ when settings.Network is null => settings with { Network = argument },
                _ => throw new ArgumentException($"'{argument}' is one name too many."),
            };

            string Value() => rest.TryDequeue(out var value) ? value : throw new ArgumentException($"{argument} needs a value.");

            double Number() => double.TryParse(Value(), CultureInfo.InvariantCulture, out var number) && number >= 1
                ? number
                : throw new ArgumentException($"{argument} needs a number of 1 or more.");
        }
        return settings;
    }
}
