using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using TensorElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace UNetFamily;

/// <summary>
/// A segmentation network from an ONNX file, run by ONNX Runtime: one that <see cref="OnnxExport.ExportOnnx"/> wrote, or any other from (N, C, …spatial) to (N, classes, …spatial). <see cref="SlidingWindow"/> takes it
/// as it takes a <see cref="SegmentationModel"/>. The application references the native package of its choice: <c>Microsoft.ML.OnnxRuntime</c>, <c>Microsoft.ML.OnnxRuntime.Gpu</c> and so on.
/// </summary>
/// <remarks>It may be used on several threads at once.</remarks>
public sealed class OnnxNetwork : IWindowNetwork, IDisposable
{
    private readonly string path;
    private readonly InferenceSession session;
    private readonly RunOptions runOptions = new();
    private readonly string input;
    private readonly string output;
    private readonly TensorElementType inputType;
    private readonly TensorElementType outputType;
    private readonly long? fixedBatch;
    private readonly long?[] outputSides;
    private readonly bool[] isInputSide;
    private readonly Dictionary<ValueList<long>, long[]> knownSizes = [];
    private bool isDisposed;

    private OnnxNetwork(string path, InferenceSession session, IReadOnlyDictionary<string, string> metadata, string? chosen)
    {
        (this.path, this.session, Metadata) = (path, session, metadata);
        Name = metadata.TryGetValue(ModelFile.NetworkKey, out var network) ? Printable.Of(network, 60) : Path.GetFileName(path);

        if (session.InputMetadata.Count != 1) throw Fail($"It has {session.InputMetadata.Count} inputs ({string.Join(", ", session.InputMetadata.Keys.Select(name => Printable.Of(name, 60)))}); a segmentation network has one, the image.");
        (input, var image) = session.InputMetadata.First();
        inputType = image.IsTensor ? image.ElementDataType : throw Fail("Its input is no tensor.");
        if (inputType is not (TensorElementType.Float or TensorElementType.Float16)) throw Fail($"Its input is of {inputType}; images are Float or Float16.");
        if (image.Dimensions.Length is not (4 or 5)) throw Fail($"Its input has {image.Dimensions.Length} axes; images have 4, (N, C, H, W), and volumes 5, (N, C, D, H, W).");
        if (image.Dimensions[1] < 1) throw Fail("Its input leaves the number of channels (axis 1) open.");
        SpatialDims = (SpatialDims)(image.Dimensions.Length - 2);
        InChannels = image.Dimensions[1];
        fixedBatch = image.Dimensions[0] > 0 ? image.Dimensions[0] : null;

        if (chosen is not null && !session.OutputMetadata.ContainsKey(chosen))
            throw new ArgumentException($"{path} has no output '{chosen}'; it has {string.Join(", ", session.OutputMetadata.Keys.Select(name => Printable.Of(name, 60)))}.", nameof(chosen));
        output = chosen ?? session.OutputNames[0];
        var map = session.OutputMetadata[output];
        outputType = map.IsTensor ? map.ElementDataType : throw Fail("Its output is no tensor.");
        GivesLabels = outputType is not (TensorElementType.Float or TensorElementType.Float16);
        var axes = image.Dimensions.Length - (GivesLabels && map.Dimensions.Length == image.Dimensions.Length - 1 ? 1 : 0);
        if (map.Dimensions.Length != axes) throw Fail($"Its output has {map.Dimensions.Length} axes and its input {image.Dimensions.Length}; logits have as many as the image.");
        outputSides = [.. map.Dimensions.TakeLast((int)SpatialDims).Select(side => side > 0 ? side : (long?)null)];
        isInputSide = [.. map.SymbolicDimensions.TakeLast((int)SpatialDims).Zip(image.SymbolicDimensions.Skip(2)).Select(pair => pair.First.Length > 0 && pair.First == pair.Second)];

        InputSizes = Sizes(image.Dimensions[2..]);
        OutChannels = GivesLabels ? 1 : map.Dimensions[1] > 0 ? map.Dimensions[1] : Trial(InputSizes.Cover([.. Enumerable.Repeat(1L, (int)SpatialDims)]))[1];
    }

