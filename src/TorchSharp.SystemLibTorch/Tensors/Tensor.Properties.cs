// What a tensor is: its element type, sizes, strides, place and flags.

using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        private static readonly Operator isNonzero = new("aten::is_nonzero");

        public ScalarType dtype
        {
            get
            {
                var type = (ScalarType)Native.tensor_dtype(Handle);
                GC.KeepAlive(this);
                return type;
            }
        }

        public long Dimensions
        {
            get
            {
                var count = Native.tensor_dim(Handle);
                GC.KeepAlive(this);
                return count;
            }
        }

        public long NumberOfElements
        {
            get
            {
                var count = Native.tensor_numel(Handle);
                GC.KeepAlive(this);
                return count;
            }
        }

        public long ElementSize
        {
            get
            {
                var size = Native.tensor_element_size(Handle);
                GC.KeepAlive(this);
                return size;
            }
        }

        public long dim() => Dimensions;

        public long ndim => Dimensions;

        public long numel() => NumberOfElements;

        public long element_size() => ElementSize;

        public long[] shape => size();

        public unsafe long[] size()
        {
            var sizes = new long[Dimensions];
            fixed (long* first = sizes) Native.Check(Native.tensor_sizes(Handle, first));
            GC.KeepAlive(this);
            return sizes;
        }

        public unsafe long size(int dim)
        {
            var rank = (int)Dimensions;
            Span<long> sizes = stackalloc long[Math.Max(rank, 1)];
            fixed (long* first = sizes) Native.Check(Native.tensor_sizes(Handle, first));
            GC.KeepAlive(this);
            return sizes[Axis(dim, rank)];
        }

        public unsafe long[] stride()
        {
            var strides = new long[Dimensions];
            fixed (long* first = strides) Native.Check(Native.tensor_strides(Handle, first));
            GC.KeepAlive(this);
            return strides;
        }

        public long stride(int dim) => stride()[Axis(dim, (int)Dimensions)];

        public long storage_offset() => Property(TensorProperty.StorageOffset);

        public DeviceType device_type => (DeviceType)(DeviceBits >> 32);

        public int device_index => (int)DeviceBits;

        public Device device => new(device_type, device_type == DeviceType.CPU ? -1 : device_index);

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_meta => device_type == DeviceType.META;

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_sparse => Flag(TensorProperty.IsSparse);

        public bool is_leaf => Flag(TensorProperty.IsLeaf);

        public bool is_contiguous() => Flag(TensorProperty.IsContiguous);

        public bool is_pinned() => Flag(TensorProperty.IsPinned);

        public bool is_conj() => Flag(TensorProperty.IsConj);

        public bool is_neg() => Flag(TensorProperty.IsNeg);

        public bool is_quantized() => Flag(TensorProperty.IsQuantized);

        public bool is_integral() => torch.is_integral(dtype);

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_complex() => torch.is_complex(dtype);

        public bool is_nonzero() =>
            numel() == 1 ? isNonzero.CallBool(this) : throw new InvalidOperationException("is_nonzero() called on non-singleton tensor");

        private long DeviceBits
        {
            get
            {
                var bits = Native.tensor_device(Handle);
                GC.KeepAlive(this);
                return bits;
            }
        }

        private long Property(TensorProperty property)
        {
            var value = Native.tensor_property(Handle, property);
            GC.KeepAlive(this);
            return value != long.MinValue ? value : throw Native.Error();
        }

        private bool Flag(TensorProperty property) => Property(property) != 0;

        private static int Axis(int dim, int rank) =>
            dim >= -rank && dim < rank
                ? dim < 0 ? dim + rank : dim
                : throw new System.Runtime.InteropServices.ExternalException(
                    rank == 0
                        ? "Dimension specified as " + dim + " but tensor has no dimensions"
                        : $"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {dim})");
    }

    public static bool is_integral(ScalarType type) =>
        type is ScalarType.Byte or ScalarType.Int8 or ScalarType.Int16 or ScalarType.Int32 or ScalarType.Int64 or ScalarType.Bool;

    public static bool is_floating_point(ScalarType type) =>
        type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;

    public static bool is_complex(ScalarType type) => type is ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64;

    public static bool is_quantized(ScalarType type) => type is ScalarType.QInt8 or ScalarType.QUInt8 or ScalarType.QInt32;

    public static bool is_integral(Tensor t) => t.is_integral();

    public static bool is_floating_point(Tensor input) => input.is_floating_point();

    public static bool is_complex(Tensor input) => input.is_complex();

    public static bool is_nonzero(Tensor input) => input.is_nonzero();

    public static bool is_tensor(object obj) => obj is Tensor;
}
