// Trains a network that is in no paper, put together from the blocks of two (GatedNest.cs), on slices of one brain scan, and says what it costs and how well it does.
// Data, training loop and evaluation are those of samples/BrainSegmentation; its options work here as well, and --quick is a short run that only shows that everything works.

using System.Globalization;
using UNetFamily;
using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Report;
using UNetFamily.Samples.BrainSegmentation.Training;
using UNetFamily.Samples.ComposeYourOwn;

try
{
    // Two to three minutes of training on two cores, unless the command line says otherwise.
    string[] standard = args.Contains("--quick") ? [] : ["--iterations", "600"];
    if (DemoOptions.Parse([.. standard, .. args]) is { } options) return await RunAsync(options) ? 0 : 1;
    Console.WriteLine(DemoOptions.Help);
    return 0;
}
catch (UsageException problem)
{
    Screen.Fail($"{problem.Message} See --help.");
    return 2;
}

static async Task<bool> RunAsync(DemoOptions options)
{
    var subject = await Demo.LoadAsync(options, CancellationToken.None);
    var split = SliceSplit.Of(subject);
    var view = new FieldOfView(subject, split);
    var device = cuda.is_available() ? CUDA : CPU;

    manual_seed(options.Seed);
    using var model = new GatedNestOptions { InChannels = SliceSampler.Channels, OutChannels = subject.Scheme.Names.Count }.Build().to(device);
    var summary = model.Summary(view.Height, view.Width);
    Screen.Say(string.Create(CultureInfo.InvariantCulture,
        $"GatedNest: {summary.Parameters:N0} parameters, {summary.Macs / 1e9:0.00} billion multiply-accumulates for {view.Width} x {view.Height} pixels."));

    using var sampler = new SliceSampler(subject, view, device, options.Seed);
    var loss = new BalancedLoss(subject, split);
    var trainer = new LessonTrainer(model, new TrainingPlan(options.Iterations, options.Limit), new Lesson(model, sampler, loss, split.Training));
    var trained = Screen.Train(report => trainer.Run(options.Seed, report, CancellationToken.None));
    Screen.Say(string.Create(CultureInfo.InvariantCulture, $"Trained {trained.Steps} steps in {trained.Elapsed.TotalSeconds:0} s: loss {trained.FirstLoss:0.000} to {trained.Loss:0.000}."));

    var predicted = new Segmenter(model, sampler, view, subject).SegmentOnly(split.Centres);
    var evaluation = Evaluation.Of(subject, split, predicted);
    Screen.Table(subject.Scheme, evaluation, "GatedNest");
    Screen.Say(string.Create(CultureInfo.InvariantCulture, $"Mean Dice {evaluation.Network.MeanDice:0.000} with {summary.Parameters:N0} parameters."));
    Directory.CreateDirectory(options.Out);
    var picture = Path.Combine(options.Out, "gated-nest.png");
    Sheet.Save(picture, "GatedNest", subject, split.Centres, predicted, evaluation.Network);
    Screen.Say($"Picture: {picture}");
    return trained.Loss < trained.FirstLoss;
}
