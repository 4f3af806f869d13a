namespace UNetFamily.NnUNet;

/// <summary>Which of nnU-Net's functions resamples.</summary>
public enum ResamplingMethod
{
    /// <summary><c>resample_data_or_seg_to_shape</c>: scikit-image's <c>resize</c> and SciPy's <c>map_coordinates</c>, in double precision.</summary>
    Spline,

    /// <summary><c>resample_torch_fornnunet</c>: PyTorch's <c>interpolate</c>, linear, in single precision.</summary>
    Torch,

    /// <summary><c>no_resampling_hack</c>: nothing is resampled.</summary>
    None,
}
