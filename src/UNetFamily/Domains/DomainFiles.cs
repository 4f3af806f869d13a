using System.Security.Cryptography;
using System.Text;

namespace UNetFamily;

/// <summary>
/// A domain's own weights in a small file, apart from the network's shared ones: safetensors, under the names that they have in the network. The file knows the
/// shared weights that it was trained with by a checksum, because with others it is worth nothing.
/// </summary>
public static class DomainFiles
{
    private const string DomainKey = "unetfamily.domain";
    private const string SharedKey = "unetfamily.shared";

    extension(nn.Module network)
    {
        /// <summary>Saves a domain's own weights.</summary>
        /// <param name="domain">The name of the domain.</param>
        /// <param name="path">The file to write; one of that name is replaced when the new one is whole.</param>
        /// <exception cref="ArgumentException">The network has no layers per domain, or none for this one.</exception>
        public void SaveDomain(string domain, string path)
        {
            ArgumentException.ThrowIfNullOrEmpty(path);
            (network as SegmentationModel)?.ThrowIfDisposed();
            using var part = new DomainPart(network, domain);
            SafetensorsWriter.Write(path, part.state_dict().Select(entry => SafetensorsItem.Of(entry.Key, entry.Value)), new Dictionary<string, string>
            {
                ["format"] = "pt",
                [DomainKey] = domain,
                [SharedKey] = SharedChecksum(network),
            });
        }

        /// <summary>
        /// Loads what <see cref="SaveDomain"/> wrote into a network that has the domain (<see cref="U2Net3d.AddDomain"/>, <see cref="DomainAdapter.AddDomain"/>).
        /// Everything is checked before the first number changes.
        /// </summary>
        /// <param name="domain">The name of the domain.</param>
        /// <param name="path">The file.</param>
        /// <param name="anyShared">Whether to load it beside other shared weights than those it was trained with: the same in half precision, or newer ones.</param>
        /// <returns>What was loaded.</returns>
        /// <exception cref="ArgumentException">The network has no layers per domain, or none for this one.</exception>
        /// <exception cref="CheckpointMismatchException">The names or shapes are not those of the domain here; the message has the whole difference.</exception>
        /// <exception cref="CheckpointException">The file can't be read, is none of a domain, or belongs to other shared weights.</exception>
        public LoadReport LoadDomain(string domain, string path, bool anyShared = false)
        {
            (network as SegmentationModel)?.ThrowIfDisposed();
            using var part = new DomainPart(network, domain);
            using var checkpoint = Checkpoint.Open(path);
            if (!checkpoint.Metadata.TryGetValue(DomainKey, out var saved) || !checkpoint.Metadata.TryGetValue(SharedKey, out var shared))
                throw checkpoint.Fail(null, $"The file is none of a domain; {nameof(SaveDomain)} writes those.");
            if (saved != domain) throw checkpoint.Fail(null, $"The file is of the domain '{Printable.Of(saved, 60)}', not '{domain}'.");
            if (!anyShared && shared != SharedChecksum(network))
                throw checkpoint.Fail(null, $"The domain '{domain}' was trained with other shared weights than this network has. Load those first; {nameof(anyShared)} loads it anyway.");
            return part.Load(checkpoint, keys: null);
        }
    }

    private static string SharedChecksum(nn.Module network)
    {
        using var checksum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, parameter) in network.SharedParameters())
        {
            using var scope = NewDisposeScope();
            checksum.AppendData(Encoding.UTF8.GetBytes(name));
            checksum.AppendData(parameter.detach().to(ScalarType.Float32).cpu().contiguous().bytes);
        }
        return Convert.ToHexStringLower(checksum.GetHashAndReset());
    }

    /// <summary>A domain's own entries as a module, under the network's names. It registers nothing and owns nothing.</summary>
    private sealed class DomainPart(nn.Module network, string domain) : nn.Module(nameof(DomainPart))
    {
        private readonly (string Name, Parameter Parameter)[] own = [.. network.ParametersOf(domain)];

        public override string GetName() => $"{network.GetName()}'s domain '{domain}'";

        public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) => recurse ? own : [];

        public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true) => !recurse ? [] :
            from entry in DomainParameters.LayersIn(network)
            from own in entry.Layers.Of(domain).named_buffers(recurse, include_nonpersistent)
            select ($"{entry.Path}{domain}.{own.name}", own.buffer);
    }
}