    /// <summary>Loads a network.</summary>
    /// <param name="path">The file. It is checked before ONNX Runtime sees it: sizes, and that weights outside of it lie beside it, under no absolute path and without <c>..</c>.</param>
    /// <param name="options">How it is run; null for the defaults.</param>
    /// <exception cref="CheckpointException">The file is none of ONNX, is damaged, reaches outside of its folder, or is no segmentation network; the message says which.</exception>
    /// <exception cref="ArgumentException">An option doesn't fit, such as an execution provider that isn't there.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime's native library is missing, or an execution provider doesn't start.</exception>
    public static OnnxNetwork FromFile(string path, OnnxRunOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new OnnxRunOptions();
        var metadata = OnnxFileCheck.Read(path);
        using var settings = ExecutionProviders.Settings(options);
        InferenceSession session;
        try
        {
            session = new InferenceSession(path, settings);
        }
        catch (OnnxRuntimeException failed)
        {
            throw new CheckpointException(path, null, $"ONNX Runtime doesn't load it: {Printable.Of(failed.Message, 500)}", failed);
        }
        try
        {
            return new OnnxNetwork(path, session, metadata, options.Output);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>The network that the file says it is, or the file's name.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public SpatialDims SpatialDims { get; }

    /// <inheritdoc/>
    public long InChannels { get; }

    /// <summary>Channels of the output: the classes; 1 where it gives labels.</summary>
    public long OutChannels { get; }

    /// <inheritdoc/>
    public InputSizes InputSizes { get; }

    /// <summary>The texts of the file: those of the library, which begin with <c>unetfamily.</c>, and the notes that whoever exported it gave it.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Whether it gives the class of each place instead of logits; a sliding window, which averages, then can't use it.</summary>
    public bool GivesLabels { get; }

    /// <summary>Runs the network on a batch.</summary>
    /// <param name="batch">(N, InChannels, …spatial), of floating-point numbers, on any device.</param>
    /// <returns>What it gives, on the CPU: float32, or labels as 64-bit whole numbers; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The batch doesn't fit; the message says what would.</exception>
    public Tensor Predict(Tensor batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var scope = NewDisposeScope();
        var plain = batch.detach().to(ScalarType.Float32).cpu().contiguous();
        var parts = new List<Tensor>();
        Run(MemoryMarshal.Cast<byte, float>(plain.bytes), batch.shape, (shape, values) => parts.Add(tensor(values.ToArray(), [values.Length / shape[1..].Elements(), .. shape[1..]])));
        var result = parts.Count == 1 ? parts[0] : cat([.. parts], 0);
        return (GivesLabels ? result.to(ScalarType.Int64) : result).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch doesn't fit; the message says what would.</exception>
    public unsafe void Predict(ReadOnlySpan<float> windows, ReadOnlySpan<long> shape, Span<float> logits)
    {
        RequireLogits();
        var (done, room) = (0, logits.Length);
        fixed (float* start = logits)
        {
            // A span can't be captured.
            var target = (nint)start;
            Run(windows, shape, (_, values) =>
            {
                values.CopyTo(new Span<float>((float*)target + done, room - done));
                done += values.Length;
            });
        }
        if (done != room) throw new ArgumentException($"{Name} gave {done} numbers; logits has room for {room}.", nameof(logits));
    }

    /// <inheritdoc/>
    public long[] OutputSize(ReadOnlySpan<long> size)
    {
        RequireLogits();
        if (InputSizes.Problem(size) is { } problem) throw new ArgumentException($"{Name}: {problem}", nameof(size));
        var known = new long?[size.Length];
        for (var axis = 0; axis < known.Length; axis++) known[axis] = outputSides[axis] ?? (isInputSide[axis] ? size[axis] : null);
        if (known.All(side => side is not null)) return [.. known.Select(side => side!.Value)];

        // The file doesn't say, so one window is tried.
        var key = ValueList.Create(size);
        lock (knownSizes)
        {
            if (!knownSizes.TryGetValue(key, out var sides)) knownSizes[key] = sides = Trial(size.ToArray())[2..];
            return [.. sides];
        }
    }

    /// <summary>Frees the network.</summary>
    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        session.Dispose();
        runOptions.Dispose();
    }

    private InputSizes Sizes(int[] sides)
    {
        try
        {
            if (Metadata.TryGetValue(OnnxMetadata.Sizes, out var text)) return OnnxMetadata.Read(text, SpatialDims);
        }
        catch (FormatException broken)
        {
            throw Fail(broken.Message);
        }
        // What another project's file doesn't fix, it takes as a rule in steps that only a run can tell.
        long[] least = [.. sides.Select(side => side > 0 ? (long)side : 1)], step = [.. least.Select(_ => 1L)];
        return InputSizes.Of(SpatialDims, least, step, sides.Any(side => side > 0) ? [.. sides.Select(side => side > 0 ? (long)side : long.MaxValue)] : [], cells: 1);
    }

    private long[] Trial(long[] size)
    {
        long[] shape = [1, InChannels, .. size], found = [];
        Run(new float[shape.Elements()], shape, (part, _) => found = part);
        return found;
    }

    /// <summary>Runs a batch, in parts where the file fixes the number of samples.</summary>
    private void Run(ReadOnlySpan<float> numbers, ReadOnlySpan<long> shape, TakePart take)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        Require(numbers, shape);
        var (samples, each) = (shape[0], checked((int)(numbers.Length / shape[0])));
        var atOnce = fixedBatch ?? samples;
        for (var done = 0L; done < samples; done += atOnce)
        {
            var count = Math.Min(atOnce, samples - done);
            long[] part = [atOnce, .. shape[1..]];
            RunPart(numbers.Slice(checked((int)(done * each)), checked((int)(count * each))), part, count, take);
        }
    }

    private unsafe void RunPart(ReadOnlySpan<float> numbers, long[] shape, long count, TakePart take)
    {
        var all = checked((int)shape.Elements());
        if (inputType is TensorElementType.Float && numbers.Length == all)
        {
            fixed (float* start = numbers)
            {
                using var image = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, inputType, shape, (nint)start, sizeof(float) * (long)all);
                RunOne(image);
            }
            return;
        }
        // The samples that a fixed batch lacks are zeros.
        if (inputType is TensorElementType.Float)
        {
            var padded = new float[all];
            numbers.CopyTo(padded);
            using var image = OrtValue.CreateTensorValueFromMemory(padded, shape);
            RunOne(image);
        }
        else
        {
            var halves = new Float16[all];
            for (var i = 0; i < numbers.Length; i++) halves[i] = (Float16)numbers[i];
            using var image = OrtValue.CreateTensorValueFromMemory(halves, shape);
            RunOne(image);
        }

        void RunOne(OrtValue image)
        {
            using var results = Results(image);
            var result = results[0];
            var found = result.GetTensorTypeAndShape();
            var sides = found.Shape;
            if (sides.Length == 0 || sides[0] != shape[0]) throw new InvalidOperationException($"{path} gave ({string.Join(", ", sides)}) for a batch of {shape[0]}.");
            take(sides, Floats(result, found.ElementDataType)[..checked((int)(sides.Elements() / shape[0] * count))]);
        }

        IDisposableReadOnlyCollection<OrtValue> Results(OrtValue image)
        {
            try
            {
                return session.Run(runOptions, [input], [image], [output]);
            }
            catch (OnnxRuntimeException failed)
            {
                throw new InvalidOperationException($"{path} failed on ({string.Join(", ", shape)}): {failed.Message}", failed);
            }
        }
    }

