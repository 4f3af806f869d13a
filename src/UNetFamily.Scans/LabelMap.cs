namespace UNetFamily.Scans;

/// <summary>The class of each voxel of a scan, on the scan's grid.</summary>
public sealed class LabelMap
{
    private readonly byte[] labels;

    internal LabelMap(byte[] labels, VolumeSize size, VolumeGeometry geometry, ValueList<string> classes) => (this.labels, Size, Geometry, Classes) = (labels, size, geometry, classes);

    /// <summary>The number of the class of each voxel, (Z, Y, X) with X fastest.</summary>
    public ReadOnlyMemory<byte> Labels => labels;

    /// <summary>Voxels along each axis.</summary>
    public VolumeSize Size { get; }

    /// <summary>Where the voxels lie: that of the scan.</summary>
    public VolumeGeometry Geometry { get; }

    /// <summary>The names of the classes, background first.</summary>
    public ValueList<string> Classes { get; }

    /// <summary>How much of each class there is, in millilitres.</summary>
    public IReadOnlyList<double> Millilitres()
    {
        var counts = new long[Classes.Count];
        foreach (var label in labels) counts[label]++;
        var millilitres = Geometry.VoxelVolume / 1000;
        return Array.ConvertAll(counts, count => count * millilitres);
    }

    /// <summary>Writes the map; the end of the name tells the format (<see cref="ImageFile"/>). It appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    /// <exception cref="NotSupportedException">No format is known whose names end like that.</exception>
    public void Save(string path) => ImageFile.WriteLabels(path, Array.ConvertAll(labels, label => (ushort)label), Size, Geometry);
}
