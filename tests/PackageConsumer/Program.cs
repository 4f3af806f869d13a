using TorchSharp;
using UNetFamily;
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
if (args is [var path]) model.ExportOnnx(path, 64);
