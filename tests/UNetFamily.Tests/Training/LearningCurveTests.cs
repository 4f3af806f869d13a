using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Training;

public sealed class LearningCurveTests : FileTests
{
    private static readonly (byte, byte, byte) Blue = (31, 119, 180), Orange = (255, 127, 14), White = (255, 255, 255);

    private static readonly TrainingProgress[] Epochs =
    [
        .. Enumerable.Range(1, 10).Select(epoch => new TrainingProgress
        {
            Epoch = epoch, Step = 250 * epoch, LearningRate = 0.01, Loss = 2.0 / epoch, Score = epoch % 2 == 0 ? 0.1 * epoch - 0.05 : null, Seconds = epoch, EndsEpoch = true,
        }),
    ];

    [Fact]
    public void The_curves_are_where_the_numbers_say()
    {
        LearningCurve.Save(folder.File("curve.png"), Epochs);
        var pixels = Decode(File.ReadAllBytes(folder.File("curve.png")));
        (pixels.GetLength(1), pixels.GetLength(0)).Should().Be((900, 480));

        // 70 pixels are left of the axes and right of them, 36 above, 44 below. Epochs are 0 to 10, losses 0.2 to 2 between 0 and 2, scores 0.15 to 0.95 between 0 and 1.
        double X(double epoch) => 70 + epoch / 10 * 760;
        double Loss(double value) => 436 - value / 2 * 400;
        double Score(double value) => 436 - value * 400;
        foreach (var at in Epochs)
        {
            // Where both meet, the score is drawn over the loss.
            Pixel(X(at.Epoch), Loss(at.Loss)).Should().BeOneOf(Blue, Orange);
            if (at.Score is { } score) Pixel(X(at.Epoch), Score(score)).Should().Be(Orange, "epoch {0} has {1}", at.Epoch, score);
        }
        Pixel(X(1.5), Loss(1.5)).Should().Be(Blue, "a straight line joins 2 and 1");
        Pixel(X(1), Loss(2) + 6).Should().Be(White);
        Pixel(X(5), Score(0.45)).Should().Be(Orange, "validations two epochs apart are joined");
        Pixel(X(9.5), Score(0.5) + 7).Should().Be(White);
        Count(Blue, 0, 36).Should().BeGreaterThan(60, "the legend shows its colour");
        Count(Orange, 0, 36).Should().BeGreaterThan(60, "the legend shows its colour");

        (byte, byte, byte) Pixel(double x, double y) => pixels[(int)Math.Round(y), (int)Math.Round(x)];
        int Count((byte, byte, byte) colour, int top, int bottom) =>
            Enumerable.Range(top, bottom - top).Sum(y => Enumerable.Range(0, 900).Count(x => pixels[y, x] == colour));
    }

    [Fact]
    public void Axes_end_at_round_numbers_that_stand_beside_them()
    {
        var chart = LearningCurve.Draw(Epochs);
        chart.Loss.Ticks.Should().Equal(0, 0.5, 1, 1.5, 2);
        chart.Score.Ticks.Should().Equal(0, 0.2, 0.4, 0.6, 0.8, 1);
        chart.Across.Ticks.Should().Equal(0, 2, 4, 6, 8, 10);

        // The number beside the tick at 1.5, letter by letter.
        var (left, top) = (70 - 8 - (3 * 6 - 1), chart.Loss.At(1.5) - 3);
        for (var letter = 0; letter < 3; letter++)
            for (var y = 0; y < 7; y++)
                for (var x = 0; x < 5; x++)
                    (chart.Picture[left + 6 * letter + x, top + y] == LearningCurve.LossColour).Should().Be(SmallFont.IsInk("1.5"[letter], x, y));
    }

    [Theory]
    [InlineData(new[] { 0.5 }, 0.2, 0.8)]
    [InlineData(new[] { 0.0 }, 0.0, 1.0)]
    [InlineData(new[] { -3.0, 1e-7 }, -3.0, 1.0)]
    [InlineData(new[] { 1e6, 2.3e6 }, 1e6, 2.5e6)]
    [InlineData(new double[0], 0.0, 1.0)]
    public void Axes_hold_what_they_are_given(double[] numbers, double from, double to)
    {
        var axis = Axis.Over(numbers, 100, 0, 6);
        axis.Ticks.First().Should().BeApproximately(from, 1e-9);
        axis.Ticks.Last().Should().BeApproximately(to, 1e-9);
        numbers.All(number => number >= axis.From - 1e-9 && number <= axis.To + 1e-9).Should().BeTrue();
        (axis.At(axis.From), axis.At(axis.To)).Should().Be((100, 0));
    }

    [Fact]
    public void Draws_what_there_is()
    {
        TrainingProgress[] odd = [Epochs[0] with { Loss = double.NaN, Score = null }, Epochs[1] with { Loss = double.PositiveInfinity, Score = double.NaN }];
        LearningCurve.Save(folder.File("odd.png"), odd);
        LearningCurve.Save(folder.File("one.png"), Epochs[..1]);
        Decode(File.ReadAllBytes(folder.File("one.png")))[LearningCurve.Draw(Epochs[..1]).Loss.At(2), LearningCurve.Draw(Epochs[..1]).Across.At(1)].Should().Be(Blue);
        FluentActions.Invoking(() => LearningCurve.Save(folder.File("none.png"), [])).Should().Throw<ArgumentException>().WithMessage("There is no epoch to draw.*");
    }

    /// <summary>A PNG with a palette, its checksums compared on the way: (row, column).</summary>
    private static (byte Red, byte Green, byte Blue)[,] Decode(byte[] file)
    {
        file[..8].Should().Equal(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
        var chunks = new Dictionary<string, byte[]>();
        for (var at = 8; at < file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            var name = System.Text.Encoding.ASCII.GetString(file, at + 4, 4);
            Crc32.HashToUInt32(file.AsSpan(at + 4, length + 4)).Should().Be(BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length)), "that is the checksum of {0}", name);
            chunks.Add(name, file[(at + 8)..(at + 8 + length)]);
            at += 12 + length;
        }
        chunks.Keys.Should().Equal("IHDR", "PLTE", "IDAT", "IEND");
        var (width, height) = (BinaryPrimitives.ReadInt32BigEndian(chunks["IHDR"]), BinaryPrimitives.ReadInt32BigEndian(chunks["IHDR"].AsSpan(4)));
        chunks["IHDR"][8..].Should().Equal(8, 3, 0, 0, 0);

        using var zlib = new ZLibStream(new MemoryStream(chunks["IDAT"]), CompressionMode.Decompress);
        using var raw = new MemoryStream();
        zlib.CopyTo(raw);
        var (rows, palette) = (raw.ToArray(), chunks["PLTE"]);
        rows.Length.Should().Be(height * (width + 1));
        var pixels = new (byte, byte, byte)[height, width];
        for (var y = 0; y < height; y++)
        {
            rows[y * (width + 1)].Should().Be(0);
            for (var x = 0; x < width; x++)
            {
                var colour = 3 * rows[y * (width + 1) + 1 + x];
                pixels[y, x] = (palette[colour], palette[colour + 1], palette[colour + 2]);
            }
        }
        return pixels;
    }
}
