namespace UNetFamily.Tool;

/// <summary><c>segment</c>: label maps of images, by a network of a file or by models that nnU-Net trained.</summary>
internal static class SegmentVerb
{
    public static Command Create(Shell shell)
    {
        var options = new SegmentOptions();
        var verb = new Verb("segment", "Segments images with a trained network: label maps on their grid.", """
            The model is recognised by what it is: a .safetensors file that this library saved, any .onnx network from
            (N, C, ...spatial) to (N, classes, ...spatial), or a model folder of nnU-Net v2. Files of the brain sample know
            how scans are prepared for them; other networks in a file need --spacing and --roi, or take the image as it is,
            in one piece. A network for images goes through a volume slice by slice, in the order of the file.
            Images are .nii.gz, .nii, .nrrd, .mha, .png, .tif and more. For models of nnU-Net the files of a folder are
            called CASE_0000.nii.gz, CASE_0001.nii.gz and so on, a number for each channel.
            Label maps appear whole or not at all. Those that are in the output folder already are left alone, so that a run
            that was stopped goes on where it was; --overwrite does them again. An output file is replaced.
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
