namespace UNetFamily.NnUNet;

/// <summary>What the foreground of all training images had in a channel (<c>foreground_intensity_properties_per_channel</c> of the plans).</summary>
/// <param name="Mean">The mean.</param>
/// <param name="StandardDeviation">The standard deviation.</param>
/// <param name="Percentile005">The number that 0.5 percent lie below (<c>percentile_00_5</c>).</param>
/// <param name="Percentile995">The number that 0.5 percent lie above (<c>percentile_99_5</c>).</param>
public sealed record IntensityProperties(double Mean, double StandardDeviation, double Percentile005, double Percentile995);
