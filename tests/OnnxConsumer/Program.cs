using System.Diagnostics;
using UNetFamily;

using var network = OnnxNetwork.FromFile(args[0]);
long[] shape = [network.InChannels, .. Enumerable.Repeat(200L, (int)network.SpatialDims)];
var image = new float[shape.Aggregate(1L, (product, side) => product * side)];
for (var i = 0; i < image.Length; i++) image[i] = MathF.Sin(i);
var sliding = new SlidingWindow { RoiSize = 64, Mode = BlendMode.Gaussian };
var labels = sliding.Labels(network, image, shape);
var logits = sliding.Logits(network, image, shape);
if (labels.Length * network.OutChannels != logits.Length || !(logits.Max() > logits.Min())) throw new InvalidOperationException("The network gives nothing.");

using var process = Process.GetCurrentProcess();
if (process.Modules.Cast<ProcessModule>().Any(module => module.ModuleName.Contains("torch_cpu", StringComparison.OrdinalIgnoreCase))) throw new InvalidOperationException("libtorch was loaded.");
Console.WriteLine(FormattableString.Invariant($"A project without libtorch segments {string.Join(" x ", shape)} with {network.Name}: {(DateTime.Now - process.StartTime).TotalSeconds:0.0} s and {process.PeakWorkingSet64 / 1e6:0} MB in all"));
