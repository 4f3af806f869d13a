global using Google.Protobuf;
global using Onnx;
global using TorchSharp;
global using TorchSharp.Modules;
global using static TorchSharp.torch;
