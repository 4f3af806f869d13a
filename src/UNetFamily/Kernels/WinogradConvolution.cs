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
    // Half of the last cache of a small machine for a part of the map, and half of that for weights.
    private const long WorkingBytes = 8 << 20, WeightBytes = 4 << 20;

    // Inputs whose weights one thread transforms at once.
    private const int Chunk = 32;

    private readonly int inputs, outputs, taps;
    private readonly float* kernels;
    private readonly float* bias;

    /// <summary>Lays the weights out so that those of 16 outputs lie together: (out / 16, taps, in, 9, 16). Transformed they would be four times as large, so that is done when they are used.</summary>
    /// <param name="weights">(out, in, 3, 3) or (out, in, taps, 3, 3), float32 on the CPU, with channels in multiples of 16.</param>
    /// <param name="bias">(out); null for none.</param>
    public WinogradConvolution(Tensor weights, Tensor? bias)
    {
        var shape = weights.shape;
        (outputs, inputs, taps) = ((int)shape[0], (int)shape[1], shape.Length == 5 ? (int)shape[2] : 1);
        kernels = PanelProduct.Allocate((long)outputs * inputs * taps * WinogradTiles.Kernel);
        var ofGroup = PanelProduct.Lanes * inputs * taps * WinogradTiles.Kernel;
        for (var group = 0; group < outputs / PanelProduct.Lanes; group++)
        {
            using var scope = NewDisposeScope();
            var grouped = weights.narrow(0, group * PanelProduct.Lanes, PanelProduct.Lanes).reshape([PanelProduct.Lanes, inputs, taps, WinogradTiles.Kernel]).permute(2, 1, 3, 0).contiguous();
            MemoryMarshal.Cast<byte, float>(grouped.bytes).CopyTo(new Span<float>(kernels + ((nint)group * ofGroup), ofGroup));
        }
        this.bias = PanelProduct.Allocate(outputs);
        new Span<float>(this.bias, outputs).Clear();
        if (bias is not null) MemoryMarshal.Cast<byte, float>(bias.bytes).CopyTo(new Span<float>(this.bias, outputs));
    }

    /// <summary>Whether a convolution can be computed so.</summary>
    public static bool Takes(Convolution conv, Tensor weights) =>
        conv is TorchSharp.Modules.Conv2d or TorchSharp.Modules.Conv3d && conv.groups == 1 && weights.dtype is ScalarType.Float32 && weights.device_type is DeviceType.CPU
        && conv.in_channels % PanelProduct.Lanes == 0 && conv.out_channels % PanelProduct.Lanes == 0
        && conv.kernel_size.AsSpan()[^2..].SequenceEqual([3, 3]) && conv.kernel_size[0] % 2 == 1
        && conv.stride.All(step => step == 1) && conv.dilation.All(step => step == 1);

    /// <summary>Convolves a sample.</summary>
    /// <param name="x">Maps (…spatial, channels) that are taken as one.</param>
    /// <param name="channels">The channels of each, in multiples of 16.</param>
    /// <param name="y">(…spatial, out).</param>
    /// <param name="sides">The spatial sides of all: (H, W) or (D, H, W).</param>
    /// <param name="rectifier">What is applied to the result.</param>
    /// <param name="crew">Who works.</param>
    public void Run(nint[] x, int[] channels, nint y, ReadOnlySpan<long> sides, Rectifier rectifier, Crew crew) =>
        new Pass(this, crew, x, channels, (float*)y, sides.Length == 3 ? (int)sides[0] : 1, (int)sides[^2], (int)sides[^1], rectifier).Run();

    public void Dispose()
    {
        NativeMemory.AlignedFree(kernels);
        NativeMemory.AlignedFree(bias);
    }

    /// <summary>One sample: planes in parts, each transformed, multiplied and transformed back; the weights in groups of panels.</summary>
    private readonly struct Pass
    {
        private readonly WinogradConvolution owner;
        private readonly nint[] maps;
        private readonly int[] channels;
        private readonly float* output;
        private readonly Rectifier rectifier;
        private readonly Crew crew;
        private readonly int depth, height, width, across, down;
        private readonly int planesPerPart, rowsPerPart, columnsPerGroup;

        public Pass(WinogradConvolution owner, Crew crew, nint[] maps, int[] channels, float* output, int depth, int height, int width, Rectifier rectifier)
        {
            (this.owner, this.crew, this.maps, this.channels, this.depth, this.height, this.width, this.rectifier) = (owner, crew, maps, channels, depth, height, width, rectifier);
            this.output = output;
            (across, down) = ((width + WinogradTiles.Side - 1) / WinogradTiles.Side, (height + WinogradTiles.Side - 1) / WinogradTiles.Side);
            var row = (long)across * WinogradTiles.Products * (owner.inputs + owner.outputs) * sizeof(float);
            rowsPerPart = (int)Math.Clamp(WorkingBytes / (row * owner.taps), 1, down);
            planesPerPart = rowsPerPart < down ? 1 : (int)Math.Clamp((WorkingBytes / (row * down)) - owner.taps + 1, 1, depth);
            var panel = (long)WinogradTiles.Products * owner.taps * owner.inputs * PanelProduct.Columns * sizeof(float);
            columnsPerGroup = (int)Math.Min(Math.Max(WeightBytes / panel, 1) * PanelProduct.Columns, owner.outputs);
        }

        public void Run()
        {
            var tiles = rowsPerPart * across;
            var (rowsOut, rowsIn) = (PanelProduct.Padded(planesPerPart * tiles), PanelProduct.Padded(planesPerPart * tiles) + ((owner.taps - 1) * tiles));
            var space = new Workspace(Apart((long)rowsIn * owner.inputs), Apart((long)owner.taps * owner.inputs * columnsPerGroup), Apart((long)rowsOut * owner.outputs));
            try
            {
                for (var plane = 0; plane < depth; plane += planesPerPart)
                    for (var row = 0; row < down; row += rowsPerPart)
                        new Part(this, space, plane, Math.Min(planesPerPart, depth - plane), row, Math.Min(rowsPerPart, down - row)).Run();
            }
            finally
            {
                space.Free();
            }
        }

        /// <summary>Lays out the transformed weights of a chunk of the inputs of all taps for 16 outputs of a group.</summary>
        private void TransformWeights(Workspace space, int group, int columns, int block, int chunk)
        {
            var (rows, first) = (owner.taps * owner.inputs, chunk * Chunk);
            var from = owner.kernels + ((((nint)(group / PanelProduct.Lanes) + block) * rows) + first) * WinogradTiles.Kernel * PanelProduct.Lanes;
            var panel = block * PanelProduct.Lanes / PanelProduct.Columns * PanelProduct.Columns;
            var wide = Math.Min(PanelProduct.Columns, columns - panel);
            var to = space.Weights + PanelProduct.Place(first, block * PanelProduct.Lanes, rows, columns);
            for (var row = first; row < Math.Min(first + Chunk, rows); row++, from += WinogradTiles.Kernel * PanelProduct.Lanes, to += wide) WinogradTiles.OfKernel(from, to, space.StepWeights);
        }

        // An odd number of cache lines: steps of a power of two would send all 36 products of a tile to the same few places of the cache.
        private static nint Apart(long numbers) => (nint)((numbers / PanelProduct.Lanes | 1) * PanelProduct.Lanes);

        /// <summary>What the 36 products of a part work on, each a step further than the one before.</summary>
        private readonly struct Workspace(nint stepIn, nint stepWeights, nint stepOut)
        {
            public readonly float* Input = PanelProduct.Allocate(WinogradTiles.Products * (long)stepIn);
            public readonly float* Weights = PanelProduct.Allocate(WinogradTiles.Products * (long)stepWeights);
            public readonly float* Output = PanelProduct.Allocate(WinogradTiles.Products * (long)stepOut);
            public readonly nint StepIn = stepIn, StepWeights = stepWeights, StepOut = stepOut;

            public void Free()
            {
                NativeMemory.AlignedFree(Input);
                NativeMemory.AlignedFree(Weights);
                NativeMemory.AlignedFree(Output);
            }
        }

        /// <summary>Some rows of tiles of some planes.</summary>
        private readonly struct Part(Pass pass, Workspace space, int plane, int planes, int row, int rows)
        {
            public void Run()
            {
                var (self, owner, all, works) = (this, pass.owner, pass, space);
                var tiles = rows * pass.across;
                var reach = owner.taps / 2;
                pass.crew.Do((planes + (2 * reach)) * rows, at => self.Transform(self.Plane(at, reach), at));
                for (var group = 0; group < owner.outputs; group += pass.columnsPerGroup)
                {
                    var (first, columns) = (group, Math.Min(pass.columnsPerGroup, owner.outputs - group));
                    // A lone group stays from one part to the next.
                    if (columns < owner.outputs || (plane == 0 && row == 0))
                    {
                        var chunks = ((owner.taps * owner.inputs) + Chunk - 1) / Chunk;
                        pass.crew.Do(columns / PanelProduct.Lanes * chunks, at => all.TransformWeights(works, first, columns, at / chunks, at % chunks));
                    }
                    pass.crew.Do(WinogradTiles.Products, product => PanelProduct.Multiply(self.Transformed(product, 0), owner.inputs, (nint)tiles * owner.inputs,
                        works.Weights + (product * works.StepWeights), self.Product(product, 0) + first, owner.outputs, PanelProduct.Padded(self.Tiles), owner.taps, owner.inputs, columns));
                }
                pass.crew.Do(planes * rows, self.TransformBack);
            }

            private int Tiles => planes * rows * pass.across;

            private int Plane(int at, int reach) => plane + (at / rows) - reach;

            private float* Transformed(int product, int tile) => space.Input + (product * space.StepIn) + ((nint)tile * pass.owner.inputs);

            private float* Product(int product, int tile) => space.Output + (product * space.StepOut) + ((nint)tile * pass.owner.outputs);

            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private void Transform(int z, int at)
            {
                var (width, height) = (pass.width, pass.height);
                var tile = stackalloc Vector512<float>[WinogradTiles.Products];
                var top = ((row + (at % rows)) * WinogradTiles.Side) - 1;
                for (var x = 0; x < pass.across; x++)
                {
                    var left = (x * WinogradTiles.Side) - 1;
                    var whole = z >= 0 && z < pass.depth && top >= 0 && left >= 0 && top + WinogradTiles.Reach <= height && left + WinogradTiles.Reach <= width;
                    var to = Transformed(0, (at * pass.across) + x);
                    for (var map = 0; map < pass.maps.Length; map++)
                    {
                        var inputs = pass.channels[map];
                        var from = (float*)pass.maps[map] + (((((nint)z * height) + top) * width + left) * inputs);
                        for (var channel = 0; channel < inputs; channel += PanelProduct.Lanes, from += PanelProduct.Lanes, to += PanelProduct.Lanes)
                        {
                            for (var i = 0; i < WinogradTiles.Reach; i++)
                            {
                                for (var j = 0; j < WinogradTiles.Reach; j++)
                                {
                                    var inside = whole || (z >= 0 && z < pass.depth && top + i >= 0 && top + i < height && left + j >= 0 && left + j < width);
                                    tile[(i * WinogradTiles.Reach) + j] = inside ? Vector512.Load(from + ((((nint)i * width) + j) * inputs)) : default;
                                }
                            }
                            WinogradTiles.OfInput(tile, to, space.StepIn);
                        }
                    }
                }
            }

            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private void TransformBack(int at)
            {
                var (outputs, width, height, rectifier) = (pass.owner.outputs, pass.width, pass.height, pass.rectifier);
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
                        WinogradTiles.OfProducts(from + channel, space.StepOut, tile);
                        var shift = Vector512.Load(pass.owner.bias + channel);
                        for (var i = 0; i < high; i++)
                            for (var j = 0; j < wide; j++) rectifier.Of(tile[(i * WinogradTiles.Reach) + j] + shift).Store(corner + channel + ((((nint)i * width) + j) * outputs));
                    }
                }
            }
        }
    }
}
