using TorchSharp.Interop;
using TorchSharp.Utils;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules;

/// <summary>What all convolutions share: shapes, padding, weights and their initialisation.</summary>
public abstract class Convolution : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(bias))]
    protected Parameter? _bias;
    [ComponentName(Name = nameof(weight))]
    protected Parameter? _weight;
    /// <summary>The padding as <c>pad</c> wants it: last dimension first, before and after.</summary>
    protected long[] _reversed_padding_repeated_twice = [];

    protected Convolution(string name, long in_channels, long out_channels, long[] kernel_size, long[] stride, long[]? padding, Padding? padding_type, long[] dilation, bool transposed, long[] output_padding, long groups, bool bias, PaddingModes padding_mode, Device? device = null, ScalarType? dtype = null) : base(name)
    {
        if (transposed && padding_mode != PaddingModes.Zeros) throw new ArgumentException("Only PaddingModes.Zeros is supported for ConvTransposeND", nameof(padding_mode));
        this.in_channels = in_channels;
        this.out_channels = out_channels;
        this.kernel_size = kernel_size;
        this.stride = stride;
        this.dilation = dilation;
        this.transposed = transposed;
        this.output_padding = output_padding;
        this.groups = groups;
        this.padding_mode = padding_mode;
        if (padding_type is { } type) SetPadding(type);
        else SetPadding(padding ?? new long[kernel_size.Length]);

        long[] shape = transposed ? [in_channels, out_channels / groups, .. kernel_size] : [out_channels, in_channels / groups, .. kernel_size];
        weight = new Parameter(empty(shape, dtype: dtype, device: device));
        if (bias) this.bias = new Parameter(empty([out_channels], dtype: dtype, device: device));
        reset_parameters();
    }

    public long in_channels { get; }
    public long out_channels { get; }
    public bool transposed { get; }
    public Padding? padding_type { get; private set; }
    public long[]? padding { get; private set; }
    public PaddingModes padding_mode { get; set; }
    public long groups { get; set; }
    public long[] kernel_size { get; set; }
    public long[] stride { get; set; }
    public long[] dilation { get; set; }
    public long[] output_padding { get; set; }

    public Parameter? bias
    {
        get => _bias;
        set => SetParameter(nameof(bias), ref _bias, value);
    }

    public Parameter weight
    {
        get => _weight!;
        set => SetParameter(nameof(weight), ref _weight, value);
    }

    /// <summary>PyTorch's default: uniform within 1/sqrt(fan in), for weight and bias.</summary>
    public void reset_parameters()
    {
        nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
        if (bias is null) return;
        var (fanIn, _) = nn.init.CalculateFanInAndFanOut(weight);
        if (fanIn == 0) return;
        var bound = 1 / Math.Sqrt(fanIn);
        nn.init.uniform_(bias, -bound, bound);
    }

    public void SetPadding(long[] padding)
    {
        padding_type = null;
        this.padding = padding;
        _reversed_padding_repeated_twice = [.. Enumerable.Reverse(padding).SelectMany(size => (long[])[size, size])];
    }

    public void SetPadding(Padding padding)
    {
        if (transposed) throw new ArgumentException("Cannot set padding type on ConvTransposeND");
        this.padding = null;
        padding_type = padding;
        _reversed_padding_repeated_twice = new long[2 * kernel_size.Length];
        if (padding != Padding.Same) return;
        if (stride.Any(step => step != 1)) throw new ArgumentException("padding='same' is not supported for strided convolutions");
        // As in TorchSharp the pairs are in the kernel's order here, not reversed: for kernels of unequal sides that isn't what PyTorch does.
        for (var i = 0; i < kernel_size.Length; i++)
        {
            var total = dilation[i] * (kernel_size[i] - 1);
            _reversed_padding_repeated_twice[2 * i] = total / 2;
            _reversed_padding_repeated_twice[2 * i + 1] = total - total / 2;
        }
    }

    /// <summary>Whether the input has the right channels, with or without a batch dimension.</summary>
    protected bool ValidateShape(Tensor input, long dimensions)
    {
        var shape = input.shape;
        return shape.Length == dimensions + 2 && shape[1] == in_channels || shape.Length == dimensions + 1 && shape[0] == in_channels;
    }

    private protected void RequireShape(Tensor input, int dimensions)
    {
        if (!ValidateShape(input, dimensions))
            throw new ArgumentException($"Expected {dimensions + 1}D (unbatched) or {dimensions + 2}D (batched) input with {in_channels} channels to {GetName()}.");
    }

    /// <summary>The forward pass of Conv1d to Conv3d, given the operator that pads by size and the one that pads by name.</summary>
    private protected Tensor Convolve(Tensor input, int dimensions, Operator bySize, Operator byName)
    {
        RequireShape(input, dimensions);
        if (padding_mode != PaddingModes.Zeros)
        {
            using var padded = F.pad(input, _reversed_padding_repeated_twice, padding_mode);
            return bySize.Call(padded, weight, bias, stride, new long[dimensions], dilation, groups);
        }
        return padding_type is { } type
            ? byName.Call(input, weight, bias, stride, type == Padding.Same ? "same" : "valid", dilation, groups)
            : bySize.Call(input, weight, bias, stride, padding, dilation, groups);
    }
}

/// <summary>What the transposed convolutions share: an output size that can be asked for.</summary>
public abstract class ConvolutionTranspose : Convolution
{
    protected ConvolutionTranspose(string name, long in_channels, long out_channels, long[] kernel_size, long[] stride, long[]? padding, Padding? padding_type, long[] dilation, bool transposed, long[] output_padding, long groups, bool bias, PaddingModes padding_mode, Device? device = null, ScalarType? dtype = null)
        : base(name, in_channels, out_channels, kernel_size, stride, padding, padding_type, dilation, transposed, output_padding, groups, bias, padding_mode, device, dtype)
    {
    }

    public override Tensor forward(Tensor input) => forward(input, null);

    public abstract Tensor forward(Tensor input, long[]? output_size);

    /// <summary>The output padding that gives <paramref name="output_size"/>. Without one it is, as in TorchSharp, the first element of the module's own.</summary>
    protected long[] _output_padding(Tensor input, long[]? output_size, long[] kernel_size, long[] stride, long[] padding, long[] dilation, long num_spatial_dims)
    {
        if (output_size is null) return [output_padding[0]];
        var rank = (int)num_spatial_dims;
        var leading = input.ndim == rank + 2 ? 2 : 1;
        var wanted = output_size.Length == leading + rank ? output_size[leading..] : output_size;
        if (wanted.Length != rank)
            throw new ArgumentException($"ConvTranspose{rank}D: for {input.ndim}D input, output_size must have {rank} or {leading + rank} elements (got {output_size.Length})", nameof(input));
        var extra = new long[rank];
        for (var d = 0; d < rank; d++)
        {
            var smallest = (input.shape[d + leading] - 1) * stride[d] - 2 * padding[d] + dilation[d] * (kernel_size[d] - 1) + 1;
            extra[d] = wanted[d] - smallest;
            if (extra[d] < 0 || extra[d] >= stride[d])
                throw new ArgumentException($"Requested an output size of {string.Join(" x ", wanted)}, but valid sizes of dimension {d} range from {smallest} to {smallest + stride[d] - 1}");
        }
        return extra;
    }

    private protected Tensor Convolve(Tensor input, long[]? output_size, int dimensions, Operator op)
    {
        RequireShape(input, dimensions);
        var extra = _output_padding(input, output_size, kernel_size, stride, padding!, dilation, dimensions);
        return op.Call(input, weight, bias, stride, padding, extra, groups, dilation);
    }
}
