// From a tensor's memory to managed values and back.

using System.Numerics;
using TorchSharp.Interop;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            ValidateType(typeof(T));
            return new TensorAccessor<T>(device_type == DeviceType.CPU ? this : cpu());
        }

        public T item<T>() where T : unmanaged =>
            NumberOfElements == 1 ? data<T>()[0] : throw new ArgumentException("Number of elements in the tensor must be 1");

        public unsafe Scalar ToScalar()
        {
            Value value;
            var parts = stackalloc double[2];
            Native.Check(Native.tensor_item(Handle, parts, &value));
            GC.KeepAlive(this);
            return value.Tag == ArgTag.Complex ? new Complex(parts[0], parts[1]) : value.ToScalar();
        }

        public double ReadCpuDouble(long i) => TensorAccessor<double>.ReadItemAt(this, i);

        public float ReadCpuSingle(long i) => TensorAccessor<float>.ReadItemAt(this, i);

        public int ReadCpuInt32(long i) => TensorAccessor<int>.ReadItemAt(this, i);

        public long ReadCpuInt64(long i) => TensorAccessor<long>.ReadItemAt(this, i);

        public byte ReadCpuByte(long i) => TensorAccessor<byte>.ReadItemAt(this, i);

        public sbyte ReadCpuSByte(long i) => TensorAccessor<sbyte>.ReadItemAt(this, i);

        public short ReadCpuInt16(long i) => TensorAccessor<short>.ReadItemAt(this, i);

        public bool ReadCpuBool(long i) => TensorAccessor<bool>.ReadItemAt(this, i);

        public float ReadCpuFloat16(long i) => (float)TensorAccessor<Half>.ReadItemAt(this, i);

        public float ReadCpuBFloat16(long i) => (float)TensorAccessor<BFloat16>.ReadItemAt(this, i);

        public T ReadCpuValue<T>(long i) where T : unmanaged => TensorAccessor<T>.ReadItemAt(this, i);

        public Span<byte> bytes
        {
            get
            {
                var size = NumberOfElements * ElementSize;
                RequireReadable(size);
                return Bytes(size);
            }

            set
            {
                var size = NumberOfElements * ElementSize;
                if (!is_contiguous()) throw new InvalidOperationException("SetBytes() called on non-contiguous tensor.");
                if (size != value.Length) throw new ArgumentException("Mismatched data sizes in SetBytes().");
                value.CopyTo(Bytes(size));
            }
        }

        public void WriteBytesToStream(Stream stream, int bufferSize = 1024)
        {
            RequireReadable(0);
            var left = NumberOfElements * ElementSize;
            for (var at = 0L; left > 0;)
            {
                var count = (int)Math.Min(left, Math.Max(bufferSize, 1 << 20));
                stream.Write(Bytes(count, at));
                at += count;
                left -= count;
            }
        }

        public void ReadBytesFromStream(Stream stream, int bufferSize = 1024)
        {
            RequireReadable(0);
            var left = NumberOfElements * ElementSize;
            for (var at = 0L; left > 0;)
            {
                var count = (int)Math.Min(left, Math.Max(bufferSize, 1 << 20));
                stream.ReadExactly(Bytes(count, at));
                at += count;
                left -= count;
            }
        }

        internal unsafe void* DataPointer
        {
            get
            {
                var data = Native.tensor_data(Handle);
                return data is not null || numel() == 0 ? data : throw Native.Error();
            }
        }

        internal void ValidateType(Type type)
        {
            var wanted = dtype switch
            {
                ScalarType.Byte => typeof(byte),
                ScalarType.Int8 => typeof(sbyte),
                ScalarType.Int16 => typeof(short),
                ScalarType.Int32 => typeof(int),
                ScalarType.Int64 => typeof(long),
                ScalarType.Bool => typeof(bool),
                ScalarType.Float16 => typeof(Half),
                ScalarType.BFloat16 => typeof(BFloat16),
                ScalarType.Float32 => typeof(float),
                ScalarType.Float64 => typeof(double),
                ScalarType.ComplexFloat32 => typeof((float, float)),
                ScalarType.ComplexFloat64 => typeof(Complex),
                _ => type,
            };
            if (type != wanted) throw new ArgumentException($"{type.Name} is not compatible with {dtype}");
        }

        // Nothing keeps the tensor alive for as long as the span is used; that is the caller's part, as in TorchSharp.
        private unsafe Span<byte> Bytes(long count, long start = 0) => new((byte*)DataPointer + start, (int)count);

        private void RequireReadable(long size)
        {
            if (!is_contiguous()) throw new InvalidOperationException("Bytes() called on non-contiguous tensor.");
            if (size > int.MaxValue) throw new ArgumentException("Span only supports up to int.MaxValue elements.");
            if (device_type != DeviceType.CPU)
                throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
        }
    }
}
