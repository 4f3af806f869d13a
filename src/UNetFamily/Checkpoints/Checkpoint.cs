using System.IO.Hashing;

namespace UNetFamily;

/// <summary>
/// A file with weights: safetensors, or what <c>torch.save</c> writes (<c>.pth</c>, <c>.pt</c>, <c>.model</c>), whatever it is called. Opening it reads
/// names, shapes and types only, checks them against the file, and executes nothing of it; the numbers are read when they are asked for. So a file from
/// a stranger can be opened, listed and loaded: the outcome is its weights, or a <see cref="CheckpointException"/>.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    // DataParallel and torch.compile put a word in front of every name. Words elsewhere are for whoever knows the network's names: see NameSearch.
    private static readonly string[] Wrappers = ["module.", "_orig_mod."];
    private const int MostWrappers = 4;

    // A read fills at most this much at a time: spans count in 32 bits.
    private const long LargestRead = 1 << 28;

    private const int LargestGrowth = 16;

    private readonly ByteSource source;
    private readonly Dictionary<string, TensorEntry> byName;
    private readonly IReadOnlyCollection<ZipEntry> checksums;
    private readonly IEnumerable<StateDict> alternatives;
    private readonly object? root;

    private Checkpoint(ByteSource source, CheckpointContent content)
    {
        (this.source, Format, Envelope, StateDicts, Others, Metadata) = (source, content.Format, content.Chosen.Path, content.Paths, content.Others, content.Metadata);
        var tensors = content.Chosen.Tensors;
        Prefix = PrefixOf(tensors);
        Tensors = Prefix.Length == 0 ? tensors : [.. tensors.Select(tensor => tensor.Named(tensor.Name[Prefix.Length..]))];
        byName = Tensors.ToDictionary(tensor => tensor.Name);
        (alternatives, checksums, root) = (content.Alternatives, content.Checksums, content.Root);
        Ties = content.Ties.Where(tie => tie.Key.StartsWith(Prefix, StringComparison.Ordinal) && tie.Value.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(tie => tie.Key[Prefix.Length..], tie => tie.Value[Prefix.Length..]);
    }

    /// <summary>The file.</summary>
    public string FileName => source.Name;

    /// <summary>Its size in bytes.</summary>
    public long FileLength => source.Length;

    /// <summary>Its format.</summary>
    public CheckpointFormat Format { get; }

    /// <summary>Which of the file's entries the weights are, such as <c>state_dict</c>; empty when they are the whole file.</summary>
    public string Envelope { get; }

    /// <summary>What stood in front of every name and was taken off: <c>module.</c>, <c>_orig_mod.</c>, or nothing.</summary>
    public string Prefix { get; }

    /// <summary>The weights, in the file's order.</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; }

    /// <summary>All entries in which weights were found; any can be given to <see cref="Open(string, string?)"/>.</summary>
    public IReadOnlyList<string> StateDicts { get; }

    /// <summary>What else the file holds. The first thousand entries are listed.</summary>
    public IReadOnlyList<CheckpointItem> Others { get; }

    /// <summary>The texts of a safetensors header; empty for the other formats.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and reads what it holds, without the numbers.</summary>
    /// <param name="path">The file; its name says nothing, its content decides.</param>
    /// <param name="stateDict">
    /// Which entry the weights are, for a file with several (<c>ema_state_dict</c>), or the first words of the names to take (<c>state_dict.student</c>). Left out, the usual names are tried,
    /// then the entry with the most tensors; a network that is loaded takes the entry in which it finds its own names.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="CheckpointException">It is none of the formats, it breaks their rules, or no weights are in it.</exception>
    public static Checkpoint Open(string path, string? stateDict = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new CheckpointException(path, null, ForeignFile.Folder(path));
        return Open(new FileSource(path), stateDict);
    }

    internal static Checkpoint Open(ByteSource source, string? stateDict = null)
    {
        try
        {
            return new Checkpoint(source, CheckpointContent.Read(source, stateDict)) { IsChosen = stateDict is not null };
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>All places in which a network may find its weights, the one of <see cref="Tensors"/> first.</summary>
    internal IEnumerable<StateDict> Places => alternatives.Prepend(new(Envelope, Tensors));

    /// <summary>Whether the user has said which state dict to take.</summary>
    internal bool IsChosen { get; private init; }

    /// <summary>Names that are not stored, with the name of the tensor that they stand for.</summary>
    internal IReadOnlyDictionary<string, string> Ties { get; }

    /// <summary>The entry of a name; null when there is none.</summary>
    /// <param name="name">The name as in <see cref="Tensors"/>, or a second one that the file's metadata lists.</param>
    public TensorEntry? Find(string name) => byName.GetValueOrDefault(name) ?? (Ties.TryGetValue(name, out var stored) ? byName.GetValueOrDefault(stored) : null);

    /// <summary>Looks up a plain value that stands beside the weights, such as an epoch or the name of a trainer.</summary>
    /// <param name="name">Its name; dots lead into nested dictionaries (<c>init_args.configuration</c>).</param>
    /// <param name="value">
    /// null for None, a <see cref="bool"/>, <see cref="long"/>, <see cref="double"/> or <see cref="string"/>, or for a list, tuple or set of these an <see cref="IReadOnlyList{T}"/> of objects.
    /// </param>
    /// <returns>False when there is no such entry, or it is nothing plain: a tensor, a dictionary, a Python object.</returns>
    public bool TryGetValue(string name, out object? value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!PickledValue.TryFind(root, name, out value) || !PickledValue.IsPlain(value))
        {
            value = null;
            return false;
        }
        if (value is PickledSequence sequence) value = sequence.Items.AsReadOnly();
        return true;
    }

    /// <summary>Reads one tensor to the CPU, with its numbers side by side.</summary>
    /// <param name="name">The name as in <see cref="Tensors"/>.</param>
    /// <returns>A fresh tensor of the file's shape and type.</returns>
    /// <exception cref="ArgumentException">There is no such name.</exception>
    /// <exception cref="CheckpointException">The numbers can't be read: TorchSharp has no such type (<see cref="TensorEntry.Obstacle"/>), or the disk fails.</exception>
    public Tensor Read(string name) => Read(Find(name) ?? throw new ArgumentException($"{FileName} has no tensor '{Printable.Of(name)}'.", nameof(name)));

    /// <summary>
    /// Reads the whole file and compares the checksums that a zip archive holds for its parts; <see cref="Read(string)"/> leaves them alone, as PyTorch does.
    /// The other formats have none.
    /// </summary>
    /// <param name="progress">Is told how many bytes of the file have been read.</param>
    /// <exception cref="CheckpointException">A part is damaged (or was written by PyTorch with checksums switched off).</exception>
    public void Verify(IProgress<long>? progress = null)
    {
        var done = 0L;
        foreach (var part in checksums)
        {
            var checksum = new Crc32();
            foreach (var bytes in Stretch(part.Start, part.Length))
            {
                checksum.Append(bytes.Span);
                progress?.Report(done += bytes.Length);
            }
            var found = checksum.GetCurrentHashAsUInt32();
            if (found != part.Checksum)
                throw source.Fail(part.Start, $"'{Printable.Of(part.Name)}' is damaged: its checksum is {found:x8} and should be {part.Checksum:x8}.");
        }
        if (checksums.Count == 0) foreach (var bytes in Stretch(0, source.Length)) progress?.Report(done += bytes.Length);
    }

    /// <summary>Writes the weights as safetensors, under the names that they have here. A file of our own keeps what its header says.</summary>
    /// <param name="path">The file to write; one of that name is replaced when the new one is whole.</param>
    /// <param name="progress">Is told how many bytes of numbers have been written.</param>
    /// <exception cref="CheckpointException">Numbers can't be read, safetensors lacks a type, or the views of this file would take far more room there.</exception>
    public void SaveAs(string path, IProgress<long>? progress = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Tensors.Aggregate((Int128)0, (sum, entry) => sum + entry.Bytes) > (Int128)LargestGrowth * source.Length)
            throw source.Fail(null, $"Its tensors share their numbers, and would take more than {LargestGrowth} times the room of the file.");
        if (Tensors.FirstOrDefault(entry => entry.Type.SafetensorsName() is null || entry.Name == "__metadata__") is { } strange) throw source.Fail(strange.Position, $"safetensors can't hold {strange}.");

        var done = 0L;
        SafetensorsWriter.Write(path, Tensors.Select(entry => new SafetensorsItem(entry.Name, entry.Type, entry.Shape, stream => Copy(entry, stream))),
            Metadata.Count > 0 ? Metadata : new Dictionary<string, string> { ["format"] = "pt" });

        void Copy(TensorEntry entry, Stream stream)
        {
            if (entry.IsPlain)
            {
                foreach (var bytes in Stretch(entry.Position, entry.Bytes)) stream.Write(bytes.Span);
            }
            else
            {
                using var tensor = Read(entry);
                SafetensorsItem.Of(entry.Name, tensor).WriteNumbers(stream);
            }
            progress?.Report(done += entry.Bytes);
        }
    }

    /// <param name="entry">The tensor.</param>
    /// <param name="mayRepeat">Whether it may take more room than its storage, because somebody else than the file bounds its shape.</param>
    internal Tensor Read(TensorEntry entry, bool mayRepeat = false)
    {
        var numbers = Stored(entry, mayRepeat);
        if (entry.IsConjugated) numbers.conj_physical_();
        if (entry.IsNegated) numbers.neg_();
        return numbers;
    }

    private Tensor Stored(TensorEntry entry, bool mayRepeat)
    {
        var type = TypeOf(entry);
        if (entry.Strides is not { } strides)
        {
            var packed = empty([.. entry.Shape], dtype: type);
            using var flat = packed.view(-1);
            Fill(flat, entry.Position, entry);
            return packed;
        }

        // A view with steps is read with what lies between, which is never more than its storage.
        if (entry.Count > entry.Room && !mayRepeat) throw source.Fail(entry.Position, $"'{Printable.Of(entry.Name)}' repeats numbers of its storage; save it with .contiguous().");
        using var span = empty([(long)Shapes.Reach([.. entry.Shape], strides) + 1], dtype: type);
        Fill(span, entry.Position, entry);
        using var view = span.as_strided([.. entry.Shape], strides);
        return view.contiguous();
    }

    /// <summary>Fills a flat tensor on the CPU, of the entry's type, with what lies in the file from <paramref name="position"/> on.</summary>
    internal void Fill(Tensor flat, long position, TensorEntry entry)
    {
        var (count, size) = (flat.numel(), entry.Type.Bits() / 8);
        for (var (done, step) = (0L, LargestRead / size); done < count; done += step)
        {
            using var part = flat.narrow(0, done, Math.Min(step, count - done));
            var bytes = part.bytes;
            source.Read(position + done * size, bytes);
            if (entry.Type is ElementType.Bool && bytes.IndexOfAnyExceptInRange((byte)0, (byte)1) is >= 0 and var at)
                throw source.Fail(position + done + at, $"'{Printable.Of(entry.Name)}' is of true and false, and here is {bytes[at]}.");
        }
    }

    /// <summary>Whether two entries of one type and shape hold the same bits.</summary>
    internal bool HaveSameNumbers(TensorEntry first, TensorEntry second)
    {
        if (!first.IsPlain || !second.IsPlain)
        {
            using var scope = NewDisposeScope();
            return Read(first).Equals(Read(second));
        }
        var (one, other) = (new byte[1 << 16], new byte[1 << 16]);
        for (var done = 0L; done < first.Bytes; done += one.Length)
        {
            var count = (int)Math.Min(one.Length, first.Bytes - done);
            source.Read(first.Position + done, one.AsSpan(0, count));
            source.Read(second.Position + done, other.AsSpan(0, count));
            if (!one.AsSpan(0, count).SequenceEqual(other.AsSpan(0, count))) return false;
        }
        return true;
    }

    internal CheckpointException Fail(long? position, string reason, Exception? inner = null) => source.Fail(position, reason, inner);

    internal ScalarType TypeOf(TensorEntry entry) =>
        entry.Obstacle is { } obstacle ? throw source.Fail(entry.Position, $"'{Printable.Of(entry.Name)}' can't be read. {obstacle}") : entry.Type.ToScalarType()!.Value;

    /// <summary>Closes the file.</summary>
    public void Dispose() => source.Dispose();

    private IEnumerable<ReadOnlyMemory<byte>> Stretch(long start, long length)
    {
        var buffer = new byte[Math.Min(1 << 20, length)];
        for (var done = 0L; done < length; done += buffer.Length)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - done));
            source.Read(start + done, part.Span);
            yield return part;
        }
    }

    private static string PrefixOf(IReadOnlyList<TensorEntry> tensors)
    {
        var prefix = "";
        for (var left = MostWrappers; left > 0 && tensors.Count > 0; left--)
        {
            if (Array.Find(Wrappers, wrapper => tensors.All(tensor => tensor.Name.AsSpan(prefix.Length).StartsWith(wrapper, StringComparison.Ordinal))) is not { } next) break;
            prefix += next;
        }
        return prefix;
    }
}
