namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>
/// Which slices are trained on and which are held out. Neighbouring slices are nearly copies of each other, so whole blocks are held out
/// and only the centre slice of each is judged, the one furthest from anything that was seen.
/// </summary>
/// <param name="Training">The slices to train on, those without any label included.</param>
/// <param name="Centres">The centre slices of the held-out blocks.</param>
/// <param name="Thickness">Slices in a block.</param>
internal sealed record SliceSplit(int[] Training, int[] Centres, int Thickness)
{
    private const int EveryOther = 5;
    private const int FirstHeldOut = 2;

    /// <summary>Holds out every fifth block of nine slices, thinner ones when there are few slices with labels.</summary>
    /// <exception cref="InvalidDataException">There are too few slices with labels.</exception>
    public static SliceSplit Of(Subject subject)
    {
        var labelled = Enumerable.Range(0, subject.Size.Z).Where(z => subject.LabelsOf(z).ContainsAnyExcept((byte)0)).ToArray();
        if (labelled.Length < 3 * EveryOther) throw new InvalidDataException($"{labelled.Length} slices have labels; {3 * EveryOther} or more are needed.");

        var (first, last) = (labelled[0], labelled[^1]);
        // An odd thickness has a centre.
        var thickness = Math.Min(9, labelled.Length / (3 * EveryOther)) | 1;
        var held = Enumerable.Range(0, (last + 1 - first) / thickness).Where(block => block % EveryOther == FirstHeldOut).ToArray();
        return new SliceSplit(
            [.. Enumerable.Range(0, subject.Size.Z).Where(z => z < first || !held.Contains((z - first) / thickness))],
            [.. held.Select(block => first + block * thickness + thickness / 2)],
            thickness);
    }

    /// <summary>The training slice that is nearest to a held-out one, among those on the given side.</summary>
    public int Nearest(int slice, bool above) => above ? Training.Where(z => z > slice).Min() : Training.Where(z => z < slice).Max();
}
