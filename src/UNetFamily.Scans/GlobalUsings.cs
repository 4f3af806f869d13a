global using TorchSharp;
global using UNetFamily.Imaging;
global using static TorchSharp.torch;
global using static TorchSharp.torch.nn;
