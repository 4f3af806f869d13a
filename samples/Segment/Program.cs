// Segments any NIfTI volume with a network from a file:
// dotnet run --project samples/Segment -- --model unet.safetensors --image head.nii.gz --out labels.nii.gz

using UNetFamily;
using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.BrainSegmentation.Report;
using UNetFamily.Samples.Segment;

using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    cancellation.Cancel();
};

try
{
    if (SegmentOptions.Parse(args) is { } options) Segmentation.Run(options, cancellation.Token);
    else Console.WriteLine(SegmentOptions.Help);
    return 0;
}
catch (UsageException problem)
{
    Screen.Fail($"{problem.Message} See --help.");
    return 2;
}
catch (OperationCanceledException)
{
    Screen.Warn("Stopped; nothing was written.");
    return 130;
}
catch (Exception problem) when (problem is IOException or InvalidDataException or ArgumentException or UnauthorizedAccessException or ArithmeticException or InvalidOperationException)
{
    Screen.Fail(problem.Message);
    return 1;
}
