using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Training;

public sealed class TrainingLogTests : FileTests
{
    private static TrainingProgress At(long epoch, double? score = null) =>
        new() { Epoch = epoch, Step = 10 * epoch, LearningRate = 0.01 / epoch, Loss = 1.0 / 3 + epoch, Score = score, Seconds = 1.5 * epoch, EndsEpoch = true };

    [Fact]
    public void Writes_each_epoch_as_it_ends()
    {
        var path = folder.File("log.csv");
        var log = new TrainingLog(path);
        log.Add(At(1, 0.1 + 0.2));
        File.ReadAllText(path).Should().Be("epoch,step,learning_rate,loss,score,seconds\n1,10,0.01,1.3333333333333333,0.30000000000000004,1.5\n");
        log.Add(At(2) with { Loss = double.NaN });
        File.ReadAllLines(path)[2].Should().Be("2,20,0.005,NaN,,3");
        TrainingLog.Read(path).Should().Equal(log.Epochs).And.HaveCount(2);
    }

    [Fact]
    public void Goes_on_after_cutting_off_what_a_resumed_training_does_again()
    {
        var path = folder.File("log.csv");
        var first = new TrainingLog(path);
        for (var epoch = 1; epoch <= 5; epoch++) first.Add(At(epoch, epoch / 7.0));
        File.AppendAllText(path, "6,60,0.0");                                       // a crash in the middle of a line

        var resumed = new TrainingLog(path, epoch: 3);
        resumed.Epochs.Should().Equal(first.Epochs.Take(3));
        resumed.Add(At(4, 0.9));
        TrainingLog.Read(path).Should().Equal([.. first.Epochs.Take(3), At(4, 0.9)]);
        new TrainingLog(path, epoch: 100).Epochs.Should().HaveCount(4);
        new TrainingLog(path).Epochs.Should().BeEmpty("it begins anew");
        File.ReadAllLines(path).Should().ContainSingle();
    }

    [Theory]
    [InlineData("1,10,0.01,1,0.5,3\n2,20,0.01,1,0.5,", 1)]
    [InlineData("1,10,0.01,1,0.5,3\n2,20,0.01,1,0.5\n3,30,0.01,1,0.5,3\n", 1)]
    [InlineData("1,10,0.01,1,good,3\n", 0)]
    [InlineData("1,10,0.01,1,,3\r\n", 1)]
    public void A_broken_line_ends_it(string lines, int kept)
    {
        File.WriteAllText(folder.File("log.csv"), $"epoch,step,learning_rate,loss,score,seconds\n{lines}");
        TrainingLog.Read(folder.File("log.csv")).Should().HaveCount(kept);
    }

    [Fact]
    public void Another_file_is_not_touched()
    {
        File.WriteAllText(folder.File("notes.csv"), "name,age\n");
        FluentActions.Invoking(() => new TrainingLog(folder.File("notes.csv"), epoch: 1)).Should().Throw<IOException>().WithMessage("*notes.csv is no log of a training: its first line isn't epoch,step*");
        File.ReadAllText(folder.File("notes.csv")).Should().Be("name,age\n");
    }
}
