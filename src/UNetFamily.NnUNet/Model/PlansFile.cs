using System.Globalization;

namespace UNetFamily.NnUNet;

/// <summary>What <c>plans.json</c> says: how images were read and prepared, and the configurations that were planned. Files of all versions of nnU-Net v2 are read.</summary>
public sealed record PlansFile
{
    private readonly JsonField json;

    private PlansFile(JsonField json) => this.json = json;

    /// <summary>The data set that the plans were made for.</summary>
    public required string DatasetName { get; init; }

    /// <summary>The plans' own name, such as <c>nnUNetPlans</c>.</summary>
    public required string PlansName { get; init; }

    /// <summary>The class of nnU-Net that reads the images, such as <c>SimpleITKIO</c>: it decides about axes and spacing.</summary>
    public required string ReaderWriter { get; init; }

    /// <summary>For each axis of the network's volume the axis of the file's array.</summary>
    public required ValueList<int> TransposeForward { get; init; }

    /// <summary>For each axis of the file's array the axis of the network's volume.</summary>
    public required ValueList<int> TransposeBackward { get; init; }

    /// <summary>Reads and writes files as that class does.</summary>
    public ImageReader Reader => ImageReader.Of(ReaderWriter);

    internal AxisOrder AxisOrder => new([.. TransposeForward]);

    /// <summary>The names of the configurations, such as <c>2d</c> and <c>3d_fullres</c>.</summary>
    public required ValueList<string> Configurations { get; init; }

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFolderException">It is missing, or a field is missing or wrong; the message names it.</exception>
    public static PlansFile Read(string path)
    {
        var json = JsonField.Read(path);
        if (json.Find("plans_per_stage") is not null) throw json.Fail("These are plans of nnU-Net v1, which isn't supported; v2 has 'configurations'.");
        var (forward, backward) = (Order(json["transpose_forward"]), Order(json["transpose_backward"]));
        if (forward.Where((axis, place) => backward[axis] != place).Any()) throw json.Fail($"transpose_backward {backward} must undo transpose_forward {forward}.");
        if (json.Given("label_manager")?.Text() is { } manager && manager != "LabelManager") throw json.Fail($"The label_manager {manager} isn't supported. Supported is LabelManager.");
        var reader = json["image_reader_writer"].Text();
        if (!ImageReader.All.Any(known => known.Name == reader)) throw json["image_reader_writer"].Fail($"The reader {reader} isn't supported. Supported are {string.Join(", ", ImageReader.All.Select(known => known.Name))}.");
        return new PlansFile(json)
        {
            DatasetName = json["dataset_name"].Text(),
            PlansName = json["plans_name"].Text(),
            ReaderWriter = reader,
            TransposeForward = forward,
            TransposeBackward = backward,
            Configurations = [.. json["configurations"].Entries().Select(entry => entry.Name)],
        };
    }

    /// <summary>A configuration with what it inherits.</summary>
    /// <param name="name">One of <see cref="Configurations"/>.</param>
    /// <exception cref="ModelFolderException">There is no such configuration, it inherits in a circle, or a field is missing or wrong.</exception>
    public PlannedConfiguration Configuration(string name) => PlannedConfiguration.Of(PlansEntry.Of(json["configurations"], name));

    /// <summary>What the foreground of the training images had in a channel; null where the plans don't say.</summary>
    /// <param name="channel">The channel, from 0.</param>
    /// <exception cref="ModelFolderException">A number is missing or wrong.</exception>
    public IntensityProperties? Intensities(int channel)
    {
        var all = json.Given("foreground_intensity_properties_per_channel") ?? json.Given("foreground_intensity_properties_by_modality");
        if (all?.Given(channel.ToString(CultureInfo.InvariantCulture)) is not { } of) return null;
        return new IntensityProperties(of["mean"].Number(), of["std"].Number(), of["percentile_00_5"].Number(), of["percentile_99_5"].Number());
    }

    private static ValueList<int> Order(JsonField field)
    {
        ValueList<int> order = [.. field.Items().Select(axis => axis.Integer(0, 2))];
        return order.Order().SequenceEqual([0, 1, 2]) ? order : throw field.Fail($"It must hold 0, 1 and 2, is {order}.");
    }
}
