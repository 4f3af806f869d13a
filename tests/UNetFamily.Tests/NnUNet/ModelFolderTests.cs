using System.Text.Json.Nodes;
using UNetFamily.NnUNet;
using UNetFamily.Tests.Checkpoints;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.NnUNet;

/// <summary>What a model folder says of itself, and what is said of one that lacks something or can't be run exactly.</summary>
public sealed class ModelFolderTests : IDisposable
{
    private const string Checkpoint = ModelFolder.FinalCheckpoint;

    private readonly string path = Directory.CreateTempSubdirectory().FullName;

    public ModelFolderTests()
    {
        var source = Path.Combine(ReferenceCases.FolderOf("nnunet"), "c01_3d_iso_zscore", "model", "nnUNetTrainer__nnUNetPlans__3d_fullres");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(path, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    [Fact]
    public void A_folder_says_what_it_is()
    {
        var folder = ModelFolder.Read(path);

        folder.Trainer.Should().Be("nnUNetTrainer");
        folder.Configuration.Name.Should().Be("3d_fullres");
        folder.Configuration.Patch.Should().Equal(24, 24, 24);
        folder.MirrorAxes.Should().Equal(0, 1, 2);
        folder.Folds.Should().Equal(new ModelFold("0", 1000));
        folder.Network.Should().BeOfType<PlainConvUNetOptions>().Which.OutChannels.Should().Be(4);
        folder.Dataset.Heads.Select(head => head.Name).Should().Equal("background", "csf", "gm", "wm");
    }

    [Fact]
    public void Folds_are_all_but_the_one_of_everything_in_the_order_of_names()
    {
        CopyFold("2");
        CopyFold("all");
        CopyFold("10");

        ModelFolder.Read(path).Folds.Select(fold => fold.Name).Should().Equal("0", "10", "2");
        ModelFolder.Read(path, ["all"]).Folds.Select(fold => fold.Name).Should().Equal("all");
        ModelFolder.Read(path, ["2", "0"]).Folds.Select(fold => fold.Name).Should().Equal("2", "0");
        Refuses("*no fold_1/checkpoint_final.pth*0, 10, 2, all*", ["1"]);
    }

    [Fact]
    public void A_lone_fold_of_everything_must_be_asked_for()
    {
        Directory.Move(Path.Combine(path, "fold_0"), Path.Combine(path, "fold_all"));

        Refuses("*only fold with a checkpoint_final.pth is 'all'*");
    }

    [Fact]
    public void What_a_configuration_leaves_out_comes_from_the_one_that_it_inherits_from()
    {
        EditPlans(plans =>
        {
            var configurations = plans["configurations"]!.AsObject();
            var whole = configurations["3d_fullres"]!;
            configurations.Remove("3d_fullres");
            configurations["grandparent"] = whole;
            configurations["parent"] = new JsonObject { ["inherits_from"] = "grandparent", ["patch_size"] = new JsonArray(32, 32, 32) };
            configurations["3d_fullres"] = new JsonObject { ["inherits_from"] = "parent", ["spacing"] = new JsonArray(1, 2, 3) };
        });

        var configuration = ModelFolder.Read(path).Configuration;

        configuration.Patch.Should().Equal(32, 32, 32);
        configuration.Spacing.Should().Equal(1, 2, 3);
        configuration.Normalizations.Should().Equal("ZScoreNormalization");
    }

    public static TheoryData<string, string, string> BadPlans => new()
    {
        { "", "configurations", "*plans.json: 'configurations' is missing*" },
        { "configurations/3d_fullres", "patch_size", "*'configurations/3d_fullres': 'patch_size' is missing*" },
        { "configurations/3d_fullres", "spacing=[1.5, 0, 1.5]", "*'configurations/3d_fullres/spacing/1': It must be above 0, is 0*" },
        { "configurations/3d_fullres", "spacing=[1.5, 1.5]", "*as many numbers as the patch has sides, 3; has 2*" },
        { "configurations/3d_fullres", "patch_size=[24, 24, \"24\"]", "*whole number from 1 to 16384, is \"24\"*" },
        { "configurations/3d_fullres", "patch_size=[25, 24, 24]", "*4 x 4 x 4 times smaller*patch of [25, 24, 24]*" },
        { "configurations/3d_fullres", "inherits_from=\"3d_fullres\"", "*in a circle: 3d_fullres from 3d_fullres*" },
        { "configurations/3d_fullres", "inherits_from=\"absent\"", "*no configuration 'absent', from which '3d_fullres' inherits*" },
        { "configurations/3d_fullres", "preprocessor_name=\"OwnPreprocessor\"", "*OwnPreprocessor isn't supported*DefaultPreprocessor*" },
        { "configurations/3d_fullres/architecture", "network_class_name=\"mamba.UMambaBot\"", "*mamba.UMambaBot isn't supported*PlainConvUNet, ResidualEncoderUNet, ResidualUNet*" },
        { "configurations/3d_fullres/architecture/arch_kwargs", "norm_op=\"torch.nn.GroupNorm\"", "*torch.nn.GroupNorm isn't supported*InstanceNorm3d*" },
        { "configurations/3d_fullres/architecture/arch_kwargs", "attention=true", "*'*attention': This argument isn't supported*" },
        { "configurations/3d_fullres/architecture/arch_kwargs", "conv_op=\"torch.nn.modules.conv.Conv2d\"", "*patch has 3 axes*Conv2d*" },
        { "", "transpose_backward=[2, 0, 1]", "*must undo transpose_forward*" },
        { "", "transpose_forward=[0, 0, 1]", "*must hold 0, 1 and 2*" },
        { "", "image_reader_writer=\"OwnReader\"", "*OwnReader isn't supported*SimpleITKIO*" },
        { "", "label_manager=\"OwnManager\"", "*OwnManager isn't supported*" },
        { "", "plans_per_stage={}", "*nnU-Net v1*" },
    };

    [Theory]
    [MemberData(nameof(BadPlans))]
    public void Bad_plans_are_named(string place, string change, string message)
    {
        EditPlans(plans => Change(place.Length == 0 ? plans : place.Split('/').Aggregate((JsonNode)plans, (node, name) => node[name]!), change));

        Refuses(message);
    }

    public static TheoryData<string, string> BadDatasets => new()
    {
        { "labels", "*'labels' is missing*" },
        { "file_ending", "*'file_ending' is missing*" },
        { "file_ending=\"nii\"", "*begin with a point*" },
        { "channel_names={\"0\": \"T1\", \"2\": \"T2\"}", "*there is no '1'*" },
        { "labels={\"csf\": 1}", "*'background' must be there*" },
        { "labels={\"background\": 0}", "*nothing but background*" },
        { "labels={\"background\": 0, \"a\": 1, \"b\": 3}", "*consecutive*" },
        { "labels={\"background\": 0, \"a\": 1, \"ignore\": 3}", "*'ignore' must be the highest label plus 1, 2*" },
        { "labels={\"background\": 0, \"a\": [1, 2]}", "*'regions_class_order' is missing*" },
        { "labels={\"background\": 0, \"a\": []}", "*It has no labels*" },
        { "labels={\"background\": 0, \"a\": -1}", "*from 0 to 65535, is -1*" },
    };

    [Theory]
    [MemberData(nameof(BadDatasets))]
    public void Bad_datasets_are_named(string change, string message)
    {
        Edit("dataset.json", dataset => Change(dataset, change));

        Refuses(message);
    }

    [Fact]
    public void Other_weights_than_the_network_of_the_plans_has_are_refused()
    {
        EditPlans(plans => plans["configurations"]!["3d_fullres"]!["architecture"]!["arch_kwargs"]!["features_per_stage"] = new JsonArray(8, 12, 20));
        var folder = ModelFolder.Read(path);

        var loading = () => folder.LoadNetwork(folder.Folds[0]);

        loading.Should().Throw<ModelFolderException>().WithMessage("*don't fit the network of the plans*");
    }

    [Fact]
    public void Plans_that_ask_for_more_than_the_file_holds_allocate_nothing()
    {
        EditPlans(plans => plans["configurations"]!["3d_fullres"]!["architecture"]!["arch_kwargs"]!["features_per_stage"] = new JsonArray(8, 60000, 60000));
        var folder = ModelFolder.Read(path);

        var loading = () => folder.LoadNetwork(folder.Folds[0]);

        loading.Should().Throw<ModelFolderException>().WithMessage("*ask for 60000 channels*");
    }

    [Fact]
    public void Missing_files_are_named()
    {
        Refuses("*no such folder*", folder: Path.Combine(path, "nowhere"));
        File.Delete(Path.Combine(path, "dataset.json"));
        Refuses("*dataset.json: There is no such file*");
        File.WriteAllText(Path.Combine(path, "dataset.json"), "{");
        Refuses("*dataset.json: It is no JSON*");
    }

    [Fact]
    public void A_fold_without_its_checkpoint_is_none()
    {
        File.Move(Path.Combine(path, "fold_0", Checkpoint), Path.Combine(path, "fold_0", "checkpoint_best.pth"));

        Refuses($"*no fold_0/checkpoint_final.pth*There are: {Path.Combine("fold_0", "checkpoint_best.pth")}*");
        ModelFolder.Read(path, checkpoint: "checkpoint_best.pth").Folds.Should().ContainSingle();
    }

    [Fact]
    public void Trainers_that_may_change_the_network_must_be_accepted()
    {
        WriteCheckpoint("0", "nnUNetTrainerBN", "3d_fullres");

        Refuses("*trained by nnUNetTrainerBN*");
        ModelFolder.Read(path, acceptTrainer: "nnUNetTrainerBN").Trainer.Should().Be("nnUNetTrainerBN");
    }

    [Theory]
    [InlineData("nnUNetTrainer", true)]
    [InlineData("nnUNetTrainer_250epochs_NoMirroring", true)]
    [InlineData("nnUNetTrainer_4000epochs_NoMirroring", true)]
    [InlineData("nnUNetTrainer_DASegOrd0_NoMirroring", true)]
    [InlineData("nnUNetTrainerDA5Segord0", true)]
    [InlineData("nnUNetTrainerDiceTopK10Loss", true)]
    [InlineData("nnUNetTrainerTopk10LossLS01", true)]
    [InlineData("nnUNetTrainerVanillaAdam1en3", true)]
    [InlineData("nnUNetTrainer_probabilisticOversampling_033", true)]
    [InlineData("nnUNetTrainerNoDeepSupervision", true)]
    [InlineData("nnUNetTrainerBN", false)]
    [InlineData("nnUNetTrainerResEncUNet", false)]
    [InlineData("nnUNetTrainerUMambaBot", false)]
    [InlineData("nnUNetTrainer_1111111111111111111111111111111111111111111x", false)]
    [InlineData("OwnTrainer", false)]
    public void Known_trainers_keep_the_network(string name, bool known) => Trainers.KeepNetwork(name).Should().Be(known);

    [Fact]
    public void Folds_that_differ_are_refused()
    {
        WriteCheckpoint("1", "nnUNetTrainer", "3d_lowres");

        Refuses("*Fold 1 was trained by nnUNetTrainer for 3d_lowres*");
    }

    [Fact]
    public void Files_that_are_no_checkpoints_of_nnunet_are_refused()
    {
        File.WriteAllBytes(Path.Combine(path, "fold_0", Checkpoint), [1, 2, 3]);
        Refuses("*checkpoint_final.pth*'network_weights'*");

        using var weight = zeros(2);
        var writer = new TorchWriter();
        File.WriteAllBytes(Path.Combine(path, "fold_0", Checkpoint), writer.File(Checkpoints.Step.Dictionary(("network_weights", writer.Dictionary([("w", weight)])))));
        Refuses("*'trainer_name' is missing*");
    }

    public void Dispose() => Directory.Delete(path, recursive: true);

    private void Refuses(string message, IReadOnlyCollection<string>? folds = null, string? folder = null)
    {
        var reading = () => ModelFolder.Read(folder ?? path, folds);
        reading.Should().Throw<ModelFolderException>().WithMessage(message);
    }

    private void CopyFold(string name)
    {
        Directory.CreateDirectory(Path.Combine(path, $"fold_{name}"));
        File.Copy(Path.Combine(path, "fold_0", Checkpoint), Path.Combine(path, $"fold_{name}", Checkpoint));
    }

    private void WriteCheckpoint(string fold, string trainer, string configuration)
    {
        using var weight = zeros(2);
        var writer = new TorchWriter();
        Directory.CreateDirectory(Path.Combine(path, $"fold_{fold}"));
        File.WriteAllBytes(Path.Combine(path, $"fold_{fold}", Checkpoint), writer.File(Checkpoints.Step.Dictionary(
            ("network_weights", writer.Dictionary([("w", weight)])),
            ("trainer_name", Checkpoints.Step.Text(trainer)),
            ("init_args", Checkpoints.Step.Dictionary(("configuration", Checkpoints.Step.Text(configuration)))),
            ("inference_allowed_mirroring_axes", Checkpoints.Step.Tuple(Checkpoints.Step.Integer(0), Checkpoints.Step.Integer(1), Checkpoints.Step.Integer(2))))));
    }

    private void EditPlans(Action<JsonObject> edit) => Edit("plans.json", edit);

    private void Edit(string name, Action<JsonObject> edit)
    {
        var file = Path.Combine(path, name);
        var json = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        edit(json);
        File.WriteAllText(file, json.ToJsonString());
    }

    /// <summary>Sets a field (name=value), or removes it (name).</summary>
    private static void Change(JsonNode node, string change)
    {
        var at = change.IndexOf('=', StringComparison.Ordinal);
        if (at < 0) node.AsObject().Remove(change);
        else node[change[..at]] = JsonNode.Parse(change[(at + 1)..]);
    }
}
