// Python's indexing: numbers, ranges and new axes make a view, index tensors and masks then pick from it.

using System.Runtime.CompilerServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => Aten.select_int.Call(this, 0, i1);
            set => Put([i1], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => Pick([i1, i2]);
            set => Put([i1, i2], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => Pick([i1, i2, i3]);
            set => Put([i1, i2, i3], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => Pick([i1, i2, i3, i4]);
            set => Put([i1, i2, i3, i4], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4, long i5]
        {
            get => Pick([i1, i2, i3, i4, i5]);
            set => Put([i1, i2, i3, i4, i5], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4, long i5, long i6]
        {
            get => Pick([i1, i2, i3, i4, i5, i6]);
            set => Put([i1, i2, i3, i4, i5, i6], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params long[] indices]
        {
            get => Pick(indices);
            set => Put(indices, value);
        }

        public Tensor index(params TensorIndex[] indices)
        {
            var (view, picked) = View(indices);
            if (picked is null) return Adopt(view);
            var result = Aten.index_Tensor.Call(view, picked);
            view.Forget(this);
            return result;
        }

        public Tensor index(params Tensor[] indices) => index(Wrap(indices));

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            var (view, picked) = View(indices);
            if (picked is null && accumulate)
                throw new ArgumentException("Invalid 'indices' parameter. Must be an array of TensorIndex objects containing tensors with indices that match the shape of the tensor to update");
            if (picked is null) Aten.copy_.CallInPlace(view, value);
            else Aten.index_put_.CallInPlace(view, picked, value, accumulate);
            view.Forget(this);
            return this;
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, Wrap(indices), false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false) => index_put_(value, Wrap(indices), accumulate);

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            var (view, picked) = View(indices);
            if (picked is null)
            {
                Aten.fill_Scalar_.CallInPlace(view, value);
            }
            else
            {
                using var number = full(Array.Empty<long>(), value, dtype, device);
                Aten.index_put_.CallInPlace(view, picked, number, false);
            }

            view.Forget(this);
            return this;
        }

        public Tensor index_put_(Scalar value, params Tensor[] indices) => index_put_(value, Wrap(indices));

        // Applies everything but index tensors and masks, and lists those by the dimension of the view that they pick from. The view may be this tensor.
        private (Tensor View, Tensor?[]? Picked) View(TensorIndex[] indices)
        {
            var rest = (int)Dimensions;
            foreach (var index in indices) rest -= Covers(index);

            var view = this;
            var dim = 0;
            var picked = new List<Tensor?>();
            var picks = false;
            foreach (var index in indices)
            {
                switch (index.kind)
                {
                    case TensorIndex.Kind.Single:
                        view = Step(view, Aten.select_int.CallTemporary(view, dim, index.start));
                        break;
                    case TensorIndex.Kind.Tensor when index.tensor is { Dimensions: 0 } number && torch.is_integral(number.dtype) && number.dtype != ScalarType.Bool:
                        view = Step(view, Aten.select_int.CallTemporary(view, dim, number.ToScalar().ToInt64()));
                        break;
                    case TensorIndex.Kind.Slice:
                        if (index.start is not null || index.stop is not null || index.step is not null)
                            view = Step(view, Aten.slice_Tensor.CallTemporary(view, dim, index.start, index.stop, index.step ?? 1));
                        picked.Add(null);
                        dim++;
                        break;
                    case TensorIndex.Kind.NewAxis:
                        view = Step(view, Aten.unsqueeze.CallTemporary(view, dim));
                        picked.Add(null);
                        dim++;
                        break;
                    case TensorIndex.Kind.Bool:
                        view = Step(view, Aten.unsqueeze.CallTemporary(view, dim));
                        picked.Add(zeros([index.start ?? 0], ScalarType.Int64, device));
                        picks = true;
                        dim++;
                        break;
                    case TensorIndex.Kind.Ellipsis:
                        for (var i = 0; i < rest; i++) picked.Add(null);
                        dim += rest;
                        rest = 0;
                        break;
                    default:
                        picked.Add(index.tensor);
                        picks = true;
                        dim += Covers(index);
                        break;
                }
            }

            return (view, picks ? [.. picked] : null);
        }

        // How many of the tensor's dimensions an index uses up.
        private static int Covers(TensorIndex index) => index.kind switch
        {
            TensorIndex.Kind.Single or TensorIndex.Kind.Slice => 1,
            TensorIndex.Kind.Tensor => index.tensor!.dtype is ScalarType.Bool or ScalarType.Byte ? (int)index.tensor.Dimensions : 1,
            _ => 0,
        };

        private Tensor Step(Tensor before, Tensor after)
        {
            before.Forget(this);
            return after;
        }

        private Tensor Pick(long[] indices)
        {
            var view = this;
            foreach (var index in indices) view = Step(view, Aten.select_int.CallTemporary(view, 0, index));
            return Adopt(view);
        }

        private void Put(long[] indices, Tensor value)
        {
            var view = this;
            foreach (var index in indices) view = Step(view, Aten.select_int.CallTemporary(view, 0, index));
            Aten.copy_.CallInPlace(view, value);
            view.Forget(this);
        }

        private static TensorIndex[] Wrap(Tensor[] indices) => Array.ConvertAll(indices, TensorIndex.Tensor);

        // A temporary belongs to no scope and is in no statistics: it ends as a tensor of the caller's, or is forgotten.
        private Tensor Adopt(Tensor view) => ReferenceEquals(view, this) ? alias() : new Tensor(view.DecoupleTemporary());

        private void Forget(Tensor unless)
        {
            if (ReferenceEquals(this, unless)) return;
            Native.tensor_free(DecoupleTemporary());
        }
    }
}
