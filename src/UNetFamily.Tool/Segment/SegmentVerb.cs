using System.CommandLine.Parsing;
using System.Globalization;

namespace UNetFamily.Tool;

/// <summary><c>segment</c>: label maps of images, by a network of a file or by models that nnU-Net trained.</summary>
internal static class SegmentVerb
{
    public static Command Create(Shell shell)
    {
        var options = new SegmentOptions();
        var verb = new Command("segment", $"""
            Segments images: label maps on their grid. The model is what it is recognised as: a .safetensors file that this library saved (the network of ./build.sh demo, for one, whose file says how scans are prepared), any .onnx network from (N, C, …spatial) to (N, classes, …spatial), or a model folder of nnU-Net v2.
            The input is an image (.nii, .nii.gz, .nrrd, .mha and more) or a folder of them; for nnU-Net's models files are called CASE_0000.nii.gz, CASE_0001.nii.gz and so on, a number for each channel.
            Label maps appear whole or not at all. In a folder those that are there are left alone, so that a run that was stopped goes on where it was; an output file is replaced.
            {ExitCode.Help}
            """);
        foreach (var option in options.All) verb.Options.Add(option);
        return shell.Does(verb, (parsed, screen) => Run(screen, options.Read(parsed)));
    }

    private static int Run(Screen screen, SegmentRequest request)
    {
        // What can be checked is checked before the work, and before the models are loaded.
        var place = OutputPlace.Of(request);
        if (!File.Exists(request.Input) && !Directory.Exists(request.Input)) throw new FileNotFoundException($"There is no file or folder {request.Input}.", request.Input);
        Libtorch.Require();
        using ICaseSegmenter segmenter = request.Kind is ModelKind.NnUNet ? new NnUNetSegmenter(screen, request) : new ScanSegmenter(screen, request);
        var cases = segmenter.Cases(request.Input, place);
        if (request.Shard is var (index, count)) cases = [.. cases.Where((_, number) => number % count == index)];
        foreach (var one in cases)
            if (one.Files.FirstOrDefault(file => Path.GetFullPath(file) == Path.GetFullPath(one.Output)) is { } image) throw new UsageException($"--output would replace the image {image} by its label map. Name another file or folder.");
        if (!place.IsFile) Directory.CreateDirectory(place.Path);
        return new CaseLoop(screen, segmenter, request, place).Run(cases);
    }
}
