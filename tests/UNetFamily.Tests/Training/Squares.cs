namespace UNetFamily.Tests.Training;

/// <summary>Noisy images with a bright square, which is to be found. A batch depends on its number alone.</summary>
internal sealed class Squares(long side = 16, long samples = 2) : IBatchSource
{
    private const double Noise = 0.5;

    public IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default)
    {
        for (; ; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return Batch(step);
        }
    }

    public TrainingBatch Batch(long step)
    {
        var random = new Random((int)step);
        var (images, labels) = (new float[samples * side * side], new long[samples * side * side]);
        for (var n = 0; n < samples; n++)
        {
            var (top, left, size) = (random.Next((int)side / 2), random.Next((int)side / 2), random.Next(4, (int)side / 2));
            for (var y = 0; y < side; y++)
                for (var x = 0; x < side; x++)
                {
                    var (at, isIn) = ((n * side + y) * side + x, y >= top && y < top + size && x >= left && x < left + size);
                    labels[at] = isIn ? 1 : 0;
                    images[at] = (float)((isIn ? 1 : 0) + Noise * (2 * random.NextDouble() - 1));
                }
        }
        return new(tensor(images, [samples, 1, side, side]), tensor(labels, [samples, side, side]));
    }
}
