using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;

namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>
/// Real data for a demo: the T1 scan of one person ("Colin27"), the AAL atlas, whose regions were drawn by hand on that very scan, and the scan without its
/// skull; and the average T1 scan of 19 rhesus macaques with its atlas (INIA19: Rohlfing et al., 2012). All are in the Debian package mricron-data, which is fetched and
/// unpacked without being installed, checked, and kept in the user's cache.
/// </summary>
/// <remarks>The AAL atlas is under the GPL and INIA19 under CC-BY; both are fetched when a sample runs and never become part of this repository.</remarks>
internal static class BrainData
{
    private const string Package = "mricron-data";
    private const string Templates = "usr/share/mricron/templates";
    private const string Description = "T1 scan of one person (Colin27) and the AAL atlas that was drawn on it, from Debian's mricron-data";

    // As its licence asks for.
    private const string Macaques = "Average T1 scan of 19 rhesus macaques: INIA19 template, https://www.nitrc.org/projects/inia19/, PMID 23230398, CC-BY";

    private static readonly DataFile Archive = new("mricron-data_1.2.20211006+dfsg-4_all.deb", "d40aa0ed66cf89bf6cafa049ad3884703c9d975c2ee2737525b7196528df9d6f");

    // The sums of what is inside the gzip files: Debian may compress the same volumes anew.
    private static readonly DataFile Scan = new("ch2.nii.gz", "707a360b809ba937f6c007231bcf7dc6e2d33657497b254414c9894b6efa5f8c");
    private static readonly DataFile Atlas = new("aal.nii.gz", "2926fcc98efc709f77c8cca2f9c1d797eba3e9a1b222a8e0cfa70ab131394c80");
    private static readonly DataFile Brain = new("ch2bet.nii.gz", "521204362226d485c92ef5383327765b0344c99ff9ac60000a1f591ff0c3fb34");
    private static readonly DataFile MacaqueScan = new("inia19-t1-brain.nii.gz", "ecc8a0191efe8131caa37aa86ffe8664dcd51c4278b207fa71e014bd4723d9aa");
    private static readonly DataFile MacaqueAtlas = new("inia19-NeuroMaps.nii.gz", "790cdc9491ac30851aee4748327961cc13a7467cfc98fc7909bbb08afd3989af");
    private static readonly DataFile[] Files = [Scan, Atlas, Brain, MacaqueScan, MacaqueAtlas];

