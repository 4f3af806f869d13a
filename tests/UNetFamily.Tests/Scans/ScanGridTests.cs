using UNetFamily.Scans;

namespace UNetFamily.Tests.Scans;

/// <summary>From a scan in any orientation to the grid of a network and back.</summary>
public sealed class ScanGridTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    /// <summary>The 48 ways to store a volume: which of the file's axes runs to the right, to the front and upwards, and which of them run the other way.</summary>
    public static IEnumerable<object[]> Ways =>
        from order in (int[][])[[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        from mirrored in Enumerable.Range(0, 8)
        select (object[])[order, mirrored];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Every_orientation_comes_to_the_same_axes_and_back(int[] axes, int mirrored)
    {
        // Voxels that hold where they are in the body: 100 for each step up, 10 to the front, 1 to the right.
        var (file, size, geometry) = SomeScans.Stored(axes, mirrored, [4, 3, 2], (right, front, up) => 100 * up + 10 * front + right);
        var grid = new ScanGrid(size, geometry, spacing: null);

        grid.Size.Should().Equal(2, 3, 4);
        var body = grid.Image(file);
        body.contiguous().data<float>().ToArray().Should().Equal(0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 100, 101, 102, 103, 110, 111, 112, 113, 120, 121, 122, 123);
        grid.LabelsToFile(body[0].to(ScalarType.Byte)).Should().Equal(file.Select(value => (byte)value));
    }

    [Fact]
    public void An_oblique_scan_comes_as_close_as_whole_axes_can()
    {
        var (sin, cos) = ((float)Math.Sin(0.6), (float)Math.Cos(0.6));
        var tilted = new NiftiGeometry { PixDim = [1, 1, 1, 1], SFormCode = 1, SForm = [-1, 0, 0, 0, 0, cos, -sin, 0, 0, sin, cos, 0] };

        new Orientation(tilted).Turn(Enumerable.Range(0, 8).ToArray(), new VolumeSize(2, 2, 2)).Should().Equal(1, 0, 3, 2, 5, 4, 7, 6);
    }

    [Fact]
    public void An_axis_without_direction_is_refused()
    {
        var broken = new NiftiGeometry { PixDim = [1, 1, 1, 1], SFormCode = 1, SForm = new double[12] };

        ((Action)(() => _ = new Orientation(broken))).Should().Throw<InvalidDataException>().WithMessage("an axis of the affine map has no direction of its own.");
    }

    [Fact]
    public void A_grid_of_another_spacing_keeps_the_extent_and_brings_classes_back()
    {
        var size = new VolumeSize(8, 10, 12);
        var grid = new ScanGrid(size, new NiftiGeometry { PixDim = [1, 1, 2, 3] }, spacing: 2);
        grid.Size.Should().Equal(12, 10, 6);
        grid.IsOriginal.Should().BeFalse();

        // The right half is class 1; of the boundary, which lies between voxels, nothing is lost.
        var truth = Enumerable.Range(0, size.Voxels).Select(at => (byte)(at % size.X < 6 ? 0 : 1)).ToArray();
        var labels = grid.Labels(truth);
        labels.shape.Should().Equal(12, 10, 6);
        var logits = stack([labels.eq(0), labels.eq(1)]).to(ScalarType.Float32);
        grid.LogitsToFile(logits).Should().Equal(truth);
        grid.LogitsToFile(logits[1].unsqueeze(0) - 0.5).Should().Equal(truth, "one channel is the logit of class 1");
    }

    [Fact]
    public void A_grid_follows_the_affine_map_and_its_unit()
    {
        var size = new VolumeSize(8, 10, 12);
        // The file's voxel size says something else than its map.
        var geometry = new NiftiGeometry { PixDim = [1, 7, 7, 7], SFormCode = 1, SForm = [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0] };
        new ScanGrid(size, geometry, spacing: 2).Size.Should().Equal(12, 10, 6);
        new ScanGrid(size, geometry with { Units = 3, SForm = [.. geometry.SForm.Select(value => value * 1000)] }, spacing: 2).Size.Should().Equal(12, 10, 6);
        new ScanGrid(size, geometry with { Units = 1, SForm = [.. geometry.SForm.Select(value => value / 1000)] }, spacing: 2).Size.Should().Equal(12, 10, 6);
        new ScanGrid(new VolumeSize(1, 10, 12), geometry, spacing: 8).Size.Should().Equal(1, 2, 2);
    }

    [Theory]
    [InlineData(1, 2, "12 x 10 x 8 voxels of 1000 x 1000 x 1000 mm make a grid of 4000 x 5000 x 6000 at 2 mm, more than 268,435,456 voxels. A spacing that fits is 16 mm. Is the unit in the header right?")]
    [InlineData(2, 0.01, "12 x 10 x 8 voxels of 1 x 1 x 1 mm make a grid of 800 x 1000 x 1200 at 0.01 mm, more than 268,435,456 voxels. A spacing that fits is 0.016 mm. Is the unit in the header right?")]
    [InlineData(3, 2, "12 x 10 x 8 voxels of 0.001 x 0.001 x 0.001 mm are less than a single voxel of 2 mm. Is the unit in the header right?")]
    public void A_grid_has_a_limit_and_a_message(byte unit, double spacing, string message) =>
        ((Action)(() => _ = new ScanGrid(new VolumeSize(8, 10, 12), NiftiGeometry.Plain(1) with { Units = unit }, spacing))).Should().Throw<InvalidDataException>().WithMessage(message);

    [Theory]
    [InlineData(1, 16)]
    [InlineData(2, 0.016)]
    public void The_spacing_that_is_proposed_fits(byte unit, double spacing) =>
        new ScanGrid(new VolumeSize(8, 10, 12), NiftiGeometry.Plain(1) with { Units = unit }, spacing).Size.Should().OnlyContain(side => side > 1);

    [Fact]
    public void A_grid_of_any_size_in_a_header_allocates_nothing()
    {
        foreach (var side in (float[])[1e30f, 1e10f, float.MaxValue])
            ((Action)(() => _ = new ScanGrid(new VolumeSize(100, 200, 30_000), NiftiGeometry.Plain(side), spacing: 0.01))).Should().Throw<InvalidDataException>().WithMessage("*more than 268,435,456 voxels*");
    }

    [Fact]
    public void What_is_not_of_the_grid_is_refused()
    {
        var grid = new ScanGrid(new VolumeSize(4, 5, 6), new NiftiGeometry { PixDim = [1, 1, 1, 1] }, spacing: 2);

        ((Action)(() => grid.Image(new float[7]))).Should().Throw<ArgumentException>().WithMessage("There are 7 numbers; a file of 6 x 5 x 4 has 120 voxels.*");
        ((Action)(() => grid.LabelsToFile(zeros(3, 2, 2, ScalarType.Byte)))).Should().Throw<ArgumentException>().WithMessage("The shape must be (4, 5, 6), is (3, 2, 2).*");
        ((Action)(() => grid.LogitsToFile(zeros(2, 3, 2)))).Should().Throw<ArgumentException>();
        ((Action)(() => _ = new ScanGrid(new VolumeSize(4, 5, 6), NiftiGeometry.Plain(1), spacing: 0))).Should().Throw<ArgumentOutOfRangeException>();
    }
}
