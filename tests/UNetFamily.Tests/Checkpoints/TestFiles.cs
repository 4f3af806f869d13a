using System.Buffers.Binary;
using System.Text;

namespace UNetFamily.Tests.Checkpoints;

/// <summary>Files to read: those beside the tests, and small ones made by hand.</summary>
internal static class TestFiles
{
    public static string Path(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Checkpoints", "Files", name);

    /// <summary>Opens bytes as if they were a file.</summary>
    public static Checkpoint Open(byte[] bytes, string? stateDict = null) => Checkpoint.Open(new MemorySource("test", bytes), stateDict);

    /// <summary>A safetensors file with this header and so many bytes of data: 0, 1, 2 …</summary>
    public static byte[] Safetensors(string header, int data = 0)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var file = new byte[8 + text.Length + data];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, 8);
        for (var i = 0; i < data; i++) file[8 + text.Length + i] = (byte)i;
        return file;
    }

    /// <summary>A temporary folder that is gone after the test.</summary>
    public sealed class Folder : IDisposable
    {
        private readonly string path = Directory.CreateTempSubdirectory("unetfamily-test-").FullName;

        public string File(string name) => System.IO.Path.Combine(path, name);

        public string[] Files => Directory.GetFileSystemEntries(path);

        public void Dispose() => Directory.Delete(path, recursive: true);
    }
}
