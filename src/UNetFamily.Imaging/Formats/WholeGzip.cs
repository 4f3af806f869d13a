using System.IO.Compression;

namespace UNetFamily.Imaging;

/// <summary>
/// Reads gzip to its end, trailer included. <see cref="GZipStream"/> takes a file for whole whose last bytes, the checksum and the length, are missing. So an empty member is put behind the file, which gzip allows and
/// which holds nothing: after a whole file it is read as that, after another one its bytes stand where the checksum should be and don't match.
/// </summary>
internal static class WholeGzip
{
    private static readonly byte[] EmptyMember = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>The unpacked content; <see cref="InvalidDataException"/> at the latest where it ends, if the file is damaged.</summary>
    /// <param name="file">The file, which stays open.</param>
    public static Stream Open(Stream file) => new GZipStream(new Followed(file, EmptyMember), CompressionMode.Decompress);

    /// <summary>A stream with some bytes after its end.</summary>
    private sealed class Followed(Stream first, byte[] then) : Stream
    {
        private int done;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (first.Read(buffer) is var read and > 0) return read;
            var count = Math.Min(buffer.Length, then.Length - done);
            then.AsSpan(done, count).CopyTo(buffer);
            done += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
