using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>The setter of a built-in module's parameter: the old one is disposed, the new one leaves its dispose scope and takes the key.</summary>
            private protected void SetParameter(string key, ref Parameter? field, Parameter? value)
            {
                if (ReferenceEquals(field, value)) return;
                field?.Dispose();
                field = (Parameter?)value?.DetachFromDisposeScope();
                ConditionallyRegisterParameter(key, field);
            }

            /// <summary>The same for a buffer.</summary>
            private protected void SetBuffer(string key, ref Tensor? field, Tensor? value)
            {
                if (ReferenceEquals(field, value)) return;
                field?.Dispose();
                field = value?.DetachFromDisposeScope();
                ConditionallyRegisterBuffer(key, field);
            }
        }
    }
}
