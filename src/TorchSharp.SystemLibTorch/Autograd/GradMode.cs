// Switches that hold until they are disposed: whether operations are recorded, inference mode, anomaly detection. All are the thread's own.

using TorchSharp.Interop;

namespace TorchSharp
{
    internal sealed class AutoGradMode : IDisposable
    {
        private readonly int before = Native.grad_mode();

        internal AutoGradMode(bool enabled) => Native.set_grad_mode(enabled ? 1 : 0);

        public void Dispose() => Native.set_grad_mode(before);
    }

    internal sealed class InferenceMode : IDisposable
    {
        private nint guard;

        internal InferenceMode(bool mode) => guard = Native.inference_mode_enter(mode ? 1 : 0);

        public void Dispose()
        {
            if (guard == 0) return;
            Native.inference_mode_leave(guard);
            guard = 0;
        }
    }

    public class AnomalyMode : IDisposable
    {
        private readonly bool before = IsEnabled;
        private readonly bool checkedBefore = ShouldCheckNaN;

        public AnomalyMode(bool enabled, bool check_nan = true) => Native.set_anomaly_mode(enabled ? 1 : 0, check_nan ? 1 : 0);

        public static bool IsEnabled => (Native.anomaly_mode() & 1) != 0;

        public static bool ShouldCheckNaN => (Native.anomaly_mode() & 2) != 0;

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            if (disposing) Native.set_anomaly_mode(before ? 1 : 0, checkedBefore ? 1 : 0);
        }
    }

    public static partial class torch
    {
        public static IDisposable no_grad() => new AutoGradMode(false);

        public static IDisposable enable_grad(bool enabled = true) => new AutoGradMode(enabled);

        public static IDisposable set_grad_enabled(bool mode = true) => new AutoGradMode(mode);

        public static bool is_grad_enabled() => Native.grad_mode() != 0;

        public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

        public static bool is_inference_mode_enabled() => Native.inference_mode() != 0;
    }
}
