using UNetFamily.Benchmarks;

const string Usage = """
    usage: bench [name] [options]

      overhead            microseconds per add of two 4x4 tensors: what a call costs before any work is done
      flow                the same adds as the flow of a block: described, computed, freed
      attention           efficient paired attention in evaluation mode, each time on twice as many tokens
      forward [network]   one prediction, in evaluation mode without gradients; on a CPU also that of the exported network in ONNX Runtime
      plan [network]      the same by an inference plan, which is made before
      step [network]      one training step: forward, loss, backward, SGD with momentum
      window              labels of a volume of 600x512x512 in 14 classes by a small network, through a sliding window;
                          the peak includes input and labels; one round of some minutes
      stages              the stages of nnU-Net's pipeline around a network, each alone, on a volume of 256x256x256
      help                this text

    Without a name, all of them. A network is a name of the catalogue, the start of one ("unet", "unet-milesial"), or "all", which takes an hour;
    when it is left out, one of each kind is measured.

      --python <folder>   a checkout of a network's original code, or a folder of such checkouts, to run beside ours; the reference cases say which
      --device cuda       on the GPU
      --threads <n>       threads of libtorch; its own choice when left out
      --side <n>          the side of images; 256, and 64 for volumes, when left out; of the volume for window, a cube then
      --rounds <n>        how often C# and Python take turns; 3 when left out
      --quick             one short round, to see that everything runs

    Every figure is the median over the rounds of each round's median; behind a ratio stand the least and the most of the rounds.
    Each round runs in a process of its own, whose peak of memory is the one shown.
    Tables go to the screen, JSON to artifacts/bench.
    """;

try
{
    if (args is ["--child", var job])
    {
        Console.WriteLine(Json.Write(Measurement.Run(Json.Read<Job>(job))));
        return 0;
    }

    var settings = Settings.Parse(args);
    if (settings.Name == "help")
    {
        Console.WriteLine(Usage);
        return 0;
    }
    Comparison.Run(settings);
    return 0;
}
catch (ArgumentException problem)
{
    Console.Error.WriteLine($"{problem.Message} See `bench help`.");
    return 2;
}
catch (MeasurementFailedException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}
