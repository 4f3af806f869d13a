namespace UNetFamily.Tests;

/// <summary>Compares the gradient that a module computes with a central difference along one random direction, in double precision.</summary>
internal static class GradientCheck
{
    /// <summary>The relative difference between both; rounding leaves about 1e-8.</summary>
    public static double RelativeError(nn.Module module, Func<Tensor> loss, double step = 1e-5, int seed = 1)
    {
        using var scope = NewDisposeScope();
        manual_seed(seed);
        var parameters = module.parameters().Where(parameter => parameter.requires_grad).ToArray();
        var directions = parameters.Select(parameter => randn_like(parameter).detach()).ToArray();

        module.zero_grad();
        loss().backward();
        var analytic = parameters.Zip(directions).Sum(pair => pair.First.grad is { } gradient ? (gradient * pair.Second).sum().ToDouble() : 0);

        Move(step);
        var above = loss().ToDouble();
        Move(-2 * step);
        var below = loss().ToDouble();
        Move(step);
        var numeric = (above - below) / (2 * step);
        return Math.Abs(numeric - analytic) / Math.Max(1e-12, Math.Abs(numeric) + Math.Abs(analytic));

        void Move(double distance)
        {
            using var noGradient = no_grad();
            foreach (var (parameter, direction) in parameters.Zip(directions)) parameter.add_(direction * distance);
        }
    }
}
