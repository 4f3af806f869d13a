using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Training;

public sealed class TensorBoardLogTests : FileTests
{
    private static TrainingProgress At(long epoch, double? score = null) =>
        new() { Epoch = epoch, Step = 10 * epoch, LearningRate = 0.01 / epoch, Loss = 1.0 / 3 + epoch, Score = score, Seconds = 90 * epoch, EndsEpoch = true };

    [Fact]
    public void Writes_events_that_read_back_as_they_were()
    {
        var before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var log = new TensorBoardLog(folder.File("run"));
        TrainingProgress[] epochs = [At(1, 0.5), At(2), At(3, 0.75) with { Loss = double.NaN }, At(400_000_000, -1e-9)];
        foreach (var epoch in epochs) log.Add(epoch);

        var events = EventFile.Read(Directory.GetFiles(folder.File("run")).Should().ContainSingle().Which);
        events[0].FileVersion.Should().Be("brain.Event:2");
        Scalars(events).Should().Equal(epochs.SelectMany(Expected));
        events[1].WallTime.Should().BeInRange(before + 90, before + 100, "it is the present, in seconds since 1970");
        (events[4].WallTime - events[1].WallTime).Should().Be(90, "90 seconds of training passed");
    }

    [Fact]
    public void A_resumed_training_takes_the_place_of_what_it_does_again()
    {
        var first = new TensorBoardLog(folder.File("run"));
        foreach (var epoch in (long[])[1, 2, 3]) first.Add(At(epoch));
        File.WriteAllText(folder.File("run/events.out.tfevents.1.host"), "of another program");

        var resumed = new TensorBoardLog(folder.File("run"), [At(1), At(2)]);
        resumed.Add(At(3, 0.9));
        var files = Directory.GetFiles(folder.File("run")).Order().ToArray();
        files.Should().HaveCount(2).And.Contain(folder.File("run/events.out.tfevents.1.host"));
        Scalars(EventFile.Read(files.Single(file => file.EndsWith(".unetfamily", StringComparison.Ordinal)))).Should().Equal(((TrainingProgress[])[At(1), At(2), At(3, 0.9)]).SelectMany(Expected));
    }

    private static IEnumerable<(long, string, float)> Scalars(IEnumerable<Tensorboard.Event> events) =>
        events.Skip(1).SelectMany(at => at.Summary.Value.Select(value => (at.Step, value.Tag, value.SimpleValue)));

    private static IEnumerable<(long, string, float)> Expected(TrainingProgress at)
    {
        var step = Math.Min(at.Step, int.MaxValue);
        yield return (step, "loss", (float)at.Loss);
        if (at.Score is { } score) yield return (step, "score", (float)score);
        yield return (step, "learning_rate", (float)at.LearningRate);
    }
}
