using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Xunit.Abstractions;
using Xunit.Sdk;

// Sinks that outlive a remoting lease are a concern of .NET Framework's application domains.
#pragma warning disable xUnit3000

namespace UNetFamily.Tests;

/// <summary>
/// Runs this assembly's tests without the .NET SDK and its test host, for the bundle of <c>build.sh bundle</c>:
/// <c>dotnet UNetFamily.Tests.dll [--list] [--filter word]</c>. With the SDK, <c>dotnet test</c> does the same and more.
/// </summary>
internal static class Program
{
    /// <summary>Followed by the name of a call: makes a mistake in it that ends the process, for <see cref="Upstream.FaultTests"/>.</summary>
    internal const string FaultArgument = "--fault";

    /// <summary>Predicts some times and prints how many pages the system had to map meanwhile, for <see cref="AllocatorTests"/>.</summary>
    internal const string PagesArgument = "--pages";

    private static int Main(string[] arguments)
    {
        if (arguments is [PagesArgument])
            return Pages();
        if (arguments is [FaultArgument, var call])
            return Fault(call);

        var words = new List<string>();
        var list = false;
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--list")
                list = true;
            else if (arguments[i] == "--filter" && i + 1 < arguments.Length)
                words.Add(arguments[++i]);
            else
                return Fail($"'{arguments[i]}' is no argument of this program; there are --list and --filter <word>.");
        }

        using var framework = new XunitTestFramework(new Quiet());
        var tests = Discover(framework).Where(test => words.Count == 0 || words.Exists(word => Names(test, word))).ToList();
        if (tests.Count == 0)
            return Fail("No test has a name like that.");
        if (!list)
            return Run(framework, tests);

