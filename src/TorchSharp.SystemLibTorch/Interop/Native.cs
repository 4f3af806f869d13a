// The C surface of native/torchsharp_system.cpp. Everything is blittable, so the calls compile to plain native calls; the ones that only read a
// field of a tensor skip the transition out of managed code as well.

using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace TorchSharp.Interop;

internal static unsafe partial class Native
{
    private const string Library = "TorchSharpSystem";

    static Native() => NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, Resolve);

    /// <summary>The version of the loaded libtorch.</summary>
    internal static string Version => Marshal.PtrToStringUTF8(libtorch_version())!;

    /// <summary>The current thread's native error as the exception that TorchSharp throws for it.</summary>
    internal static Exception Error()
    {
        // Managed code that failed inside a custom function comes back as its own exception, not as the text that libtorch made of it.
        if (CustomFunction.TakeFailure() is { } failure) return failure;
        return new ExternalException(Marshal.PtrToStringUTF8(last_error()));
    }

    /// <summary>Passes on a null handle or a negative result as an exception.</summary>
    internal static nint Check(nint handle) => handle != 0 ? handle : throw Error();

    internal static void Check(int result)
    {
        if (result < 0) throw Error();
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library) return 0;
        var file = OperatingSystem.IsMacOS() ? $"lib{Library}.dylib" : $"lib{Library}.so";
        string?[] folders = [Path.GetDirectoryName(assembly.Location), AppContext.BaseDirectory];
        foreach (var folder in folders)
        {
            var candidate = Path.Combine(folder is { Length: > 0 } ? folder : ".", file);
            if (File.Exists(candidate)) return NativeLibrary.Load(candidate);
        }

        throw new DllNotFoundException($"{file} is not beside TorchSharp.dll ({string.Join(", ", folders)}). Build it there with native/build.sh of TorchSharp.SystemLibTorch.");
    }

    [LibraryImport(Library)] internal static partial nint last_error();
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial void set_error(string text);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial nint op_find(string name, string overload);
    [LibraryImport(Library)] internal static partial int op_call(nint op, Value* args, int count, Value* results, int room);
    [LibraryImport(Library)] internal static partial void op_more_results(Value* results);

    [LibraryImport(Library), SuppressGCTransition] internal static partial long tensor_dim(nint tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long tensor_numel(nint tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int tensor_dtype(nint tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long tensor_element_size(nint tensor);
    [LibraryImport(Library), SuppressGCTransition] internal static partial long tensor_device(nint tensor);
    [LibraryImport(Library)] internal static partial void tensor_free(nint tensor);
    [LibraryImport(Library)] internal static partial int tensor_sizes(nint tensor, long* sizes);
    [LibraryImport(Library)] internal static partial int tensor_strides(nint tensor, long* strides);
    [LibraryImport(Library)] internal static partial long tensor_property(nint tensor, TensorProperty property);
    [LibraryImport(Library)] internal static partial void* tensor_data(nint tensor);
    [LibraryImport(Library)] internal static partial nint tensor_from_memory(void* data, long* sizes, int dim, int dtype, delegate* unmanaged<nint, void> done, nint context);
    [LibraryImport(Library)] internal static partial nint tensor_share(nint tensor);
    [LibraryImport(Library)] internal static partial int tensor_item(nint tensor, double* parts, Value* value);

    [LibraryImport(Library)] internal static partial int tensor_set_requires_grad(nint tensor, int on);
    [LibraryImport(Library)] internal static partial int tensor_grad(nint tensor, nint* grad);
    [LibraryImport(Library)] internal static partial int tensor_set_grad(nint tensor, nint grad);
    [LibraryImport(Library)] internal static partial int autograd_backward(nint* tensors, int count, nint* grads, int gradCount, int retain, int create, nint* inputs, int inputCount);
    [LibraryImport(Library)] internal static partial int autograd_grad(nint* outputs, int outputCount, nint* inputs, int inputCount, nint* grads, int gradCount, int retain, int create, int allowUnused, nint* results);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int grad_mode();
    [LibraryImport(Library), SuppressGCTransition] internal static partial void set_grad_mode(int on);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int inference_mode();
    [LibraryImport(Library)] internal static partial nint inference_mode_enter(int on);
    [LibraryImport(Library)] internal static partial void inference_mode_leave(nint mode);
    [LibraryImport(Library)] internal static partial int anomaly_mode();
    [LibraryImport(Library)] internal static partial void set_anomaly_mode(int on, int checkNan);

    [LibraryImport(Library)]
    internal static partial int function_apply(nint* inputs, int count, nint function, delegate* unmanaged<nint, nint, int, nint*, int, nint*, int, int> run, delegate* unmanaged<nint, void> drop, nint* results);

    [LibraryImport(Library)] internal static partial void context_save(nint context, nint* tensors, int count);
    [LibraryImport(Library)] internal static partial int context_saved(nint context, nint* results, int room);
    [LibraryImport(Library)] internal static partial void context_mark_dirty(nint context, nint* tensors, int count);
    [LibraryImport(Library)] internal static partial void context_mark_non_differentiable(nint context, nint* tensors, int count);
    [LibraryImport(Library)] internal static partial void context_set_materialize_grads(nint context, int on);

    [LibraryImport(Library)] internal static partial int manual_seed(ulong seed);
    [LibraryImport(Library)] internal static partial nint generator_default(int type, int index);
    [LibraryImport(Library)] internal static partial nint generator_new(ulong seed, int type, int index);
    [LibraryImport(Library)] internal static partial void generator_free(nint generator);
    [LibraryImport(Library)] internal static partial long generator_device(nint generator);
    [LibraryImport(Library)] internal static partial int generator_set_seed(nint generator, ulong seed);
    [LibraryImport(Library)] internal static partial long generator_seed(nint generator, int renew);
    [LibraryImport(Library)] internal static partial nint generator_get_state(nint generator);
    [LibraryImport(Library)] internal static partial int generator_set_state(nint generator, nint state);

    [LibraryImport(Library)] internal static partial int get_num_threads();
    [LibraryImport(Library)] internal static partial int set_num_threads(int count);
    [LibraryImport(Library)] internal static partial int get_num_interop_threads();
    [LibraryImport(Library)] internal static partial int set_num_interop_threads(int count);
    [LibraryImport(Library)] internal static partial int cuda_device_count();
    [LibraryImport(Library)] internal static partial int cuda_has_cudnn();
    [LibraryImport(Library)] internal static partial int cuda_synchronize(long index);
    [LibraryImport(Library)] internal static partial int get_switch(Switch which);
    [LibraryImport(Library)] internal static partial void set_switch(Switch which, int on);
    [LibraryImport(Library)] internal static partial nint libtorch_version();
    [LibraryImport(Library)] internal static partial nint parallel_info();
}

/// <summary>What tensor_property can be asked; the order is that of the native file.</summary>
internal enum TensorProperty
{
    StorageOffset,
    IsContiguous,
    IsLeaf,
    RequiresGrad,
    IsSparse,
    IsConj,
    IsNeg,
    IsPinned,
    IsQuantized,
    HasStorage,
    IsInference,
    StorageBytes,
}

/// <summary>Process-wide switches of libtorch; the order is that of the native file.</summary>
internal enum Switch
{
    CudnnTf32,
    CublasTf32,
    CublasHalfReduction,
    FlashAttention,
    MathAttention,
}
