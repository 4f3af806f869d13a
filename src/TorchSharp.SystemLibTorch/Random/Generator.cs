// A source of random numbers: libtorch's default ones, or one of the caller's own.

using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public class Generator : IDisposable
    {
        public Generator(ulong seed = 0, Device? device = null)
        {
            Handle = Native.Check(Native.generator_new(seed, (int)(device?.type ?? DeviceType.CPU), device?.index ?? -1));
            this.device = device ?? CPU;
        }

        internal Generator(nint handle)
        {
            Handle = handle;
            var bits = Native.generator_device(handle);
            device = new Device((DeviceType)(bits >> 32), (int)bits);
        }

        ~Generator() => Dispose(false);

        public static Generator Default => new(Native.Check(Native.generator_default((int)DeviceType.CPU, -1)));

        public IntPtr Handle { get; private set; }

        public Device device { get; }

        public Tensor get_state() => new(Native.Check(Native.generator_get_state(Handle)));

        public void set_state(Tensor value)
        {
            Native.Check(Native.generator_set_state(Handle, value.Handle));
            GC.KeepAlive(value);
        }

        public Generator manual_seed(long seed)
        {
            Native.Check(Native.generator_set_seed(Handle, (ulong)seed));
            return this;
        }

        public long seed() => Native.generator_seed(Handle, renew: 1);

        public long initial_seed() => Native.generator_seed(Handle, renew: 0);

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            if (Handle == 0) return;
            Native.generator_free(Handle);
            Handle = 0;
        }
    }

    // Seeds every device's generator, as PyTorch does.
    public static Generator manual_seed(long seed) => random.manual_seed(seed);

    public static long initial_seed() => random.initial_seed();

    public static long seed() => random.seed();

    public static Tensor get_rng_state() => random.get_rng_state();

    public static void set_rng_state(Tensor new_state) => random.set_rng_state(new_state);

    public static partial class random
    {
        public static Generator manual_seed(long seed)
        {
            Native.Check(Native.manual_seed((ulong)seed));
            return Generator.Default;
        }

        public static long seed()
        {
            using var generator = Generator.Default;
            return generator.seed();
        }

        public static long initial_seed()
        {
            using var generator = Generator.Default;
            return generator.initial_seed();
        }

        public static Tensor get_rng_state()
        {
            using var generator = Generator.Default;
            return generator.get_state();
        }

        public static void set_rng_state(Tensor new_state)
        {
            using var generator = Generator.Default;
            generator.set_state(new_state);
        }
    }

    public static int get_num_threads() => Native.get_num_threads();

    public static void set_num_threads(int num) => Native.Check(Native.set_num_threads(num));

    public static int get_num_interop_threads() => Native.get_num_interop_threads();

    public static void set_num_interop_threads(int num) => Native.Check(Native.set_num_interop_threads(num));
}
