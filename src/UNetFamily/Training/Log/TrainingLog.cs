using System.Globalization;
using System.Text;

namespace UNetFamily;

/// <summary>
/// A training's epochs as CSV, one line each, written as they end, so that a crash loses nothing. (<see cref="TensorBoardLog"/> writes them for TensorBoard, <c>LearningCurve</c> of the package UNetFamily.Plots draws them.)
/// <code>
/// epoch,step,learning_rate,loss,score,seconds
/// 1,250,0.01,1.25,0.61,83.2
/// </code>
/// </summary>
public sealed class TrainingLog
{
    private const string Header = "epoch,step,learning_rate,loss,score,seconds";

    private readonly List<TrainingProgress> epochs = [];

    /// <summary>Goes on with a log, or begins one.</summary>
    /// <param name="path">The file. What it holds of later epochs, and a line that was not written to its end, is cut off.</param>
    /// <param name="epoch">How many epochs of it are kept: those that the resumed training has finished; 0 begins anew.</param>
    /// <exception cref="IOException">The file is not such a log, or can't be written.</exception>
    public TrainingLog(string path, long epoch = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        Path = path;
        if (epoch > 0 && File.Exists(path)) epochs.AddRange(Read(path).TakeWhile(line => line.Epoch <= epoch));
        var temporary = $"{path}.tmp";
        File.WriteAllText(temporary, string.Concat(epochs.Select(Line).Prepend($"{Header}\n")));
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The epochs in the log.</summary>
    public IReadOnlyList<TrainingProgress> Epochs => epochs;

    /// <summary>Reads the epochs of a log. A line that was not written to its end ends it.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It is not such a log.</exception>
    public static IReadOnlyList<TrainingProgress> Read(string path)
    {
        var text = File.ReadAllText(path);
        if (!text.StartsWith(Header, StringComparison.Ordinal)) throw new IOException($"{path} is no log of a training: its first line isn't {Header}.");
        return [.. text.Split('\n').Skip(1).SkipLast(1).Select(Parse).TakeWhile(line => line is not null).OfType<TrainingProgress>()];
    }

    /// <summary>Writes an epoch.</summary>
    /// <param name="epoch">What a trainer reports at the end of an epoch.</param>
    public void Add(TrainingProgress epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        using (var file = new FileStream(Path, FileMode.Append, FileAccess.Write, FileShare.Read))
        {
            file.Write(Encoding.UTF8.GetBytes(Line(epoch)));
            file.Flush(flushToDisk: true);
        }
        epochs.Add(epoch);
    }

    private static string Line(TrainingProgress at) =>
        string.Create(CultureInfo.InvariantCulture, $"{at.Epoch},{at.Step},{at.LearningRate:R},{at.Loss:R},{at.Score:R},{at.Seconds:0.###}\n");

    private static TrainingProgress? Parse(string line)
    {
        var fields = line.TrimEnd('\r').Split(',');
        if (fields.Length != 6 || !long.TryParse(fields[0], CultureInfo.InvariantCulture, out var epoch) || !long.TryParse(fields[1], CultureInfo.InvariantCulture, out var step)) return null;
        double?[] numbers = [.. fields[2..].Select(field => double.TryParse(field, CultureInfo.InvariantCulture, out var number) ? number : (double?)null)];
        if (numbers is not [{ } rate, { } loss, var score, { } seconds] || score is null && fields[4].Length > 0) return null;
        return new() { Epoch = epoch, Step = step, LearningRate = rate, Loss = loss, Score = score, Seconds = seconds, EndsEpoch = true };
    }
}
