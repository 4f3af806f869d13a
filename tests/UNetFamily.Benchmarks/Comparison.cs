using System.Globalization;
using System.Runtime.InteropServices;

namespace UNetFamily.Benchmarks;

/// <summary>Runs C#, Python and ONNX Runtime in turns, prints a line per job and writes all that was measured.</summary>
internal static class Comparison
{
    public static void Run(Settings settings)
    {
        Benchmark[] benchmarks = settings.Name is null ? Enum.GetValues<Benchmark>() : [Named(settings.Name)];
        var probe = Rival.Ours.Measure(Job(Benchmark.Overhead, settings) with { Seconds = 0 });
        // Its own choice of threads may be another: on two cores, one Python takes both and the next a single one.
        settings = settings with { Threads = probe.Threads };
        var python = Rival.Python(probe.Torch);
        Console.WriteLine($"libtorch {probe.Torch}, {(probe.Threads == 1 ? "1 thread" : $"{probe.Threads} threads")}, {settings.Device}; {Describe(python, settings)}");
        foreach (var benchmark in benchmarks)
        {
            var rows = new List<Row>();
            foreach (var job in Jobs(benchmark, settings))
            {
                if (rows.Count == 0) Console.WriteLine($"\n{benchmark,-44} {"C#",14} {"Python",14} {"ratio",16} {"C# peak",10} {"Python",10}{(HasOnnx(job) ? $" {"ONNX Runtime",14} {"ratio",16}" : "")}");
                var row = Measure(job, python, settings);
                rows.Add(row);
                Console.WriteLine(row.ToString());
            }
            Write(benchmark, rows);
        }
    }

    /// <summary>Four grids, each with twice the tokens of the one before: the last is that of UNETR++'s first stage.</summary>
    private static IEnumerable<long> AttentionTokens => [4096, 8192, 16384, 32768];

    private static string Describe(Rival? python, Settings settings) =>
        python is null ? "Python: none that has a torch"
        : settings.PythonFolder is null ? $"{python.Name}, for overhead only; --python <folder> adds the original networks"
        : $"{python.Name}, originals from {settings.PythonFolder}";

    private static Benchmark Named(string name) =>
        Enum.TryParse<Benchmark>(name, ignoreCase: true, out var benchmark) ? benchmark : throw new ArgumentException($"There is no benchmark '{name}'.");

    private static Job Job(Benchmark benchmark, Settings settings) => new(benchmark, Network: null, Input: [], settings.Device, settings.Threads ?? 0, settings.Seconds, Original: null);

    private static IEnumerable<Job> Jobs(Benchmark benchmark, Settings settings)
    {
        var job = Job(benchmark, settings);
        if (benchmark is Benchmark.Overhead or Benchmark.Flow) return [job];
        if (benchmark is Benchmark.Window) return [job with { Input = settings.Side is { } side ? [1, side, side, side] : [1, 600, 512, 512] }];
        if (benchmark is Benchmark.Stages) return Stages.Names.Select(stage => job with { Network = stage, Input = [1, 1, .. Enumerable.Repeat(settings.Side ?? 256, 3)] });
        if (benchmark is Benchmark.Attention) return AttentionTokens.Select(tokens => job with { Input = [1, 32, tokens] });

        return Networks(settings.Network).Select(network => job with
        {
            Network = network.Name,
            Input = InputOf(network, settings.Side),
            Original = settings.PythonFolder is { } folder ? Original.Of(network, folder) : null,
        });
    }

    /// <summary>The networks whose name starts so; without a name, one of each kind and rank, preferably one that Python can run as well.</summary>
    private static IEnumerable<ModelVariant> Networks(string? name)
    {
        if (name is null) return ModelCatalog.Variants.GroupBy(network => (network.Options.GetType(), network.Options.SpatialDims)).Select(alike => alike.FirstOrDefault(HasOriginal, alike.First()));

        var networks = ModelCatalog.Variants.Where(network => name == "all" || network.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase)).ToList();
        return networks.Count > 0 ? networks
            : throw new ArgumentException($"No network's name starts with '{name}'; there are {string.Join(", ", ModelCatalog.Variants.Select(network => network.Name))}.");

        static bool HasOriginal(ModelVariant network) => Original.Of(network, "") is not null;
    }

    /// <summary>One image or volume of the wanted side, or of the nearest size that the network takes.</summary>
    private static long[] InputOf(ModelVariant network, long? side)
    {
        var dims = network.Options.SpatialDims;
        var wanted = Enumerable.Repeat(side ?? (dims is SpatialDims.Two ? 256 : 64), (int)dims).ToArray();
        using var model = network.Options.Build();
        long[] size;
        try
        {
            size = model.InputSizes.Cover(wanted);
        }
        catch (ArgumentException)
        {
            size = model.InputSizes.Cover(Enumerable.Repeat(1L, (int)dims).ToArray());
        }
        return [1, network.Options.InChannels, .. size];
    }