    private static ReadOnlySpan<float> Floats(OrtValue value, TensorElementType type) => type switch
    {
        TensorElementType.Float => value.GetTensorDataAsSpan<float>(),
        TensorElementType.Float16 => Converted<Float16>(value, number => (float)number),
        TensorElementType.UInt8 => Converted<byte>(value, number => number),
        TensorElementType.Int8 => Converted<sbyte>(value, number => number),
        TensorElementType.Int16 => Converted<short>(value, number => number),
        TensorElementType.Int32 => Converted<int>(value, number => number),
        TensorElementType.Int64 => Converted<long>(value, number => number),
        TensorElementType.Bool => Converted<bool>(value, truth => truth ? 1 : 0),
        _ => throw new InvalidOperationException($"The network gives numbers of {type}, which are neither logits nor labels."),
    };

    private static float[] Converted<T>(OrtValue value, Func<T, float> convert) where T : unmanaged
    {
        var numbers = value.GetTensorDataAsSpan<T>();
        var floats = new float[numbers.Length];
        for (var i = 0; i < floats.Length; i++) floats[i] = convert(numbers[i]);
        return floats;
    }

    private void Require(ReadOnlySpan<float> numbers, ReadOnlySpan<long> shape)
    {
        if (shape.Length != (int)SpatialDims + 2) throw new ArgumentException($"{Name} takes {(int)SpatialDims + 2} axes, (N, C, …spatial); the batch has {shape.Length}: ({string.Join(", ", shape.ToArray())}).", nameof(shape));
        if (shape[0] < 1) throw new ArgumentException($"{Name} takes a batch of 1 or more, got {shape[0]}.", nameof(shape));
        if (shape[1] != InChannels) throw new ArgumentException($"{Name} takes {InChannels} channels; the batch is ({string.Join(", ", shape.ToArray())}), with {shape[1]}.", nameof(shape));
        if (InputSizes.Problem(shape[2..]) is { } problem) throw new ArgumentException($"{Name}: {problem}", nameof(shape));
        if (numbers.Length != shape.ToArray().Elements()) throw new ArgumentException($"A batch of ({string.Join(", ", shape.ToArray())}) has {shape.ToArray().Elements()} numbers, got {numbers.Length}.", nameof(numbers));
    }

    private void RequireLogits()
    {
        if (GivesLabels) throw new InvalidOperationException($"{path} gives labels, which can't be averaged over windows. Export it with logits, or call {nameof(Predict)} with whole images.");
    }

    private CheckpointException Fail(string reason) => new(path, null, reason);

    private delegate void TakePart(long[] shape, ReadOnlySpan<float> values);
}