    /// <summary>Where the data are kept: below <c>XDG_CACHE_HOME</c>, or <c>~/.cache</c>.</summary>
    public static string CacheFolder
    {
        get
        {
            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(cache) || !Path.IsPathRooted(cache)) cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(cache, "unetfamily", "brain");
        }
    }

    /// <summary>The scan with the atlas. It is read from the cache, and fetched first where it is not there yet.</summary>
    /// <param name="say">Takes a line for each step that needs time.</param>
    /// <param name="cancellation">Stops the download.</param>
    /// <exception cref="DataUnavailableException">The data can't be had on this machine; the message says why.</exception>
    /// <exception cref="InvalidDataException">What was fetched is not what was expected.</exception>
    public static Task<Subject> LoadAsync(Action<string> say, CancellationToken cancellation) => LoadAsync(Description, Scan, Atlas, LabelScheme.Aal, say, cancellation);

    /// <summary>As <see cref="LoadAsync(Action{string}, CancellationToken)"/>, the same scan with the brain in it as the one class.</summary>
    public static Task<Subject> LoadMaskAsync(Action<string> say, CancellationToken cancellation) =>
        LoadAsync("the same T1 scan and the mask of its brain", Scan, Brain, LabelScheme.Brain, say, cancellation);

    /// <summary>As <see cref="LoadAsync(Action{string}, CancellationToken)"/>, the macaques' scan with two kinds of tissue.</summary>
    public static Task<Subject> LoadMacaqueAsync(Action<string> say, CancellationToken cancellation) =>
        LoadAsync($"{Macaques}; tissues by name", MacaqueScan, MacaqueAtlas, LabelScheme.Macaque, say, cancellation);

    /// <summary>As <see cref="LoadMacaqueAsync"/>, with the regions of the brain in nine groups.</summary>
    public static Task<Subject> LoadMacaqueRegionsAsync(Action<string> say, CancellationToken cancellation) =>
        LoadAsync($"{Macaques}; regions by name", MacaqueScan, MacaqueAtlas, LabelScheme.MacaqueRegions, say, cancellation);

    private static async Task<Subject> LoadAsync(string description, DataFile scan, DataFile labels, LabelScheme scheme, Action<string> say, CancellationToken cancellation)
    {
        if (!IsIntact(scan) || !IsIntact(labels)) await FetchAsync(say, cancellation);
        return Subject.Of(description, Nifti.Read(InCache(scan)), Nifti.Read(InCache(labels)), scheme);
    }

    private static async Task FetchAsync(Action<string> say, CancellationToken cancellation)
    {
        var work = Directory.CreateTempSubdirectory("unetfamily-").FullName;
        try
        {
            say($"Downloading {Package} (16 MB) with apt-get ...");
            await DownloadAsync(work, cancellation);
            var archive = Directory.GetFiles(work, $"{Package}_*.deb").SingleOrDefault() ?? throw new DataUnavailableException($"apt-get left no {Package}_*.deb.");
            // apt checks every version against the archive's signature; this one is also known here.
            if (Path.GetFileName(archive) == Archive.Name) Require(Archive, Sum(File.OpenRead(archive)));

            await RunAsync("dpkg", ["-x", archive, Path.Combine(work, "files")], work, cancellation);
            Directory.CreateDirectory(CacheFolder);
            foreach (var file in Files) Keep(file, Path.Combine(work, "files", Templates, file.Name));
            say($"Kept in {CacheFolder}");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DataUnavailableException(problem.Message);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    // A machine whose package lists were never fetched, or are too old, gets lists of its own for this download: that needs no root.
    private static async Task DownloadAsync(string work, CancellationToken cancellation)
    {
        try
        {
            await RunAsync("apt-get", ["download", Package], work, cancellation);
        }
        catch (CommandFailedException)
        {
            string[] lists = ["-o", $"Dir::State::lists={work}/lists", "-o", $"Dir::Cache={work}/cache"];
            Directory.CreateDirectory(Path.Combine(work, "lists", "partial"));
            Directory.CreateDirectory(Path.Combine(work, "cache", "archives", "partial"));
            await RunAsync("apt-get", [.. lists, "update"], work, cancellation);
            await RunAsync("apt-get", [.. lists, "download", Package], work, cancellation);
        }
    }

    private static void Keep(DataFile file, string path)
    {
        if (!File.Exists(path)) throw new DataUnavailableException($"{Package} has no {Templates}/{file.Name}.");
        Require(file, SumOfContent(path));
        // A move within the cache can't leave half a file behind, a copy across file systems can.
        var partial = InCache(file) + ".partial";
        File.Copy(path, partial, overwrite: true);
        File.Move(partial, InCache(file), overwrite: true);
    }

    private static bool IsIntact(DataFile file)
    {
        try
        {
            return SumOfContent(InCache(file)) == file.Sha256;
        }
        catch (Exception problem) when (problem is IOException or InvalidDataException)
        {
            return false;
        }
    }

    private static void Require(DataFile file, string sum)
    {
        if (sum != file.Sha256) throw new InvalidDataException($"{file.Name} is not the file that is expected: its SHA-256 is {sum}, not {file.Sha256}.");
    }

    private static string InCache(DataFile file) => Path.Combine(CacheFolder, file.Name);

    private static string SumOfContent(string path) => Sum(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));

    private static string Sum(Stream content)
    {
        using (content) return Convert.ToHexStringLower(SHA256.HashData(content));
    }

    private static async Task RunAsync(string command, string[] arguments, string folder, CancellationToken cancellation)
    {
        using var process = Start();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        await output;
        if (process.ExitCode != 0) throw new CommandFailedException($"{command} {string.Join(' ', arguments)} failed: {(await errors).Trim()}");

        Process Start()
        {
            try
            {
                var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
                return Process.Start(start) ?? throw new DataUnavailableException($"{command} did not start.");
            }
            catch (System.ComponentModel.Win32Exception)
            {
                throw new DataUnavailableException($"there is no {command} on this machine; Debian and Ubuntu have it.");
            }
        }
    }

    private sealed record DataFile(string Name, string Sha256);

    private sealed class CommandFailedException(string message) : DataUnavailableException(message);
}

/// <summary>The data can't be had on this machine.</summary>
internal class DataUnavailableException(string message) : Exception(message);
