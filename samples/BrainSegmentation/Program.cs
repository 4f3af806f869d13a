// Trains a U-Net on one brain scan, says how well it segments slices that it has not seen, and segments the whole volume: slice by slice in minutes, or with --volumes by patches in 3D.

using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.BrainSegmentation.Report;

using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    cancellation.Cancel();
};

try
{
    if (DemoOptions.Parse(args) is { } options) return await Demo.RunAsync(options, cancellation.Token) ? 0 : 1;
    Console.WriteLine(DemoOptions.Help);
    return 0;
}
catch (UsageException problem)
{
    Screen.Fail($"{problem.Message} See --help.");
    return 2;
}
catch (OperationCanceledException)
{
    Screen.Warn(args.Contains("--volumes") ? "Stopped; --resume goes on." : "Stopped.");
    return 130;
}
catch (Exception problem) when (problem is IOException or InvalidDataException or InvalidOperationException or UnauthorizedAccessException)
{
    Screen.Fail(problem.Message);
    return 1;
}
