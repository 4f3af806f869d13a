namespace UNetFamily.Tests.Checkpoints;

/// <summary>Writes tensors in any structure of dictionaries and lists, as <c>torch.save</c> does.</summary>
internal sealed class TorchWriter
{
    private readonly List<byte[]> storages = [];

    /// <summary>A tensor with a storage of its own.</summary>
    public byte[] Tensor(Tensor value) => Tensor(value, value.shape, Shapes.Contiguous(value.shape));

    /// <summary>A view on a storage of its own.</summary>
    public byte[] Tensor(Tensor storage, long[] shape, long[] strides, params byte[][] further)
    {
        using var scope = NewDisposeScope();
        var numbers = storage.detach().contiguous();
        storages.Add(numbers.bytes.ToArray());
        return Step.Call(Step.Global("torch._utils", "_rebuild_tensor_v2"), [Step.Storage($"{storages.Count - 1}", numbers.numel(), StorageOf(numbers.dtype)), Step.Integer(0),
            Step.Tuple([.. shape.Select(Step.Integer)]), Step.Tuple([.. strides.Select(Step.Integer)]), [0x89], Step.Call(Step.Global("collections", "OrderedDict")), .. further]);
    }

    /// <summary>A tensor of a type that newer versions of PyTorch write: bytes, and the type's name.</summary>
    public byte[] Newer(byte[] bytes, string type, long[] shape)
    {
        storages.Add(bytes);
        var storage = (byte[])[.. Step.Tuple(Step.Text("storage"), Step.Global("torch.storage", "UntypedStorage"), Step.Text($"{storages.Count - 1}"), Step.Text("cpu"), Step.Integer(bytes.Length)), (byte)'Q'];
        return Step.Call(Step.Global("torch._utils", "_rebuild_tensor_v3"), storage, Step.Integer(0), Step.Tuple([.. shape.Select(Step.Integer)]), Step.Tuple([.. Shapes.Contiguous(shape).Select(Step.Integer)]),
            [0x89], Step.Call(Step.Global("collections", "OrderedDict")), Step.Global("torch", type));
    }

    public byte[] Dictionary(IEnumerable<(string Name, Tensor Value)> entries) => Step.Dictionary([.. entries.Select(entry => (entry.Name, Tensor(entry.Value)))]);

    public byte[] StateDict(nn.Module module, Func<string, string>? rename = null) => Dictionary(module.state_dict().Select(entry => ((rename ?? (name => name))(entry.Key), entry.Value)));

    public byte[] File(byte[] root) => TorchFile.Of(Step.Pickle(root), [.. storages]);

    private static string StorageOf(ScalarType type) => type switch
    {
        ScalarType.Int64 => "LongStorage",
        ScalarType.ComplexFloat32 => "ComplexFloatStorage",
        ScalarType.Bool => "BoolStorage",
        ScalarType.Float64 => "DoubleStorage",
        _ => "FloatStorage",
    };
}
