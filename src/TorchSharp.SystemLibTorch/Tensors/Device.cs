using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public class Device
    {
        public Device(string description)
        {
            var parts = description.Split(':');
            type = Enum.Parse<DeviceType>(parts[0], ignoreCase: true);
            index = parts.Length == 2 ? int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) : -1;
        }

        public Device(string deviceType, int index = -1)
        {
            type = Enum.Parse<DeviceType>(deviceType, ignoreCase: true);
            this.index = index;
        }

        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index;
        }

        public Device(int index)
        {
            type = DeviceType.CUDA;
            this.index = index;
        }

        public DeviceType type { get; }

        public int index { get; } = -1;

        public static implicit operator Device(string description) => new(description);

        public override string ToString()
        {
            var name = type.ToString().ToLowerInvariant();
            return type == DeviceType.CPU || index == -1 ? name : $"{name}:{index}";
        }
    }

    public static readonly Device CPU = new(DeviceType.CPU);

    public static readonly Device META = new(DeviceType.META);

    private static Device? cudaDevice;
    private static Device? defaultDevice;

    public static Device CUDA => cudaDevice ??= InitializeDevice(new Device(DeviceType.CUDA));

    public static Device MPS => InitializeDevice(new Device(DeviceType.MPS));

    public static Device device(string description) => InitializeDevice(new Device(description));

    public static Device device(string deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    public static Device device(DeviceType deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    public static Device device(int index) => new(DeviceType.CUDA, index);

    public static Device get_default_device() => defaultDevice ?? CPU;

    public static void set_default_device(Device device) => defaultDevice = device;

    public static void set_default_device(string device) => defaultDevice = new Device(device);

    public static bool TryInitializeDeviceType(DeviceType deviceType) => deviceType switch
    {
        DeviceType.MPS => false,
        DeviceType.CUDA => Native.cuda_device_count() > 0,
        _ => true,
    };

    public static void InitializeDeviceType(DeviceType deviceType)
    {
        if (deviceType is DeviceType.CPU or DeviceType.META) return;
        if (!TryInitializeDeviceType(deviceType))
            throw new InvalidOperationException($"Torch device type {deviceType} did not initialise on the current machine (libtorch {Native.Version}).");
    }

    public static Device InitializeDevice(Device? device)
    {
        device ??= get_default_device();
        InitializeDeviceType(device.type);
        return device;
    }

    public static bool cuda_is_available() => cuda.is_available();

    public static bool mps_is_available() => false;

    public static partial class cuda
    {
        public static bool is_available() => Native.cuda_device_count() > 0;

        public static bool is_cudnn_available() => Native.cuda_has_cudnn() != 0;

        public static int device_count() => Native.cuda_device_count();

        // libtorch's own call seeds every device; a generator of its own only exists once CUDA is there.
        public static void manual_seed(long seed)
        {
            if (is_available()) new Generator(Native.Check(Native.generator_default((int)DeviceType.CUDA, -1))).manual_seed(seed);
        }

        public static void manual_seed_all(long seed)
        {
            for (var i = 0; i < device_count(); i++) new Generator(Native.Check(Native.generator_default((int)DeviceType.CUDA, i))).manual_seed(seed);
        }

        public static void synchronize(Device? device = null) => Native.Check(Native.cuda_synchronize(device?.index ?? -1));
    }

    public static partial class backends
    {
        public static partial class cuda
        {
            public static bool flash_sdp_enabled() => Native.get_switch(Switch.FlashAttention) != 0;

            public static void enable_flash_sdp(bool enable) => Native.set_switch(Switch.FlashAttention, enable ? 1 : 0);

            public static bool math_sdp_enabled() => Native.get_switch(Switch.MathAttention) != 0;

            public static void enable_math_sdp(bool enable) => Native.set_switch(Switch.MathAttention, enable ? 1 : 0);

            public static partial class matmul
            {
                public static bool allow_tf32
                {
                    get => Native.get_switch(Switch.CublasTf32) != 0;
                    set => Native.set_switch(Switch.CublasTf32, value ? 1 : 0);
                }

                public static bool allow_fp16_reduced_precision_reduction
                {
                    get => Native.get_switch(Switch.CublasHalfReduction) != 0;
                    set => Native.set_switch(Switch.CublasHalfReduction, value ? 1 : 0);
                }
            }
        }

        public static partial class cudnn
        {
            public static bool allow_tf32
            {
                get => Native.get_switch(Switch.CudnnTf32) != 0;
                set => Native.set_switch(Switch.CudnnTf32, value ? 1 : 0);
            }
        }
    }
}