    /// <summary>Whether the exported network is measured as well, on a CPU.</summary>
    private static bool HasOnnx(Job job) => job.Benchmark is Benchmark.Forward or Benchmark.Plan && job.Device == "cpu";

    private static Row Measure(Job job, Rival? python, Settings settings)
    {
        var (ours, theirs, onnx) = (new List<Measured>(), new List<Measured>(), new List<Measured>());
        if (job.Benchmark is not Benchmark.Overhead && job.Original is null) python = null;
        var rounds = job.Benchmark is Benchmark.Window ? 1 : settings.Rounds;      // it takes minutes, and its memory is always the same
        for (var round = 0; round < rounds; round++)
        {
            ours.Add(Rival.Ours.Measure(job));
            if (HasOnnx(job)) onnx.Add(Rival.Ours.Measure(job with { InOnnxRuntime = true }));
            try
            {
                if (python is not null) theirs.Add(python.Measure(job));
            }
            catch (MeasurementFailedException problem)
            {
                Console.Error.WriteLine($"  (no {job.Network} in Python: {problem.Message.Split('\n')[^1]})");
                python = null;
            }
        }
        return new Row(job, ours, theirs, onnx);
    }

    private static void Write(Benchmark benchmark, List<Row> rows)
    {
        var folder = Directory.CreateDirectory(Path.Combine("artifacts", "bench"));
        var file = Path.Combine(folder.FullName, $"{benchmark.ToString().ToLowerInvariant()}.json");
        var report = new Report(DateTime.UtcNow, RuntimeInformation.OSDescription, Processor(), Environment.ProcessorCount, RuntimeInformation.FrameworkDescription, rows);
        File.WriteAllText(file, Json.Write(report, indented: true));
    }

    private static string? Processor() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
        : null;

    private sealed record Report(DateTime Measured, string System, string? Processor, int Cores, string Runtime, List<Row> Rows);

    /// <summary>A job with all rounds of all rivals.</summary>
    private sealed record Row(Job Job, List<Measured> Ours, List<Measured> Python, List<Measured> Onnx)
    {
        public double Milliseconds => Ours.Select(round => round.Median).Median();

        public double? PythonMilliseconds => Python.Count > 0 ? Python.Select(round => round.Median).Median() : null;

        /// <summary>Our time by Python's in each round: below 1 we are faster.</summary>
        public List<double> Ratios => Against(Python);

        public double? OnnxMilliseconds => Onnx.Count > 0 ? Onnx.Select(round => round.Median).Median() : null;

        /// <summary>Our time by ONNX Runtime's in each round: below 1 we are faster.</summary>
        public List<double> OnnxRatios => Against(Onnx);

        public double PeakMegabytes => Ours.Select(round => round.PeakMegabytes).Median();

        public double? PythonPeakMegabytes => Python.Count > 0 ? Python.Select(round => round.PeakMegabytes).Median() : null;

        public override string ToString()
        {
            var subject = Job.Benchmark switch
            {
                Benchmark.Overhead => "  add, 4x4",
                Benchmark.Flow => "  add, 4x4, in a flow",
                Benchmark.Attention => $"  {Job.Input[2]} tokens of {Job.Input[1]} channels",
                Benchmark.Window => $"  {string.Join('x', Job.Input[1..])}, {Measurement.WindowClasses} classes, {Job.Input.Aggregate(2L, (a, b) => a * b) / 1e6:0} MB input",
                _ => $"  {Job.Network} {string.Join('x', Job.Input)}",
            };
            return string.Create(CultureInfo.InvariantCulture,
                $"{subject,-44} {Time(Milliseconds),14} {Time(PythonMilliseconds),14} {Spread(Ratios),16} {Memory(PeakMegabytes),10} {Memory(PythonPeakMegabytes),10}{(OnnxMilliseconds is null ? "" : $" {Time(OnnxMilliseconds),14} {Spread(OnnxRatios),16}")}");
        }

        private List<double> Against(List<Measured> rival) => [.. Ours.Zip(rival, (ours, theirs) => ours.Median / theirs.Median)];

        /// <summary>The median of the rounds, and the least and the most where there are several.</summary>
        private static string Spread(List<double> ratios) =>
            ratios.Count == 0 ? ""
            : ratios.Count == 1 ? string.Create(CultureInfo.InvariantCulture, $"{ratios[0]:0.00}")
            : string.Create(CultureInfo.InvariantCulture, $"{ratios.Median():0.00} ({ratios.Min():0.00}-{ratios.Max():0.00})");

        private static string Time(double? milliseconds) => milliseconds switch
        {
            null => "",
            < 1 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds * 1000:0.00} us"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.0} ms"),
        };

        private static string Memory(double? megabytes) => megabytes is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{megabytes:0} MB");
    }
}
