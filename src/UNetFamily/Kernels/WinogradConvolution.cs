using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// A convolution with a kernel of 3 x 3, or of 3 x 3 x 3 and the like, stride 1 and padding that keeps the sides, of float32 maps with the channels last in memory. Planes are filtered by Winograd's F(4x4, 3x3); the
/// planes of a volume that a kernel reaches are summed among the products. Parts of the map go through so that what they need stays in cache.
/// </summary>
internal sealed unsafe class WinogradConvolution : IDisposable
{
    // Half of the last cache of a small machine.
    private const long WorkingBytes = 8 << 20;

    private readonly int inputs, outputs, taps;
    private readonly float* kernel;
    private readonly float* bias;

    /// <summary>Transforms the weights.</summary>
    /// <param name="weights">(out, in, 3, 3) or (out, in, taps, 3, 3), float32 on the CPU, with channels in multiples of 16.</param>
    /// <param name="bias">(out); null for none.</param>
    public WinogradConvolution(Tensor weights, Tensor? bias)
    {
        var shape = weights.shape;
        (outputs, inputs, taps) = ((int)shape[0], (int)shape[1], shape.Length == 5 ? (int)shape[2] : 1);
        using var dense = weights.contiguous();
        var numbers = MemoryMarshal.Cast<byte, float>(dense.bytes);
        var (rows, product) = ((long)taps * inputs, (long)taps * inputs * outputs);
        kernel = Allocate(WinogradTiles.Products * product);
        this.bias = Allocate(outputs);
        new Span<float>(this.bias, outputs).Clear();
        if (bias is not null) MemoryMarshal.Cast<byte, float>(bias.bytes).CopyTo(new Span<float>(this.bias, outputs));

        Span<double> transformed = stackalloc double[WinogradTiles.Products];
        for (var o = 0; o < outputs; o++)
        {
            for (var i = 0; i < inputs; i++)
            {
                for (var tap = 0; tap < taps; tap++)
                {
                    WinogradTiles.OfKernel(numbers.Slice((((o * inputs) + i) * taps + tap) * 9, 9), transformed);
                    var place = PanelProduct.Place(((long)tap * inputs) + i, o, rows, outputs);
                    for (var p = 0; p < WinogradTiles.Products; p++) kernel[(p * product) + place] = (float)transformed[p];
                }
            }
        }
    }

    /// <summary>Whether a convolution can be computed so.</summary>
    public static bool Takes(Convolution conv, Tensor weights) =>
        conv is TorchSharp.Modules.Conv2d or TorchSharp.Modules.Conv3d && conv.groups == 1 && weights.dtype is ScalarType.Float32 && weights.device_type is DeviceType.CPU
        && conv.in_channels % PanelProduct.Lanes == 0 && conv.out_channels % PanelProduct.Lanes == 0
        && conv.kernel_size.AsSpan()[^2..].SequenceEqual([3, 3]) && conv.kernel_size[0] % 2 == 1
        && conv.stride.All(step => step == 1) && conv.dilation.All(step => step == 1);

    /// <summary>Convolves.</summary>
    /// <param name="x">(N, C, …spatial), float32 on the CPU, channels last in memory.</param>
    /// <returns>(N, out, …spatial), channels last in memory.</returns>
    public Tensor Run(Tensor x)
    {
        var shape = x.shape;
        var volume = shape.Length == 5;
        var (samples, depth, height, width) = ((int)shape[0], volume ? (int)shape[2] : 1, (int)shape[^2], (int)shape[^1]);
        using var positions = x.movedim([1], [-1]);
        using var result = empty([samples, .. shape[2..], outputs], ScalarType.Float32);
        using var crew = new Crew();
        fixed (byte* from = positions.bytes, to = result.bytes)
        {
            for (var sample = 0; sample < samples; sample++)
                new Pass(this, crew, (float*)from + ((nint)sample * depth * height * width * inputs), (float*)to + ((nint)sample * depth * height * width * outputs), depth, height, width).Run();
        }
        return result.movedim([-1], [1]);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(kernel);
        NativeMemory.AlignedFree(bias);
    }

    private static float* Allocate(long numbers) => (float*)NativeMemory.AlignedAlloc(checked((nuint)numbers * sizeof(float)), 64);

