namespace UNetFamily.Tests.Losses;

/// <summary>Logits, targets and pixel weights as plain arrays, from which the tests compute each formula voxel by voxel.</summary>
internal sealed class Voxels
{
    public Voxels(Tensor logits, Func<int, int, int, double> target, Func<int, int, double> weight, bool sigmoid = false)
    {
        (N, C, P) = ((int)logits.shape[0], (int)logits.shape[1], (int)(logits.numel() / logits.shape[0] / logits.shape[1]));
        var values = logits.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
        (Logit, Probability, Target, Weight) = (new double[N, C, P], new double[N, C, P], new double[N, C, P], new double[N, P]);
        for (var n = 0; n < N; n++)
            for (var i = 0; i < P; i++)
            {
                Weight[n, i] = weight(n, i);
                for (var c = 0; c < C; c++)
                {
                    Logit[n, c, i] = values[(n * C + c) * P + i];
                    Target[n, c, i] = target(n, c, i);
                }
                var sum = Enumerable.Range(0, C).Sum(c => Math.Exp(Logit[n, c, i]));
                for (var c = 0; c < C; c++)
                    Probability[n, c, i] = sigmoid || C == 1 ? 1 / (1 + Math.Exp(-Logit[n, c, i])) : Math.Exp(Logit[n, c, i]) / sum;
            }
    }

    public int N { get; }

    public int C { get; }

    public int P { get; }

    public double[,,] Logit { get; }

    public double[,,] Probability { get; }

    public double[,,] Target { get; }

    public double[,] Weight { get; }

    /// <summary>The mean of a coefficient over classes and samples, or over classes of the batch; it gets the sums of p·t, p and t.</summary>
    public double MeanCoefficient(Func<int, double, double, double, double> coefficient, int first = 0, bool batch = false, bool squared = false)
    {
        var results = new List<double>();
        foreach (var samples in batch ? [Enumerable.Range(0, N)] : Enumerable.Range(0, N).Select(n => Enumerable.Range(n, 1)))
            for (var c = first; c < C; c++)
            {
                var (both, predicted, truth) = Sums(samples, c, squared);
                results.Add(coefficient(c, both, predicted, truth));
            }
        return results.Average();
    }

    public (double Both, double Predicted, double Truth) Sums(IEnumerable<int> samples, int c, bool squared = false)
    {
        var (both, predicted, truth) = (0.0, 0.0, 0.0);
        foreach (var n in samples)
            for (var i = 0; i < P; i++)
            {
                var (w, p, t) = (Weight[n, i], Probability[n, c, i], Target[n, c, i]);
                both += w * p * t;
                predicted += w * (squared ? p * p : p);
                truth += w * (squared ? t * t : t);
            }
        return (both, predicted, truth);
    }

    /// <summary>The weighted mean over pixels and channels from <paramref name="first"/> on; it gets channel, probability and target.</summary>
    public double Mean(Func<int, double, double, double> loss, int first = 0)
    {
        var (sum, weights) = (0.0, 0.0);
        for (var n = 0; n < N; n++)
            for (var i = 0; i < P; i++)
                for (var c = first; c < C; c++)
                {
                    sum += Weight[n, i] * loss(c, Probability[n, c, i], Target[n, c, i]);
                    weights += Weight[n, i];
                }
        return sum / weights;
    }

    /// <summary>The cross-entropy of classes that exclude each other, as PyTorch defines it.</summary>
    public double CrossEntropy(double[]? classWeights = null, double smoothing = 0)
    {
        var (sum, weights) = (0.0, 0.0);
        for (var n = 0; n < N; n++)
            for (var i = 0; i < P; i++)
                for (var c = 0; c < C; c++)
                {
                    var factor = classWeights?[c] ?? 1;
                    sum -= Weight[n, i] * factor * ((1 - smoothing) * Target[n, c, i] + smoothing / C) * Math.Log(Probability[n, c, i]);
                    weights += Weight[n, i] * factor * Target[n, c, i];
                }
        return sum / weights;
    }

    public double BinaryCrossEntropy(double[]? classWeights = null, double[]? posWeight = null) =>
        Mean((c, p, t) => -(classWeights?[c] ?? 1) * ((posWeight?[c] ?? 1) * t * Math.Log(p) + (1 - t) * Math.Log(1 - p)));
}
