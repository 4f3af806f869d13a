using System.Diagnostics;
using System.Globalization;

namespace UNetFamily.Tool;

/// <summary>Segments one image after the other. Of a folder, one that fails doesn't keep the others from being done.</summary>
internal sealed class CaseLoop(Screen screen, ICaseSegmenter segmenter, SegmentRequest request, OutputPlace place)
{
    private enum Outcome
    {
        Done,
        Present,
        Failed,
    }

    /// <returns>The exit code.</returns>
    public int Run(IReadOnlyList<SegmentationCase> cases)
    {
        List<Result> results = [];
        foreach (var (number, image) in cases.Index())
        {
            screen.Cancellation.ThrowIfCancellationRequested();
            results.Add(Do(image, cases.Count > 1 ? $"{number + 1}/{cases.Count} {image.Name}" : image.Name));
        }
        screen.Show(new
        {
            models = request.Models,
            cases = results.Select(result => new
            {
                name = result.Case.Name,
                files = result.Case.Files,
                output = result.Case.Output,
                probabilities = result.Case.Probabilities,
                outcome = result.Outcome.ToString().ToLowerInvariant(),
                seconds = result.Seconds,
                problem = result.Problem,
                classes = result.Classes.Select(entry => new { name = entry.Name, millilitres = entry.Millilitres }),
            }),
        }, Lines(results));
        return results.Exists(result => result.Outcome is Outcome.Failed) ? ExitCode.Failed : ExitCode.Fine;
    }

    private Result Do(SegmentationCase image, string label)
    {
        if (!place.IsFile && !request.Overwrite && image.IsDone)
        {
            screen.Say($"{label}: is there already");
            return new(image, Outcome.Present);
        }
        var watch = Stopwatch.StartNew();
        try
        {
            var classes = screen.WithBar(label, progress => segmenter.Segment(image, progress, screen.Cancellation));
            screen.Say(string.Create(CultureInfo.InvariantCulture, $"{label}: {watch.Elapsed.TotalSeconds:0.0} s, at most {Screen.PeakMemory()}"));
            return new(image, Outcome.Done) { Seconds = watch.Elapsed.TotalSeconds, Classes = classes };
        }
        catch (Exception problem) when (Directory.Exists(request.Input) && (problem is IOException or InvalidDataException or ArgumentException or UnauthorizedAccessException or NotSupportedException || Shell.IsFailure(problem)))
        {
            screen.Say($"{label}: {problem.Message}");
            return new(image, Outcome.Failed) { Problem = problem.Message };
        }
    }

    private IEnumerable<string> Lines(List<Result> results)
    {
        if (results is [{ Outcome: Outcome.Done } only])
        {
            foreach (var entry in only.Classes) yield return string.Create(CultureInfo.InvariantCulture, $"{SafeText.Of(entry.Name),-24} {entry.Millilitres,10:N1} ml");
            yield return $"Label map: {only.Case.Output}";
            yield break;
        }
        var failed = results.Where(result => result.Outcome is Outcome.Failed).ToList();
        yield return $"{place.Path}: {results.Count(result => result.Outcome is Outcome.Done)} label maps made, {results.Count(result => result.Outcome is Outcome.Present)} there already, {failed.Count} failed";
        if (failed.Count > 0) yield return $"Failed: {string.Join(", ", failed.Select(result => result.Case.Name))}";
    }

    private sealed record Result(SegmentationCase Case, Outcome Outcome)
    {
        public double? Seconds { get; init; }

        public string? Problem { get; init; }

        public IReadOnlyList<ClassVolume> Classes { get; init; } = [];
    }
}
