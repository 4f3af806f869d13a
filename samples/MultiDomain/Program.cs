// One network for several domains: a universal U-Net (Huang et al., 2019) learns the mask of a human brain and its lobes in turns, then the tissues of a macaque's
// brain are added by training only what that domain has for itself. The first two don't change by a single voxel.
// Data, training loop and evaluation are those of samples/BrainSegmentation; --quick is a short run that only shows that everything works.

using System.Globalization;
using UNetFamily;
using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Report;
using UNetFamily.Samples.BrainSegmentation.Training;
using UNetFamily.Samples.MultiDomain;

// Separable convolutions with norms everywhere bear a rate that would upset an ordinary U-Net, and need it to get somewhere in minutes.
const double PeakRate = 2e-2;

try
{
    if (DemoOptions.Parse(args) is not { } options) Console.WriteLine(DemoOptions.Help);
    else if (options.Image is not null || options.Macaque) throw new UsageException("The tasks of this sample are fixed: --image, --labels and --macaque don't apply.");
    else return await RunAsync(options) ? 0 : 1;
    return 0;
}
catch (UsageException problem)
{
    Screen.Fail($"{problem.Message} See --help.");
    return 2;
}

static async Task<bool> RunAsync(DemoOptions options)
{
    var device = cuda.is_available() ? CUDA : CPU;
    var subjects = await LoadAsync(options);
    using var mask = new DomainTask("mask", subjects[0], device, options.Seed);
    using var lobes = new DomainTask("lobes", subjects[1], device, options.Seed);
    using var macaque = new DomainTask("macaque", subjects[2], device, options.Seed);
    foreach (var task in (DomainTask[])[mask, lobes, macaque]) Screen.Say(task.Description);

    manual_seed(options.Seed);
    var network = U2Net3dOptions.Universal([mask.Domain, lobes.Domain], inChannels: SliceSampler.Channels) with
    {
        SpatialDims = SpatialDims.Two,
        Pools = 4,
        BaseWidth = 12,
        Initialization = Initialization.Default,        // what a norm follows moves by its gradient over its size, and He's weights are larger: in so few steps they stay behind
    };
    using var model = network.Build();
    model.to(device);

    // Three quarters of the time for the first two domains together, one quarter for the third alone, which has little to learn.
    var together = Train(model, [mask, lobes], options, share: 0.75);
    var before = (Mask: mask.Evaluate(model), Lobes: lobes.Evaluate(model));

    using (model.AddDomain(macaque.Domain)) Screen.Say("Added the domain 'macaque'; everything else is frozen.");
    var untrained = macaque.Evaluate(model);
    var alone = Train(model, [macaque], options, share: 0.25);
    var after = (Mask: mask.Evaluate(model), Lobes: lobes.Evaluate(model), Macaque: macaque.Evaluate(model));

    Say($"shared by all domains: {Count(model.SharedParameters()),9:N0} parameters");
    Report(model, "mask", after.Mask);
    Report(model, "lobes", after.Lobes);
    Report(model, "macaque", after.Macaque);
    var file = Path.Combine(options.Out, "macaque.safetensors");
    Directory.CreateDirectory(options.Out);
    model.SaveDomain(macaque.Name, file);
    foreach (var task in (DomainTask[])[mask, lobes, macaque]) task.Draw(model, Path.Combine(options.Out, $"{task.Name}.png"));
    Say($"Pictures: mask.png, lobes.png and macaque.png in {options.Out}");
    Say($"The macaque's own part is a file of {new FileInfo(file).Length / 1024.0:0} KiB: {file}");
    Say($"macaque before its training: Dice {untrained.Network.MeanDice:0.000}. One head of each species: this tells how well unseen slices of it are filled in, no more.");

    return Passed(together.Loss < 0.9 * together.FirstLoss && alone.Loss < alone.FirstLoss, "the loss did not fall")
        & Passed(after.Mask.Network.MeanDice.Equals(before.Mask.Network.MeanDice) && after.Lobes.Network.MeanDice.Equals(before.Lobes.Network.MeanDice), "the third domain changed the first two")
        & Passed(options.Quick || after.Macaque.Network.MeanDice > untrained.Network.MeanDice, "the third domain learnt nothing");
}

static LessonProgress Train(U2Net3d model, DomainTask[] tasks, DemoOptions options, double share)
{
    var lessons = tasks.Select(task => task.In(model)).ToArray();
    var trainer = new LessonTrainer(model, new TrainingPlan((int)(share * options.Iterations), share * options.Limit) { PeakRate = PeakRate }, lessons);
    var trained = Screen.Train(report => trainer.Run(options.Seed, report, CancellationToken.None));
    foreach (var lesson in lessons) lesson.Network.Dispose();
    var trainable = model.parameters().Where(parameter => parameter.requires_grad).Sum(parameter => parameter.numel());
    Say($"Trained {string.Join(" and ", tasks.Select(task => task.Name))}: {trainable:N0} parameters, {trained.Steps} steps in {trained.Elapsed.TotalSeconds:0} s, loss {trained.FirstLoss:0.000} to {trained.Loss:0.000}.");
    return trained;
}

static void Report(U2Net3d model, string domain, Evaluation evaluation) => Say(
    $"{domain + " alone:",-22} {Count(model.ParametersOf(domain)),9:N0} parameters, Dice {evaluation.Network.MeanDice:0.000} (copy of the nearest slice: {evaluation.Baseline:0.000})");

static long Count(IEnumerable<(string Name, TorchSharp.Modules.Parameter Parameter)> parameters) => parameters.Sum(entry => entry.Parameter.numel());

static void Say(FormattableString line) => Screen.Say(line.ToString(CultureInfo.InvariantCulture));

static bool Passed(bool holds, string otherwise)
{
    if (!holds) Screen.Fail($"Check failed: {otherwise}.");
    return holds;
}

static async Task<Subject[]> LoadAsync(DemoOptions options)
{
    try
    {
        if (!options.Phantom)
            return
            [
                await BrainData.LoadMaskAsync(Screen.Say, CancellationToken.None),
                await BrainData.LoadAsync(Screen.Say, CancellationToken.None),
                await BrainData.LoadMacaqueAsync(Screen.Say, CancellationToken.None),
            ];
    }
    catch (DataUnavailableException problem)
    {
        Screen.Warn($"The brains can't be fetched: {problem.Message}");
    }
    Screen.Warn("Generated phantoms take their place: their figures say nothing about brains.");
    return [Phantom.Create(options.Seed, LabelScheme.Brain), Phantom.Create(options.Seed), Phantom.Create(options.Seed + 1, LabelScheme.Macaque)];
}
