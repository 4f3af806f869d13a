using TorchSharp;
using UNetFamily;
using UNetFamily.Imaging;
using UNetFamily.NnUNet;
using UNetFamily.Scans;
using static TorchSharp.torch;

using var model = new UNet(new UNetOptions { InChannels = 3, OutChannels = 2 });
model.eval();

using var image = rand(1, 3, 64, 96);
using var _ = no_grad();
using var output = model.call(image);
using var finite = output.Logits.isfinite().all();

var shape = string.Join(" x ", output.Logits.shape);
if (shape != "1 x 2 x 64 x 96" || !finite.ToBoolean())
    throw new InvalidOperationException($"The forward pass gave {shape}, finite: {finite.ToBoolean()}.");
Console.WriteLine($"A project that installs UNetFamily {typeof(UNet).Assembly.GetName().Version!.ToString(3)} runs a U-Net: 1 x 3 x 64 x 96 -> {shape}");

// Labels of 2 x 2 pixels become a picture of 4 x 4, and come back from its file.
var (size, twice, one, half) = (new VolumeSize(1, 2, 2), new VolumeSize(1, 4, 4), new VolumeSpacing(1, 1, 1), new VolumeSpacing(1, 0.5, 0.5));
var labels = VolumeResampling.ResampleLabels([0, 1, 2, 3], size, twice, one, half, ResamplingRule.Linear);
var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".png");
ImageFile.WriteLabels(file, [.. labels.Select(label => (ushort)label)], twice, AffineGeometry.Plain(half));
var read = ImageFile.Read(file);
File.Delete(file);
if (read.Values[0] != 0 || read.Values[^1] != 3) throw new InvalidOperationException($"The picture came back as {string.Join(", ", read.Values)}.");
Console.WriteLine($"UNetFamily.Imaging and UNetFamily.NnUNet resample labels and keep them in a picture of {read.Size}.");

var curve = Path.ChangeExtension(file, ".curve.png");
LearningCurve.Save(curve, [new() { Epoch = 1, Step = 10, LearningRate = 0.1, Loss = 0.5, Score = 0.5, Seconds = 1 }]);
if (ImageFile.Read(curve).Size != new VolumeSize(1, 680, 1000)) throw new InvalidOperationException("The curve has another size.");
File.Delete(curve);
Console.WriteLine("UNetFamily.Plots draws a learning curve.");
// A scan of 3 x 20 x 24 voxels becomes a label map on its grid.
using var slices = new UNet(new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [4, 8] });
var scan = new Volume([.. Enumerable.Range(0, 3 * 20 * 24).Select(at => (float)Math.Sin(at))], new VolumeSize(3, 20, 24), AffineGeometry.Plain(one));
var map = new ScanNetwork(slices).Segment(scan);
if (map.Labels.Length != scan.Size.Voxels || map.Classes.Count != 2) throw new InvalidOperationException($"The label map has {map.Labels.Length} voxels and {map.Classes.Count} classes.");
Console.WriteLine($"UNetFamily.Scans segments a scan of {map.Size}.");

if (args is [var path]) model.ExportOnnx(path, 64);
