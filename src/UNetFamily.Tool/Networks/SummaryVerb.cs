namespace UNetFamily.Tool;

/// <summary><c>summary</c>: what a network is made of and what it costs, without running it.</summary>
internal static class SummaryVerb
{
    public static Command Create(Shell shell)
    {
        var options = new NetworkOptions();
        var network = NetworkOptions.Named("network", "A network of the catalogue, such as unet-milesial, a file that this library saved, or a model folder of nnU-Net v2.");
        var size = NetworkSize.Option("The sides of its image, such as 256 or 64,128,128.");
        var depth = new Option<int?>("--depth") { Description = "How deep the tree goes: 0 is the network alone, 1 its parts, and so on. All of it, when left out.", HelpName = "N" };
        depth.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 0) result.AddError("--depth needs 0 or more.");
        });
        var verb = new Verb("summary", "Shows a network's tree, parameters, multiply-accumulates, memory and receptive field, without running it.")
            { network, size, depth, options.InChannels, options.OutChannels };
        return shell.Does(verb, (parsed, screen) => Run(screen, options.Of(parsed, parsed.GetRequiredValue(network)), parsed.GetValue(size)!, parsed.GetValue(depth) ?? int.MaxValue));
    }

    private static int Run(Screen screen, Target target, long[] size, int depth)
    {
        Libtorch.Require();
        using var model = screen.WithSpinner("Building", target.Build);
        screen.Cancellation.ThrowIfCancellationRequested();
        var summary = model.Summary(NetworkSize.Of(model, size));
        screen.Show(new
        {
            network = summary.Name,
            input = summary.Input.Axes,
            parameters = summary.Parameters,
            trainableParameters = summary.TrainableParameters,
            multiplyAccumulates = summary.Macs,
            trainingActivationBytes = summary.TrainingActivationBytes,
            inferencePeakBytes = summary.InferencePeakBytes,
            receptiveField = new { sides = summary.ReceptiveField.Sides, wholeImage = summary.ReceptiveField.IsWholeImage },
            tree = Node(summary.Root, depth),
        }, [summary.ToString(depth)]);
        return ExitCode.Fine;
    }

    private static object Node(ModuleCost module, int depth) => new
    {
        path = module.Path,
        type = module.Module,
        output = module.Output?.Axes,
        parameters = module.Parameters,
        multiplyAccumulates = module.Macs,
        keptBytes = module.KeptBytes,
        parts = depth > 0 ? module.Parts.Select(part => Node(part, depth - 1)).ToArray() : [],
    };
}
