// A shape as a value.

using System.Collections;

namespace TorchSharp;

public static partial class torch
{
    public struct Size : IEnumerable<long>
    {
        private readonly long[] lengths;

        public static Size Empty = new(Array.Empty<long>());

        public Size(long[] shape) => lengths = shape;
        public Size(IEnumerable<long> shape) => lengths = [.. shape];
        public Size(int[] shape) => lengths = Array.ConvertAll(shape, i => (long)i);
        public Size(long size) => lengths = [size];
        public Size((long, long) size) => lengths = [size.Item1, size.Item2];
        public Size((long, long, long) size) => lengths = [size.Item1, size.Item2, size.Item3];
        public Size((long, long, long, long) size) => lengths = [size.Item1, size.Item2, size.Item3, size.Item4];
        public Size((long, long, long, long, long) size) => lengths = [size.Item1, size.Item2, size.Item3, size.Item4, size.Item5];
        public Size((long, long, long, long, long, long) size) => lengths = [size.Item1, size.Item2, size.Item3, size.Item4, size.Item5, size.Item6];
        public Size(int size) => lengths = [size];
        public Size((int, int) size) => lengths = [size.Item1, size.Item2];
        public Size((int, int, int) size) => lengths = [size.Item1, size.Item2, size.Item3];
        public Size((int, int, int, int) size) => lengths = [size.Item1, size.Item2, size.Item3, size.Item4];
        public Size((int, int, int, int, int) size) => lengths = [size.Item1, size.Item2, size.Item3, size.Item4, size.Item5];
        public Size((int, int, int, int, int, int) size) => lengths = [size.Item1, size.Item2, size.Item3, size.Item4, size.Item5, size.Item6];

        public static implicit operator Size(long size) => new(size);
        public static implicit operator Size(long[] size) => new(size);
        public static implicit operator Size((long, long) size) => new(size);
        public static implicit operator Size((long, long, long) size) => new(size);
        public static implicit operator Size((long, long, long, long) size) => new(size);
        public static implicit operator Size((long, long, long, long, long) size) => new(size);
        public static implicit operator Size((long, long, long, long, long, long) size) => new(size);

        public long[] Shape => lengths;

        public int Length => lengths.Length;

        public bool IsEmpty => lengths.Length == 0;

        public bool IsScalar => IsEmpty;

        public long this[int idx] => lengths[idx];

        public long this[long idx] => lengths[idx];

        public static Size operator +(Size left, Size right) => new([.. left.lengths, .. right.lengths]);

        public static Size operator +(Size left, IEnumerable<long> right) => new([.. left.lengths, .. right]);

        // By reference, as in TorchSharp; Equals compares the numbers.
        public static bool operator ==(Size left, Size right) => left.lengths == right.lengths;

        public static bool operator !=(Size left, Size right) => left.lengths != right.lengths;

        public override bool Equals(object? obj) => obj is Size other && lengths.AsSpan().SequenceEqual(other.lengths);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            foreach (var length in lengths) hash.Add(length);
            return hash.ToHashCode();
        }

        public long numel()
        {
            var count = 1L;
            foreach (var length in lengths) count *= length;
            return count;
        }

        public Size Slice(int first, int next) => new(lengths[first..next]);

        public IEnumerable<long> Take(int i) => lengths.Take(i);

        public IEnumerator<long> GetEnumerator() => ((IEnumerable<long>)lengths).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => lengths.GetEnumerator();
    }
}
