using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Operator dropoutOp = new("aten::dropout"), dropoutInPlaceOp = new("aten::dropout_");
            private static readonly Operator featureDropoutOp = new("aten::feature_dropout"), featureDropoutInPlaceOp = new("aten::feature_dropout_");
            private static readonly Operator alphaDropoutOp = new("aten::alpha_dropout"), alphaDropoutInPlaceOp = new("aten::alpha_dropout_");
            private static readonly Operator featureAlphaDropoutOp = new("aten::feature_alpha_dropout"), featureAlphaDropoutInPlaceOp = new("aten::feature_alpha_dropout_");

            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                (inplace ? dropoutInPlaceOp : dropoutOp).Call(input, p, training);

            public static Tensor dropout1d(Tensor input, double p = 0.5, bool training = true, bool inplace = false)
            {
                using var plane = input.unsqueeze(-1);
                using var dropped = dropout2d(plane, p, training, inplace);
                return dropped.squeeze(-1);
            }

            public static Tensor dropout2d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                (inplace ? featureDropoutInPlaceOp : featureDropoutOp).Call(input, p, training);

            public static Tensor dropout3d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                (inplace ? featureDropoutInPlaceOp : featureDropoutOp).Call(input, p, training);

            public static Tensor alpha_dropout(Tensor input, double p = 0.5, bool training = false, bool inplace = false) =>
                (inplace ? alphaDropoutInPlaceOp : alphaDropoutOp).Call(input, p, training);

            public static Tensor feature_alpha_dropout(Tensor input, double p = 0.5, bool training = false, bool inplace = false) =>
                (inplace ? featureAlphaDropoutInPlaceOp : featureAlphaDropoutOp).Call(input, p, training);
        }
    }
}
