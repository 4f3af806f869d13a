namespace UNetFamily;

/// <summary>Fills the memory of a batch: chooses case and window of each patch, reads it, and augments it. Holds nothing that changes.</summary>
internal sealed class PatchSampler(TrainingCase[] cases, PatchLoaderOptions options)
{
    /// <summary>Makes a batch.</summary>
    /// <returns>The buffer that it was given.</returns>
    /// <exception cref="InvalidOperationException">A step failed; the message has case and batch.</exception>
    public BatchBuffer Fill(BatchBuffer buffer, long batch, CancellationToken cancellation)
    {
        for (var sample = 0; sample < options.BatchSize; sample++)
        {
            cancellation.ThrowIfCancellationRequested();
            var random = new PatchRandom(options.Seed, batch, sample);
            var from = cases[random.Next(cases.Length)];
            try
            {
                Fill(new TrainingPatch(buffer, sample), from, forced: sample >= options.BatchSize - options.Forced, random);
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                throw new InvalidOperationException($"Case '{from.Name}', patch {sample} of batch {batch}: {problem.Message}", problem);
            }
        }

        return buffer;
    }

    private void Fill(TrainingPatch patch, TrainingCase from, bool forced, PatchRandom random)
    {
        var window = Voxel(from, forced, random) is { } voxel ? PatchWindow.Around(from, patch, voxel) : PatchWindow.Anywhere(from, patch, random);
        var reader = new PatchReader(from, patch, options.PaddingValue, (byte)options.PaddingLabel);
        if (options.Augmentation.Affine?.Draw(from.SpatialDims, random) is { } map) reader.Read(map, window.Origin(map));
        else reader.Read(window);

        foreach (var step in options.Augmentation.Steps)
            if (random.Chance(step.Probability)) step.Apply(patch, random);
    }

    /// <summary>The voxel to centre a patch on; null for a patch anywhere. Where labels are sparse, a patch anywhere would often have none.</summary>
    private static int? Voxel(TrainingCase from, bool forced, PatchRandom random)
    {
        var places = forced && from.Foreground.Count > 0 ? from.Locations[from.Foreground[random.Next(from.Foreground.Count)]] : from.Annotated ?? [];
        return places.Length > 0 ? places[random.Next(places.Length)] : null;
    }
}
