using System.Globalization;
using System.Text;
using System.Text.Json;

namespace UNetFamily;

/// <summary>The scores of a set of cases: each one, means for each class, and the mean of all. Scores that are NaN (<see cref="EmptyClass.Skip"/>) are left out of means.</summary>
public sealed class MetricReport
{
    internal MetricReport(MetricOptions options, IEnumerable<CaseScore> cases)
    {
        Options = options;
        Cases = [.. cases];
        PerClass = [.. options.Scored.Select(label => Summary(options.Classes[label], [.. Cases.Where(score => score.Class == options.Classes[label])]))];
        Mean = MetricScores.Mean([.. PerClass.Select(score => score.Mean)]);
    }

    /// <summary>What was measured, and by which rules.</summary>
    public MetricOptions Options { get; }

    /// <summary>Every case and class, in the order in which they were added.</summary>
    public IReadOnlyList<CaseScore> Cases { get; }

    /// <summary>Each scored class, the mean over its cases.</summary>
    public IReadOnlyList<ClassScore> PerClass { get; }

    /// <summary>The mean of the classes' means: each class counts alike, however often it occurs.</summary>
    public MetricScores Mean { get; }

    /// <summary>A line for each case and class, then the means: <c>case,class,tp,fp,fn,dice,…</c>. NaN is written as <c>nan</c>, infinity as <c>inf</c>.</summary>
    public string ToCsv()
    {
        var text = new StringBuilder();
        Line("case", "class", ["tp", "fp", "fn"], default(MetricScores).Named(Options).Select(score => score.Name));
        foreach (var score in Cases)
            Line(score.Case, score.Class, [Text(score.Counts.TruePositives), Text(score.Counts.FalsePositives), Text(score.Counts.FalseNegatives)], Values(score.Scores));
        foreach (var score in PerClass) Line("mean", score.Class, ["", "", ""], Values(score.Mean));
        Line("mean", "mean", ["", "", ""], Values(Mean));
        return text.ToString();

        void Line(string name, string label, string[] counts, IEnumerable<string> values) =>
            text.AppendJoin(',', [Quoted(name), Quoted(label), .. counts, .. values]).Append('\n');

        IEnumerable<string> Values(MetricScores scores) => scores.Named(Options).Select(score => Text(score.Value));
    }

    /// <summary>An object with the rules, <c>mean</c>, <c>classes</c> and <c>cases</c>. NaN is null; infinity, for which JSON has no number, is the text <c>"Infinity"</c>.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("empty_class", Options.EmptyClass.ToString());
            if (Options.Distances) json.WriteString("missing_surface", Options.MissingSurface.ToString());
            if (Options.Tolerance is { } tolerance)
            {
                json.WriteStartArray("tolerance");
                foreach (var value in tolerance) json.WriteNumberValue(value);
                json.WriteEndArray();
            }
            json.WriteStartObject("mean");
            Write(json, Mean);
            json.WriteEndObject();

            json.WriteStartArray("classes");
            foreach (var score in PerClass)
            {
                json.WriteStartObject();
                json.WriteString("class", score.Class);
                json.WriteNumber("labelled", score.Labelled);
                json.WriteNumber("missed", score.Missed);
                json.WriteNumber("false_alarms", score.FalseAlarms);
                Write(json, score.Mean);
                json.WriteEndObject();
            }
            json.WriteEndArray();

            json.WriteStartArray("cases");
            foreach (var score in Cases)
            {
                json.WriteStartObject();
                json.WriteString("case", score.Case);
                json.WriteString("class", score.Class);
                json.WriteNumber("tp", score.Counts.TruePositives);
                json.WriteNumber("fp", score.Counts.FalsePositives);
                json.WriteNumber("fn", score.Counts.FalseNegatives);
                Write(json, score.Scores);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private void Write(Utf8JsonWriter json, MetricScores scores)
    {
        foreach (var (name, value) in scores.Named(Options))
        {
            if (double.IsNaN(value)) json.WriteNull(name);
            else if (double.IsInfinity(value)) json.WriteString(name, "Infinity");
            else json.WriteNumber(name, value);
        }
    }

    private static ClassScore Summary(string name, IReadOnlyList<CaseScore> cases) => new(
        name,
        cases.Count(score => score.Counts is { TruePositives: > 0 } or { FalseNegatives: > 0 }),
        cases.Count(score => score.Counts is { TruePositives: 0, FalseNegatives: > 0 }),
        cases.Count(score => score.Counts is { TruePositives: 0, FalseNegatives: 0, FalsePositives: > 0 }),
        MetricScores.Mean([.. cases.Select(score => score.Scores)]));

    private static string Text(double value) =>
        double.IsNaN(value) ? "nan" : double.IsPositiveInfinity(value) ? "inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Quoted(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
