namespace UNetFamily.NnUNet;

/// <summary>The mean of several models' probabilities, such as those of a 2D and a 3D configuration, in single precision as nnU-Net takes it. One after the other is added, so that only the sum and the next exist.</summary>
public sealed class Ensemble
{
    private float[][] sums = [];

    /// <summary>How many were added.</summary>
    public int Members { get; private set; }

    /// <summary>Adds a model's probabilities.</summary>
    /// <param name="probabilities">For each head a number for each voxel. They are not changed.</param>
    /// <exception cref="ArgumentException">There are other heads or voxels than in those before.</exception>
    public void Add(IReadOnlyList<float[]> probabilities)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        if (Members == 0) sums = [.. probabilities.Select(head => (float[])head.Clone())];
        else
        {
            if (probabilities.Count != sums.Length) throw new ArgumentException($"There are {probabilities.Count} heads; those before have {sums.Length}.", nameof(probabilities));
            if (probabilities.Where((head, number) => head.Length != sums[number].Length).Any()) throw new ArgumentException("Heads have other voxels than those before.", nameof(probabilities));
            Parallel.For(0, sums.Length, number =>
            {
                var (sum, head) = (sums[number], probabilities[number]);
                for (var i = 0; i < sum.Length; i++) sum[i] += head[i];
            });
        }
        Members++;
    }

    /// <summary>The mean.</summary>
    /// <returns>For each head a number for each voxel.</returns>
    /// <exception cref="InvalidOperationException">None was added.</exception>
    public IReadOnlyList<float[]> Mean()
    {
        if (Members == 0) throw new InvalidOperationException("There is no mean of nothing: add a model's probabilities first.");
        return [.. sums.Select(sum => Array.ConvertAll(sum, value => value / Members))];
    }
}