    /// <summary>One sample: planes in parts, each transformed, multiplied and transformed back.</summary>
    private readonly struct Pass
    {
        private readonly WinogradConvolution owner;
        private readonly float* input;
        private readonly float* output;
        private readonly Crew crew;
        private readonly int depth, height, width, across, down;
        private readonly int planesPerPart, rowsPerPart;

        public Pass(WinogradConvolution owner, Crew crew, float* input, float* output, int depth, int height, int width)
        {
            (this.owner, this.crew, this.depth, this.height, this.width) = (owner, crew, depth, height, width);
            this.input = input;
            this.output = output;
            (across, down) = ((width + WinogradTiles.Side - 1) / WinogradTiles.Side, (height + WinogradTiles.Side - 1) / WinogradTiles.Side);
            var row = (long)across * WinogradTiles.Products * (owner.inputs + owner.outputs) * sizeof(float);
            rowsPerPart = (int)Math.Clamp(WorkingBytes / (row * owner.taps), 1, down);
            planesPerPart = rowsPerPart < down ? 1 : (int)Math.Clamp((WorkingBytes / (row * down)) - owner.taps + 1, 1, depth);
        }

        public void Run()
        {
            var tiles = rowsPerPart * across;
            var (rowsOut, rowsIn) = (Padded(planesPerPart * tiles), Padded(planesPerPart * tiles) + ((owner.taps - 1) * tiles));
            var (stepIn, stepOut) = (Apart((long)rowsIn * owner.inputs), Apart((long)rowsOut * owner.outputs));
            var transformed = Allocate(WinogradTiles.Products * (long)stepIn);
            var products = Allocate(WinogradTiles.Products * (long)stepOut);
            try
            {
                for (var plane = 0; plane < depth; plane += planesPerPart)
                    for (var row = 0; row < down; row += rowsPerPart)
                        new Part(this, transformed, products, stepIn, stepOut, plane, Math.Min(planesPerPart, depth - plane), row, Math.Min(rowsPerPart, down - row)).Run();
            }
            finally
            {
                NativeMemory.AlignedFree(transformed);
                NativeMemory.AlignedFree(products);
            }
        }

        private static int Padded(int rows) => (rows + PanelProduct.Rows - 1) / PanelProduct.Rows * PanelProduct.Rows;

        // An odd number of cache lines: steps of a power of two would send all 36 products of a tile to the same few places of the cache.
        private static nint Apart(long numbers) => (nint)((numbers / PanelProduct.Lanes | 1) * PanelProduct.Lanes);

        /// <summary>Some rows of tiles of some planes.</summary>
        private readonly struct Part(Pass pass, float* transformed, float* products, nint stepIn, nint stepOut, int plane, int planes, int row, int rows)
        {
            public void Run()
            {
                var (self, owner) = (this, pass.owner);
                var tiles = rows * pass.across;
                var reach = owner.taps / 2;
                pass.crew.Do((planes + (2 * reach)) * rows, at => self.Transform(self.Plane(at, reach), at));
                pass.crew.Do(WinogradTiles.Products, product => PanelProduct.Multiply(self.Transformed(product, 0), owner.inputs, (nint)tiles * owner.inputs,
                    owner.kernel + ((nint)product * owner.taps * owner.inputs * owner.outputs), self.Product(product, 0), owner.outputs, Padded(self.Tiles), owner.taps, owner.inputs, owner.outputs));
                pass.crew.Do(planes * rows, self.TransformBack);
            }

            private int Tiles => planes * rows * pass.across;

            private int Plane(int at, int reach) => plane + (at / rows) - reach;

            private float* Transformed(int product, int tile) => transformed + (product * stepIn) + ((nint)tile * pass.owner.inputs);

            private float* Product(int product, int tile) => products + (product * stepOut) + ((nint)tile * pass.owner.outputs);

            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private void Transform(int z, int at)
            {
                var (inputs, width, height) = (pass.owner.inputs, pass.width, pass.height);
                var tile = stackalloc Vector512<float>[WinogradTiles.Products];
                var top = ((row + (at % rows)) * WinogradTiles.Side) - 1;
                for (var x = 0; x < pass.across; x++)
                {
                    var left = (x * WinogradTiles.Side) - 1;
                    var whole = z >= 0 && z < pass.depth && top >= 0 && left >= 0 && top + WinogradTiles.Reach <= height && left + WinogradTiles.Reach <= width;
                    var to = Transformed(0, (at * pass.across) + x);
                    var corner = pass.input + (((((nint)z * height) + top) * width + left) * inputs);
                    for (var channel = 0; channel < inputs; channel += PanelProduct.Lanes)
                    {
                        var from = corner + channel;
                        for (var i = 0; i < WinogradTiles.Reach; i++)
                        {
                            for (var j = 0; j < WinogradTiles.Reach; j++)
                            {
                                var inside = whole || (z >= 0 && z < pass.depth && top + i >= 0 && top + i < height && left + j >= 0 && left + j < width);
                                tile[(i * WinogradTiles.Reach) + j] = inside ? Vector512.Load(from + ((((nint)i * width) + j) * inputs)) : default;
                            }
                        }
                        WinogradTiles.OfInput(tile, to + channel, stepIn);
                    }
                }
            }

            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private void TransformBack(int at)
            {
                var (outputs, width, height) = (pass.owner.outputs, pass.width, pass.height);
                var tile = stackalloc Vector512<float>[WinogradTiles.Products];
                var (z, top) = (plane + (at / rows), (row + (at % rows)) * WinogradTiles.Side);
                for (var x = 0; x < pass.across; x++)
                {
                    var left = x * WinogradTiles.Side;
                    var (high, wide) = (Math.Min(WinogradTiles.Side, height - top), Math.Min(WinogradTiles.Side, width - left));
                    var from = Product(0, (at * pass.across) + x);
                    var corner = pass.output + (((((nint)z * height) + top) * width + left) * outputs);
                    for (var channel = 0; channel < outputs; channel += PanelProduct.Lanes)
                    {
                        WinogradTiles.OfProducts(from + channel, stepOut, tile);
                        var shift = Vector512.Load(pass.owner.bias + channel);
                        for (var i = 0; i < high; i++)
                            for (var j = 0; j < wide; j++) (tile[(i * WinogradTiles.Reach) + j] + shift).Store(corner + channel + ((((nint)i * width) + j) * outputs));
                    }
                }
            }
        }
    }
}
