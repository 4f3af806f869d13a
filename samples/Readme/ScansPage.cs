using UNetFamily;
using UNetFamily.Imaging;
using UNetFamily.Scans;
using static TorchSharp.torch;

namespace Readme;

/// <summary>The code of docs/scans.md, to be run in a folder with a head.nii.gz.</summary>
public static class ScansPage
{
    /// <summary>Saves a network with its preparation, and segments with the file.</summary>
    public static void All()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Widths = [4, 8] });
        Save(model);
        Segment();
    }

    private static void Save(SegmentationModel model)
    {
        #region save
        var preparation = new ScanPreparation
        {
            Spacing = 3,                                        // mm between voxels that the network was trained with
            RoiSize = [16, 16, 16],                             // the sides of its patches
            Classes = ["background", "liver", "spleen"],
            MirrorSymmetric = false,                            // whether a mirrored scan is as good as a scan
        };
        model.Save("organs.safetensors", preparation.ToNotes());
        #endregion
    }

    private static void Segment()
    {
        #region segment
        using var network = ScanNetwork.FromFile("organs.safetensors");
        LabelMap map = network.Segment(ImageFile.Read("head.nii.gz"));      // any spacing and orientation
        map.Save("organs.nii.gz");                                          // on the grid of the scan
        foreach (var (name, millilitres) in map.Classes.Zip(map.Millilitres())) Console.WriteLine($"{name}: {millilitres:0.0} ml");
        #endregion
    }

    /// <summary>Takes a scan to the grid that a network is trained on.</summary>
    public static void Train()
    {
        #region train
        var scan = ImageFile.Read("head.nii.gz");
        var grid = new ScanGrid(scan.Size, scan.Geometry, spacing: 3);
        using var image = grid.Image(ScanIntensity.Normalize(scan.Values));     // (1, D, H, W), to the right, front and top
        using var logits = zeros([3, .. grid.Size]);                            // (classes, D, H, W) of a network
        byte[] labels = grid.LogitsToFile(logits);                              // and back: the class of each voxel of the file
        #endregion
        Console.WriteLine($"{labels.Length} voxels, {image.numel()} on the grid");
    }
}
