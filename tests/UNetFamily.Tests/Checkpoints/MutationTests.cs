using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace UNetFamily.Tests.Checkpoints;

/// <summary>
/// Broken files of every format, made from sound ones: each is read, or refused with the library's own exception, in little time and memory, and a network
/// that refused one is as it was. <c>UNETFAMILY_MUTATIONS=10000000</c> sets how many files are tried, for a longer run:
/// <c>UNETFAMILY_MUTATIONS=10000000 dotnet test tests/UNetFamily.Tests --filter MutationTests -l "console;verbosity=detailed"</c>.
/// </summary>
public partial class MutationTests(ITestOutputHelper output)
{
    private const int UsualFiles = 120_000;
    private const long MostMemory = 32 << 20;
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(10);      // far beyond what any takes; a busy machine may stop the test for seconds

    [Fact]
    public void A_broken_file_is_read_or_refused_and_does_no_harm()
    {
        var wanted = long.Parse(Environment.GetEnvironmentVariable("UNETFAMILY_MUTATIONS") ?? $"{UsualFiles}", CultureInfo.InvariantCulture);
        using var scope = NewDisposeScope();
        using var model = (UNetOptions.Milesial(1, 1) with { Widths = [1, 2], Norm = Normalization.None }).Build();
        var sound = Sound(model);
        var mutators = sound.Select((file, i) => new Mutator(file.Bytes, sound[(i + 1) % sound.Count].Bytes)).ToArray();
        var weights = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

        var (outcomes, mostMemory, mostTime, tried) = (new SortedDictionary<string, int>(StringComparer.Ordinal), 0L, TimeSpan.Zero, 0L);
        var clock = Stopwatch.StartNew();
        foreach (var (i, change) in Changes(mutators))
        {
            if (tried++ == wanted) break;
            var bytes = mutators[i].Make(change);
            var (began, allocated) = (clock.Elapsed, GC.GetAllocatedBytesForCurrentThread());
            var outcome = Try(bytes, model, weights, $"{sound[i].Name}, change {change}", read: change % 4 == 0, load: change % 16 == 0);
            mostMemory = Math.Max(mostMemory, GC.GetAllocatedBytesForCurrentThread() - allocated);
            mostTime = TimeSpan.FromTicks(Math.Max(mostTime.Ticks, (clock.Elapsed - began).Ticks));
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        output.WriteLine($"{wanted} files in {clock.Elapsed.TotalSeconds:f1} s; the slowest took {mostTime.TotalMilliseconds:f1} ms, the largest {mostMemory / 1024} KiB; the process's peak is {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB.");
        foreach (var (outcome, count) in outcomes.OrderByDescending(entry => entry.Value)) output.WriteLine($"{count,8}  {outcome}");
        mutators.Sum(mutator => mutator.Systematic).Should().BeLessThan(UsualFiles, "the usual run covers every truncation, every byte, and random changes");
        outcomes.Should().ContainKey("read");
        mostMemory.Should().BeLessThan(MostMemory);
        mostTime.Should().BeLessThan(MostTime);
    }

    /// <summary>Every truncation and the turned bits of each file, then random changes of each in turn, for ever.</summary>
    private static IEnumerable<(int File, long Change)> Changes(Mutator[] mutators)
    {
        for (var i = 0; i < mutators.Length; i++)
            for (var change = 0; change < mutators[i].Systematic; change++) yield return (i, change);
        for (var round = 0L; ; round++)
            for (var i = 0; i < mutators.Length; i++) yield return (i, mutators[i].Systematic + round);
    }

    private static List<(string Name, byte[] Bytes)> Sound(SegmentationModel model)
    {
        using var folder = new TestFiles.Folder();
        model.Save(folder.File("model.safetensors"));
        model.Export(folder.File("official.safetensors"), UNetKeyMaps.Milesial);
        using var optimizer = optim.SGD(model.parameters(), 0.1, momentum: 0.9);
        model.call(ones(1, 1, 4, 4)).Logits.sum().backward();
        optimizer.step();
        model.SaveTraining(folder.File("training.safetensors"), optimizer, new TrainingPosition { Epoch = 1 });
        List<(string, byte[])> files =
        [
            .. new[] { "views.pth", "views-legacy.pth", "envelope-legacy.pth" }.Select(name => (name, File.ReadAllBytes(TestFiles.Path(name)))),
            .. new[] { "model.safetensors", "official.safetensors", "training.safetensors" }.Select(name => (name, File.ReadAllBytes(folder.File(name)))),
            ("types.safetensors", TestFiles.Safetensors("""{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"BOOL","shape":[],"data_offsets":[16,17]},"c":{"dtype":"F4","shape":[0,3],"data_offsets":[17,17]}}""", data: 17)),
        ];
        return files;
    }

    /// <summary>What becomes of a file: <c>read</c>, or the reason for its refusal without its numbers and names.</summary>
    private static string Try(byte[] bytes, SegmentationModel model, Dictionary<string, Tensor> weights, string file, bool read, bool load)
    {
        using var scope = NewDisposeScope();
        try
        {
            using var checkpoint = TestFiles.Open(bytes);
            foreach (var entry in checkpoint.Tensors) _ = $"{entry} {entry.Bytes}";
            foreach (var other in checkpoint.Others) _ = other.ToString();
            if (read) foreach (var entry in checkpoint.Tensors) checkpoint.Read(entry.Name).Dispose();
            if (load)
            {
                if (checkpoint.Metadata.ContainsKey(ModelFile.OptionsKey)) ModelFile.Read(checkpoint).Dispose();
                try
                {
                    if (checkpoint.Envelope == "model") Resume(bytes, checkpoint, model);
                    else model.Load(checkpoint);
                    Restore(model, weights);
                }
                catch (CheckpointException)
                {
                    foreach (var (name, tensor) in model.state_dict()) TensorAssert.Equal(tensor, weights[name], $"{name} after {file}");
                    throw;
                }
            }
            return "read";
        }
        catch (CheckpointException e)
        {
            e.FileName.Should().Be("test");
            e.Reason.Should().NotBeNullOrWhiteSpace();
            return $"{e.GetType().Name}: {Variable().Replace(e.Reason.Split('\n')[0], "_")}";
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{file} led to {e.GetType().Name}: {e.Message}\n{Convert.ToBase64String(bytes)}", e);
        }
    }

    private static void Resume(byte[] bytes, Checkpoint weights, SegmentationModel model)
    {
        using var all = TestFiles.Open(bytes, "");
        using var optimizer = optim.SGD(model.parameters(), 0.1, momentum: 0.9);
        TrainingFiles.Resume(model, all, weights, optimizer, schedule: null);
    }

    private static void Restore(SegmentationModel model, Dictionary<string, Tensor> weights)
    {
        using var noGradient = no_grad();
        foreach (var (name, tensor) in model.state_dict()) tensor.copy_(weights[name]);
    }

    [GeneratedRegex(@"(?<=not valid JSON: ).*|(?<=the file holds ).*|(?<=there is no network |has no option ).*|(?<=Storages of type )\S+|'[^']*'|0x[0-9a-f]+|-?[0-9]+|\([^)]*\)", RegexOptions.IgnoreCase)]
    private static partial Regex Variable();
}
