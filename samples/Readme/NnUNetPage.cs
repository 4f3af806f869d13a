using UNetFamily.Imaging;
using UNetFamily.NnUNet;

namespace Readme;

/// <summary>The code of docs/nnunet.md.</summary>
public static class NnUNetPage
{
    /// <summary>Compiled and not run: it needs a model folder.</summary>
    public static void Folder()
    {
        #region folder
        using var model = NnUNetModel.Open("Dataset001_Brain/nnUNetTrainer__nnUNetPlans__3d_fullres");
        foreach (var image in ImageCase.In("images", model.Folder.Dataset))     // CASE_0000.nii.gz, CASE_0001.nii.gz ...
            model.Segment(image, "labels");                                     // labels/CASE.nii.gz on the grid of the image
        #endregion
    }

    public static ushort[] Stages()
    {
        var size = new VolumeSize(8, 12, 12);
        var ct = new float[size.Voxels];
        for (var i = 0; i < ct.Length; i++) ct[i] = i % 12 > 3 ? i % 700 : 0;
        IReadOnlyList<float[]> logits = [new float[size.Voxels], ct];

        #region stages
        var box = NonzeroMask.Box([ct], size);                                  // what isn't 0 everywhere
        var cut = box.Cut(ct, size);
        IntensityNormalization.Of("ZScoreNormalization").Apply(cut);            // in place

        var (here, wanted) = (new VolumeSpacing(3, 1, 1), new VolumeSpacing(1.5, 1, 1));
        var target = ResampledSize.Of(box.Size, here, wanted);
        var even = VolumeResampling.Resample(cut, box.Size, target, here, wanted, ResamplingRule.Data);

        var labels = LabelScheme.Plain(heads: 2).FromLogits(logits);            // the class of each voxel
        new KeepLargest(1).Apply(labels, size);                                 // only the largest part of class 1
        #endregion
        return even.Length == target.Voxels ? labels : [];
    }
}
