// Typed access to a CPU tensor's elements, in the tensor's logical order whatever its strides are.

using System.Collections;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TorchSharp.Utils;

public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private Tensor? tensor;
    private T* data;

    internal TensorAccessor(Tensor tensor)
    {
        RequireCpu(tensor);
        this.tensor = tensor;
        data = (T*)tensor.DataPointer;
    }

    public long Count => tensor?.numel() ?? 0;

    public bool IsReadOnly => false;

    private Tensor Subject => tensor ?? throw new ObjectDisposedException(nameof(TensorAccessor<T>));

    public T this[params long[] indices]
    {
        get => data[Offset(indices)];
        set => data[Offset(indices)] = value;
    }

    public T[] ToArray()
    {
        var array = new T[Count];
        if (Subject.ndim < 2 && array.Length == 0) return array;
        CopyTo(array.AsSpan());
        return array;
    }

    public Array ToNDArray()
    {
        var shape = Subject.shape;
        if (shape.Length == 0) return new[] { *data };
        var array = Array.CreateInstance(typeof(T), shape);
        if (array.Length == 0) return array;
        ref var first = ref Unsafe.As<byte, T>(ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(array));
        CopyTo(System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref first, array.Length));
        return array;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        RequireStart(tensorIndex);
        var room = (int)Math.Min(array.Length - arrayIndex, Count - tensorIndex);
        if (Subject.is_contiguous())
        {
            new ReadOnlySpan<T>(data + tensorIndex, room).CopyTo(array[arrayIndex..]);
            return;
        }

        var walk = new Walk(Subject, tensorIndex);
        for (var i = 0; i < room; i++) array[arrayIndex + i] = data[walk.Next()];
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        RequireStart(tensorIndex);
        var count = (int)Math.Min(array.Length - arrayIndex, Count - tensorIndex);
        if (Subject.is_contiguous())
        {
            array.Slice(arrayIndex, count).CopyTo(new Span<T>(data + tensorIndex, count));
            return;
        }

        var walk = new Walk(Subject, tensorIndex);
        for (var i = 0; i < count; i++) data[walk.Next()] = array[arrayIndex + i];
    }

    public IEnumerator<T> GetEnumerator()
    {
        var count = Count;
        if (count == 0) yield break;
        var walk = new Walk(Subject, 0);
        for (var i = 0L; i < count; i++) yield return Read(walk.Next());
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
        tensor = null;
        data = null;
    }

    public override bool Equals(object? obj) => obj is TensorAccessor<T> other && this == other;

    public override int GetHashCode() => tensor?.GetHashCode() ?? 0;

    public static bool operator ==(TensorAccessor<T> left, TensorAccessor<T> right) => left.Count == right.Count && left.SequenceEqual(right);

    public static bool operator !=(TensorAccessor<T> left, TensorAccessor<T> right) => !(left == right);

    internal static T ReadItemAt(Tensor tensor, long index)
    {
        RequireCpu(tensor);
        tensor.ValidateType(typeof(T));
        return new TensorAccessor<T>(tensor)[index];
    }

    private T Read(long offset) => data[offset];

    // One index counts through all elements in logical order; several name one element.
    private long Offset(long[] indices)
    {
        var subject = Subject;
        if (indices.Length == 1 && subject.ndim != 1)
        {
            RequireElement(indices[0]);
            return subject.is_contiguous() ? indices[0] : new Walk(subject, indices[0]).Next();
        }

        var shape = subject.shape;
        var strides = subject.stride();
        if (indices.Length != shape.Length && shape.Length != 0) throw new IndexOutOfRangeException($"{indices.Length} indices for {shape.Length} dimensions.");
        var offset = 0L;
        for (var i = 0; i < shape.Length; i++)
        {
            if (indices[i] < 0 || indices[i] >= shape[i]) throw new IndexOutOfRangeException($"{indices[i]} >= {shape[i]} in dimension {i}.");
            offset += indices[i] * strides[i];
        }

        return offset;
    }

    private void RequireStart(long index)
    {
        if (index < 0 || index >= Count) throw new ArgumentOutOfRangeException(nameof(index));
    }

    private void RequireElement(long index)
    {
        if (index >= Count) throw new IndexOutOfRangeException();
        if (index < 0) throw new ArgumentOutOfRangeException(nameof(index));
    }

    private static void RequireCpu(Tensor tensor)
    {
        if (tensor.device_type != DeviceType.CPU)
            throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
    }

    // Walks through a strided tensor in logical order, giving each element's place in memory.
    private struct Walk
    {
        private readonly long[] shape;
        private readonly long[] strides;
        private readonly long[] position;
        private long offset;

        public Walk(Tensor tensor, long start)
        {
            shape = tensor.shape;
            strides = tensor.stride();
            position = new long[shape.Length];
            for (var i = shape.Length - 1; i >= 0; i--)
            {
                start = Math.DivRem(start, shape[i], out position[i]);
                offset += position[i] * strides[i];
            }
        }

        public long Next()
        {
            var current = offset;
            for (var i = shape.Length - 1; i >= 0; i--)
            {
                offset += strides[i];
                if (++position[i] < shape[i]) break;
                offset -= shape[i] * strides[i];
                position[i] = 0;
            }

            return current;
        }
    }
}
