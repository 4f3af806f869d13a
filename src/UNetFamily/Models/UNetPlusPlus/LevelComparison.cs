using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace UNetFamily;

/// <summary>
/// The branches of a UNet++ on a validation set: the table from which a user picks the one to prune to (Zhou et al., 2018, Fig. 3, for a data set of one's own).
/// </summary>
/// <param name="Scores">A row for each branch, smallest first, and one for the mean of all (accurate mode).</param>
public sealed record LevelComparison(ValueList<LevelScore> Scores)
{
    /// <summary>Measures Dice and time of every branch and of accurate mode.</summary>
    /// <param name="model">The network, built with <see cref="UNetPlusPlusOptions.DeepSupervision"/>; it is left as it was.</param>
    /// <param name="validation">
    /// Batches, gone through once: images (N, InChannels, …spatial), and labels (N, …spatial) of whole numbers, 0 for the background, up to OutChannels - 1, or up to 1 for a network with one
    /// class. They are on the network's device.
    /// </param>
    /// <exception cref="ArgumentException">The set is empty, or labels don't fit.</exception>
    /// <exception cref="InvalidOperationException">The network has one head only, or the call comes from within a training step of it.</exception>
    /// <exception cref="NotFiniteNumberException">A branch gives a number that is none.</exception>
    public static LevelComparison Measure(UNetPlusPlus model, IEnumerable<(Tensor Images, Tensor Labels)> validation)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(validation);
        if (model.Levels.Count < 2 && ((UNetPlusPlusOptions)model.Options).LastLevel > 1)
            throw new InvalidOperationException($"{model.GetName()} has a head on its last branch only, and nothing to compare. Build it with DeepSupervision = true.");

        using var mode = NetworkMode.Evaluate(model);
        using var noGradient = no_grad();
        var candidates = model.Levels.Select(level => new Candidate($"L{level}", level, model.Prune(level))).ToList();
        if (candidates.Count > 1) candidates.Add(new Candidate("mean", null, model));
        try
        {
            foreach (var candidate in candidates) candidate.Model.eval();
            foreach (var (images, labels) in validation)
                foreach (var candidate in candidates) candidate.Add(images, labels);
            return new LevelComparison([.. candidates.Select(candidate => candidate.Score())]);
        }
        finally
        {
            foreach (var candidate in candidates.Where(candidate => candidate.Model != model)) candidate.Model.Dispose();
        }
    }

    /// <summary>The table.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("level  parameters     GMAC    Dice  ms/image");
        foreach (var score in Scores)
            text.AppendLine().Append(CultureInfo.InvariantCulture,
                $"{score.Name,-5} {score.Parameters,11:N0} {score.Macs / 1e9,8:0.000} {score.Dice,7:0.0000} {score.Time.TotalMilliseconds,9:0.0}");
        return text.ToString();
    }

    /// <summary>One branch, or the mean of all, while it is measured.</summary>
    private sealed class Candidate(string name, int? level, UNetPlusPlus model)
    {
        // What the caller knows them by.
        private static readonly string Batches = "validation";

        private long[] size = [];
        private long[] confusion = [];
        private long images;
        private TimeSpan time;

        public UNetPlusPlus Model => model;

        private int Classes => (int)Math.Max(2, model.Options.OutChannels);

        public void Add(Tensor batch, Tensor labels)
        {
            if (images == 0)
            {
                size = batch.shape[2..];
                confusion = new long[Classes * Classes];
                Probabilities(batch).Dispose();     // what libtorch prepares once is no part of the time
            }
            var clock = Stopwatch.StartNew();
            using var probabilities = Probabilities(batch);
            if (batch.device_type is DeviceType.CUDA) cuda.synchronize();
            time += clock.Elapsed;
            images += batch.shape[0];
            Count(probabilities, labels);
        }

        public LevelScore Score()
        {
            if (images == 0) throw new ArgumentException("The validation set has no batch.", nameof(Measure));
            return new LevelScore(name, level, model.parameters().Sum(parameter => parameter.numel()), model.Summary(size).Macs,
                [.. Enumerable.Range(1, Classes - 1).Select(Dice)], time / images);
        }

        private Tensor Probabilities(Tensor batch) => level is { } one ? model.Fast(batch, one) : model.Accurate(batch);

        private void Count(Tensor probabilities, Tensor labels)
        {
            using var scope = NewDisposeScope();
            if (NonFinite.FirstIn(probabilities) is { } place) throw new NotFiniteNumberException($"The probability of {name} at ({string.Join(", ", place)}) is no number.", NonFinite.At(probabilities, place));
            var predicted = probabilities.shape[1] == 1 ? (probabilities > 0.5).squeeze(1) : probabilities.argmax(1);
            if (!labels.shape.AsSpan().SequenceEqual(predicted.shape))
                throw new ArgumentException($"The labels of validation must be (N, …spatial), ({string.Join(", ", predicted.shape)}) here; they are ({string.Join(", ", labels.shape)}).", Batches);

            var truth = labels.to(ScalarType.Int64);
            var (least, most) = (truth.min().ToInt64(), truth.max().ToInt64());
            if (least < 0 || most >= Classes) throw new ArgumentException($"The labels of validation must be 0 to {Classes - 1}; they are {Choice.Text(least)} to {Choice.Text(most)}.", Batches);
            var pairs = (truth * Classes + predicted.to(ScalarType.Int64)).flatten().bincount(null!, confusion.Length).cpu().data<long>();
            for (var i = 0; i < confusion.Length; i++) confusion[i] += pairs[i];
        }

        private double? Dice(int label)
        {
            var (labelled, predicted, both) = (0L, 0L, confusion[label * Classes + label]);
            for (var other = 0; other < Classes; other++)
            {
                labelled += confusion[label * Classes + other];
                predicted += confusion[other * Classes + label];
            }
            var dice = new OverlapCounts(both, predicted - both, labelled - both).Dice(EmptyClass.Skip);
            return double.IsNaN(dice) ? null : dice;
        }
    }
}
