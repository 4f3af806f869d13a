namespace UNetFamily.Tests.Onnx;

/// <summary>
/// Every variant of the catalogue as an ONNX file gives in ONNX Runtime what it gives here: with few channels, or with those that were published where <c>UNETFAMILY_ONNX_PUBLISHED</c> is 1, which takes long and gigabytes.
/// </summary>
public sealed class CatalogueExportTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();

    private static bool IsPublished => Environment.GetEnvironmentVariable("UNETFAMILY_ONNX_PUBLISHED") == "1";

    public static TheoryData<string> Variants() => SmallVariants.Names();

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_network_is_its_file_for_other_batches_and_sizes(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Exported.Filled((IsPublished ? ModelCatalog.Find(name).Options : SmallVariants.Of(name)).Build());
        var (path, size) = (Path.Combine(folder.FullName, "net.onnx"), SmallVariants.Size(model));
        model.ExportOnnx(path, Extent.Of(size), new OnnxExportOptions { Auxiliary = true });
        Exported.Compare(model, path, [1, model.Options.InChannels, .. size]);
        Exported.Compare(model, path, [3, model.Options.InChannels, .. size]);

        using var network = OnnxNetwork.FromFile(path);
        (network.Name, network.InChannels, network.OutChannels, network.SpatialDims).Should().Be((model.GetName(), model.Options.InChannels, model.Options.OutChannels, model.Options.SpatialDims));
        network.InputSizes.Contains(size).Should().BeTrue();
        var maps = model.Describe(size).Outputs.Count;
        for (var map = 1; map < maps; map++) Exported.Compare(model, path, [1, model.Options.InChannels, .. size], output: $"auxiliary_{map}", map: map);

        // DoubleU-Net's pyramid pools to 2 x 2 cells, which are windows of one size in ONNX.
        var isOpen = !model.Describe(size).UsesSizes && model.InputSizes.Largest is null && model is not DoubleUNet;
        long[] larger = [.. size.Select((side, axis) => side + network.InputSizes.Step[axis])];
        network.InputSizes.Contains(larger).Should().Be(isOpen);
        if (isOpen) Exported.Compare(model, path, [2, model.Options.InChannels, .. larger]);
    }

    [Fact]
    public void Every_operation_has_a_writer_or_a_reason()
    {
        var operations = typeof(Operation).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Operation)) && !type.IsAbstract);
        operations.Except(OperationWriters.Known).Where(operation => !OperationWriters.NotWritten.Keys.Any(operation.IsAssignableTo)).Should().BeEmpty("each operation of a flow is written in OperationWriters, or says there why not, so that every network can be exported");
    }
}
