using System.Reflection;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            protected internal virtual Module _to(ScalarType dtype, bool non_blocking)
            {
                RequireFloating(dtype);
                _toEpilog(dtype, non_blocking);
                return this;
            }

            protected internal virtual Module _to(Device device, ScalarType dtype, bool non_blocking)
            {
                RequireFloating(dtype);
                RequireAvailable(device.type);
                _toEpilog(Normalised(device.type, device.index), dtype, non_blocking);
                return this;
            }

            protected internal virtual Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
            {
                RequireAvailable(deviceType);
                var device = Normalised(deviceType, deviceIndex);
                if (device.type != _deviceType || device.index != _deviceIndex) _toEpilog(device.type, device.index, non_blocking);
                return this;
            }

            public Module _to(Tensor other, bool non_blocking)
            {
                _to(other.dtype, non_blocking);
                return _to(other.device_type, other.device_index, non_blocking);
            }

            protected void _toEpilog(ScalarType dtype, bool non_blocking) => _toEpilog(dtype, null, non_blocking);

            protected void _toEpilog(Device device, ScalarType dtype, bool non_blocking) => _toEpilog(dtype, device, non_blocking);

            protected void _toEpilog(DeviceType deviceType, int deviceIndex, bool non_blocking) => _toEpilog(null, new Device(deviceType, deviceIndex), non_blocking);

            /// <summary>Moves the children, then replaces own parameters and buffers, also in the properties or fields of the same name.</summary>
            protected virtual void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
            {
                foreach (var (_, child) in named_children())
                {
                    if (device is null) child._to(dtype!.Value, non_blocking);
                    else if (dtype is null) child._to(device.type, device.index, non_blocking);
                    else child._to(device, dtype.Value, non_blocking);
                }
                (string, Parameter)[] ownParameters = [.. _internal_params];
                foreach (var (key, parameter) in ownParameters)
                {
                    if (!ReplaceParameter(dtype, device, parameter, out var moved)) continue;
                    if (SetProperty(key, moved!)) continue;
                    parameter.Dispose();
                    ConditionallyRegisterParameter(key, moved);
                    SetField(key, moved!);
                }
                (string, (Tensor, bool))[] ownBuffers = [.. _internal_buffers];
                foreach (var (key, (buffer, persistent)) in ownBuffers)
                {
                    if (!ReplaceBuffer(dtype, device, buffer, out var moved)) continue;
                    if (SetProperty(key, moved!)) continue;
                    ConditionallyRegisterBuffer(key, moved, persistent);
                    SetField(key, moved!);
                }
                if (device is null) return;
                _deviceType = device.type;
                _deviceIndex = device.index;
            }

            /// <summary>Only floating point and complex tensors change their type. The old tensor is disposed; false when nothing had to be done.</summary>
            protected static bool ReplaceBuffer(ScalarType? dtype, Device? device, Tensor buffer, out Tensor? result)
            {
                result = null;
                var target = TypeAfterMove(buffer, dtype);
                if (!NeedsMove(buffer, target, device)) return false;
                result = buffer.to(target, device ?? buffer.device).DetachFromDisposeScope();
                buffer.Dispose();
                return true;
            }

            /// <summary>The new parameter is a leaf with the old one's gradient; the old one is left for the caller to dispose.</summary>
            protected static bool ReplaceParameter(ScalarType? dtype, Device? device, Parameter param, out Parameter? p)
            {
                p = null;
                var target = TypeAfterMove(param, dtype);
                using var grad = param.grad;
                if (!NeedsMove(param, target, device) && (grad is null || !NeedsMove(grad, target, device))) return false;
                using var _ = no_grad();
                p = new Parameter(param.to(target, device ?? param.device), param.requires_grad);
                p.DetachFromDisposeScope();
                if (grad is not null)
                {
                    using var moved = grad.to(target, device ?? param.device);
                    p.grad = moved;
                }
                return true;
            }

            protected static (Device device, ScalarType dtype) GetDefaultDeviceAndType(Device? device = null, ScalarType? dtype = null) =>
                (device ?? get_default_device(), dtype ?? get_default_dtype());

            private static ScalarType TypeAfterMove(Tensor tensor, ScalarType? dtype) =>
                dtype is { } wanted && IsFloating(tensor.dtype) ? wanted : tensor.dtype;

            private static bool NeedsMove(Tensor tensor, ScalarType dtype, Device? device) =>
                tensor.dtype != dtype || device is not null &&
                (tensor.device_type != device.type || device.type != DeviceType.CPU && tensor.device_index != device.index);

            private static bool IsFloating(ScalarType type) => type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64
                or ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64;

            private static void RequireFloating(ScalarType dtype)
            {
                if (!IsFloating(dtype)) throw new ArgumentException($"nn.Module.to only accepts floating point or complex types, but got desired dtype={dtype}");
            }

            private static void RequireAvailable(DeviceType type)
            {
                if (type == DeviceType.CUDA && !cuda.is_available()) throw new InvalidOperationException("CUDA is not available.");
            }

            private static Device Normalised(DeviceType type, int index) => new(type, type == DeviceType.CUDA ? index : -1);

            private bool SetProperty(string key, Tensor value)
            {
                var property = GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).FirstOrDefault(p => p.Name == key);
                if (property is not { CanWrite: true }) return false;
                property.SetValue(this, value);
                return true;
            }

            private void SetField(string key, Tensor value) =>
                FieldsOf(GetType()).FirstOrDefault(field => field.ComponentName() == key)?.SetValue(this, value);
        }
    }
}
