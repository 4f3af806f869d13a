using UNetFamily.Scans;
using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Scans;

/// <summary>Scans through networks for images, and the class that users have.</summary>
public sealed class ScanNetworkTests : FileTests
{
    [Fact]
    public void Neighbouring_slices_are_the_channels_at_the_distance_that_was_trained()
    {
        using var model = new UNet(new UNetOptions { InChannels = 3, OutChannels = 3, Widths = [4, 8], Norm = Normalization.None });
        var random = new Random(1);
        var size = new VolumeSize(7, 10, 12);
        var values = Enumerable.Range(0, size.Voxels).Select(_ => (float)random.NextDouble()).ToArray();
        var scan = new Volume(values, size, new NiftiGeometry { PixDim = [1, 2, 2, 1.5f] });
        var network = new ScanNetwork(model, new ScanPreparation { RoiSize = [0, 0], Classes = ["a", "b", "c"], NeighbourDistance = 3 });

        var labels = network.SegmentNormalized(scan).Labels.ToArray();

        model.eval();
        var volume = tensor(values, [7, 10, 12]);
        for (var z = 0; z < 7; z++)
        {
            var image = stack([volume[Math.Max(0, z - 2)], volume[z], volume[Math.Min(6, z + 2)]]).unsqueeze(0);
            using var output = model.call(image);
            labels[(z * 120)..((z + 1) * 120)].Should().Equal(output.Logits.argmax(1).to(ScalarType.Byte).flatten().data<byte>().ToArray());
        }
        // On pixels of twice the size, as of half as many.
        network.Preparation = network.Preparation with { Spacing = 4 };
        var coarse = network.SegmentNormalized(scan).Labels.ToArray();
        using var halved = functional.interpolate(stack([volume[0], volume[0], volume[2]]).unsqueeze(0), size: [5, 6], mode: InterpolationMode.Bilinear, align_corners: false);
        using var small = model.call(halved);
        var back = functional.interpolate(small.Logits, size: [10, 12], mode: InterpolationMode.Bilinear, align_corners: false).argmax(1);
        coarse[..120].Should().Equal(back.to(ScalarType.Byte).flatten().data<byte>().ToArray());
    }

    [Fact]
    public void A_file_a_scan_and_a_label_map_are_three_lines()
    {
        using (var model = SomeScans.Net()) model.Save(folder.File("net.safetensors"), SomeScans.Known.ToNotes());
        var size = new VolumeSize(8, 9, 10);
        var values = Enumerable.Range(0, size.Voxels).Select(at => (float)Math.Sin(at)).ToArray();
        var scan = new Volume(values, size, NiftiGeometry.Plain(2));
        var leaked = NoLeaks.During(() =>
        {
            using var network = ScanNetwork.FromFile(folder.File("net.safetensors"), CPU);
            network.Segment(scan).Save(folder.File("labels.nii.gz"));
        });

        leaked.Should().Be(0);
        using var again = ScanNetwork.FromFile(folder.File("net.safetensors"), CPU);
        var map = again.Segment(scan);
        Nifti.Read(folder.File("labels.nii.gz")).Values.Should().Equal(map.Labels.ToArray().Select(label => (float)label));
        map.Classes.Should().Equal("background", "one", "two");
        map.Millilitres().Sum().Should().BeApproximately(8 * 9 * 10 * 8 / 1000.0, 1e-9);
        // The brightness of the scanner doesn't matter, and one that is normalized already stays.
        again.Segment(scan.With(Array.ConvertAll(values, value => 300 * value + 1000))).Labels.ToArray().Should().Equal(map.Labels.ToArray());
        again.SegmentNormalized(scan.With(ScanIntensity.Normalize(values))).Labels.ToArray().Should().Equal(map.Labels.ToArray());
    }

    [Fact]
    public void A_network_that_was_given_stays_the_callers()
    {
        using var model = SomeScans.Net();
        using (var network = new ScanNetwork(model)) network.Preparation.RoiSize.Should().Equal(0, 0, 0);
        using var output = model.call(zeros([1, 1, 8, 8, 8]));
    }

    [Fact]
    public void What_a_network_cant_take_is_said()
    {
        using var model = SomeScans.Net();
        var network = new ScanNetwork(model, SomeScans.Known);

        Refused(SomeScans.Known with { RoiSize = [8, 8] }, "windows need 3 sides for UNet, not 2.*");
        Refused(SomeScans.Known with { Classes = ["a", "b"] }, "there are 2 names for the 3 classes of UNet.*");
        Refused(SomeScans.Known with { Overlap = 1 }, "an overlap of 1 is not from 0 to below 1.*");
        Refused(SomeScans.Known with { Spacing = double.NaN }, "a spacing of NaN mm is outside 0.01 to 100.*");
        network.Preparation.Should().BeSameAs(SomeScans.Known);
        using var two = new UNet(new UNetOptions { InChannels = 2, OutChannels = 2, SpatialDims = SpatialDims.Three, Widths = [2, 4] });
        ((Action)(() => _ = new ScanNetwork(two))).Should().Throw<ArgumentException>().WithMessage("it takes volumes of 2 channels, and a scan has one.*");
        var colours = new Volume([new float[8], new float[8]], new VolumeSize(2, 2, 2), NiftiGeometry.Plain(1));
        ((Action)(() => network.Segment(colours))).Should().Throw<ArgumentException>().WithMessage("A scan has one channel, and this image has 2.*");
        ((Action)(() => network.Segment(colours.With(new float[8])))).Should().Throw<InvalidDataException>().WithMessage("the image has the same value everywhere.");

        void Refused(ScanPreparation preparation, string message) => ((Action)(() => network.Preparation = preparation)).Should().Throw<ArgumentException>().WithMessage(message);
    }
}