        tests.ForEach(test => Console.WriteLine(test.DisplayName));
        return 0;
    }

    private static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 2;
    }

    private static int Pages()
    {
        using var model = new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [16, 32] }.Build();
        model.eval();
        using var image = rand(1, 256, 256);
        var window = new SlidingWindow();
        window.Labels(model, image).Dispose();
        var before = Mapped();
        for (var i = 0; i < 10; i++) window.Labels(model, image).Dispose();
        Console.WriteLine($"{Allocator.KeepsFreedBlocks} {Mapped() - before}");
        return 0;

        // The tenth field of the line, after the name in parentheses.
        static long Mapped()
        {
            var line = File.ReadAllText("/proc/self/stat");
            return long.Parse(line[(line.LastIndexOf(')') + 2)..].Split(' ')[7], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    private static int Fault(string call)
    {
        Console.WriteLine("before");
        var x = ones(3, requires_grad: true);
        try
        {
            _ = call switch
            {
                "matmul" => x.matmul(ones(4)),
                "grad" => autograd.grad([x.sum()], [ones(3, requires_grad: true)])[0],
                "set_state" => Restored(),
                "narrow" => NarrowGradient(),
                "channels" => OddChannels(),
                _ => throw new ArgumentException($"There is no fault '{call}'."),
            };
        }
        catch (Exception e) when (e is ExternalException or ArithmeticException)
        {
            Console.WriteLine("caught");
        }
        Console.WriteLine("after");
        return 0;

        static Tensor Restored()
        {
            using var generator = new Generator();
            generator.set_state(zeros(generator.get_state().numel(), ScalarType.Byte));
            return generator.get_state();
        }

        static Tensor OddChannels()
        {
            using var random = manual_seed(1);
            var (x, weight) = (randn([2, 17, 8, 8]), randn([6, 17, 3, 3]));
            var found = functional.conv2d(x, weight, dilation: [2, 2]);
            var error = (found - functional.conv2d(x.to(ScalarType.Float64), weight.to(ScalarType.Float64), dilation: [2, 2])).abs().max().ToSingle();
            return error < 1e-3 ? found : throw new ArithmeticException($"The output is off by {error}.");
        }

        // What is wrong is what the memory held, so some tries are needed.
        static Tensor NarrowGradient()
        {
            using var random = manual_seed(1);
            Tensor rounded = null!;
            for (var i = 0; i < 20; i++)
            {
                var (input, weight) = (randn([2, 16, 2, 4 + i % 5, 3]), randn([16, 16, 3, 3, 3]));
                rounded = Gradient(input, weight, ScalarType.BFloat16);
                var exact = Gradient(input, weight, ScalarType.Float32);
                var error = ((rounded - exact).abs().max() / exact.abs().max()).ToSingle();
                if (!(error < 0.1)) throw new ArithmeticException($"The gradient is off by {error}.");
            }
            return rounded;
        }

        static Tensor Gradient(Tensor input, Tensor weight, ScalarType type)
        {
            var kernel = weight.to(type).detach().requires_grad_(true);
            functional.conv3d(input.to(type).requires_grad_(true), kernel, padding: [1, 1, 1]).square().sum().backward();
            return kernel.grad!.to(ScalarType.Float32);
        }
    }

    private static List<ITestCase> Discover(XunitTestFramework framework)
    {
        using var discoverer = framework.GetDiscoverer(Reflector.Wrap(Assembly.GetExecutingAssembly()));
        using var sink = new Discovery();
        discoverer.Find(includeSourceInformation: false, sink, new Options());
        sink.Finished.WaitOne();
        return HasPipelines ? sink.Tests : sink.Tests.FindAll(test => !NeedsPipelines(test.TestMethod.TestClass.Class.Name));
    }

    /// <summary>Whether nnU-Net's cases are here: they are most of the reference data, and the bundle goes without.</summary>
    private static bool HasPipelines => Directory.Exists(Path.Combine(AppContext.BaseDirectory, "Reference", "nnunet"));

    private static bool NeedsPipelines(string type) => type.StartsWith($"{nameof(UNetFamily)}.{nameof(Tests)}.{nameof(NnUNet)}.", StringComparison.Ordinal)
        || type.EndsWith(nameof(Tool.SegmentNnUNetTests), StringComparison.Ordinal) || type.EndsWith(nameof(Tool.InspectFolderTests), StringComparison.Ordinal);

    private static int Run(XunitTestFramework framework, List<ITestCase> tests)
    {
        UnreportedCaches.Ensure();
        using var executor = framework.GetExecutor(Assembly.GetExecutingAssembly().GetName());
        using var sink = new Execution();
        executor.RunTests(tests, sink, new Options());
        sink.Finished.WaitOne();
        Console.WriteLine($"{sink.Passed} passed, {sink.Failed} failed{(sink.Skipped > 0 ? $", {sink.Skipped} skipped" : "")}");
        return sink.Failed == 0 ? 0 : 1;
    }

    /// <summary>Whether a word of the test's class, method or display name starts with this; "unet" is thus not in "attentionunet/a".</summary>
    private static bool Names(ITestCase test, string word)
    {
        var (type, method) = (test.TestMethod.TestClass.Class.Name, test.TestMethod.Method.Name);
        var name = $"{type}.{method} {test.DisplayName}".Replace($"{nameof(UNetFamily)}.{nameof(Tests)}.", "", StringComparison.Ordinal);
        return Regex.IsMatch(name, $"(?<![A-Za-z0-9]){Regex.Escape(word)}", RegexOptions.IgnoreCase);
    }

    private sealed class Quiet : IMessageSink
    {
        public bool OnMessage(IMessageSinkMessage message) => true;
    }

    private sealed class Discovery : IMessageSink, IDisposable
    {
        public List<ITestCase> Tests { get; } = [];

        public ManualResetEvent Finished { get; } = new(initialState: false);

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestCaseDiscoveryMessage found)
                Tests.Add(found.TestCase);
            else if (message is IDiscoveryCompleteMessage)
                Finished.Set();
            return true;
        }

        public void Dispose() => Finished.Dispose();
    }

    private sealed class Execution : IMessageSink, IDisposable
    {
        private readonly Lock console = new();
        private readonly Stopwatch sinceShown = Stopwatch.StartNew();

        public int Passed { get; private set; }

        public int Failed { get; private set; }

        public int Skipped { get; private set; }

        public ManualResetEvent Finished { get; } = new(initialState: false);

        public bool OnMessage(IMessageSinkMessage message)
        {
            lock (console)
            {
                switch (message)
                {
                    case ITestPassed:
                        Passed++;
                        ShowProgress();
                        break;
                    case ITestSkipped skipped:
                        Skipped++;
                        Console.WriteLine($"  Skipped {skipped.Test.DisplayName}: {skipped.Reason}");
                        break;
                    case ITestFailed failed:
                        Show(failed.Test.DisplayName, failed);
                        break;
                    // A fixture or a clean-up that throws belongs to no test, and is a failure all the same.
                    case IFailureInformation failure:
                        Show(message.GetType().Name, failure);
                        break;
                    case ITestAssemblyFinished:
                        Finished.Set();
                        break;
                }
            }
            return true;
        }

        public void Dispose() => Finished.Dispose();

        private void ShowProgress()
        {
            if (sinceShown.Elapsed < TimeSpan.FromSeconds(10))
                return;
            Console.WriteLine($"  {Passed} passed");
            sinceShown.Restart();
        }

        private void Show(string name, IFailureInformation failure)
        {
            Failed++;
            Console.WriteLine($"  Failed {name}");
            for (var i = 0; i < failure.Messages.Length; i++)
                Console.WriteLine($"    {failure.ExceptionTypes[i]}: {failure.Messages[i]}\n{failure.StackTraces[i]}");
        }
    }

    /// <summary>xunit's defaults.</summary>
    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> values = [];

        public TValue GetValue<TValue>(string name) => values.TryGetValue(name, out var value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => values[name] = value;
    }
}
