// Segments any NIfTI volume with a network from a file:
// dotnet run --project samples/Segment -- --model unet.safetensors --image head.nii.gz --out labels.nii.gz
// and folders of images with a model folder of nnU-Net:
// dotnet run --project samples/Segment -- --nnunet Dataset001/nnUNetTrainer__nnUNetPlans__3d_fullres --input images --output labels

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
    if (args.Contains(FolderOptions.Flag) && !args.Contains("--help")) return FolderSegmentation.Run(FolderOptions.Parse(args), cancellation.Token);
    if (SegmentOptions.Parse(args) is { } options) Segmentation.Run(options, cancellation.Token);
    else Console.WriteLine($"{SegmentOptions.Help}\n\n{FolderOptions.Help}");
    return 0;
}
catch (UsageException problem)
{
    Screen.Fail($"{problem.Message} See --help.");
    return 2;
}
catch (OperationCanceledException)
{
    Screen.Warn("Stopped; what was not finished was not written.");
    return 130;
}
catch (Exception problem) when (problem is IOException or InvalidDataException or ArgumentException or UnauthorizedAccessException or ArithmeticException or InvalidOperationException)
{
    Screen.Fail(problem.Message);
    return 1;
}
