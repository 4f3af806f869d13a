namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>The classes of a task: which values of a label volume belong to each, and how they are called. Class 0 is the background.</summary>
/// <param name="Names">The names of the classes, background first.</param>
/// <param name="ClassOf">The class of each value of the label volume; a value that is missing is background.</param>
/// <param name="MirrorSymmetric">Whether a class stays itself when left and right are exchanged, so that mirrored slices may be trained on.</param>
internal sealed record LabelScheme(IReadOnlyList<string> Names, IReadOnlyDictionary<int, byte> ClassOf, bool MirrorSymmetric)
{
    private const int MostClasses = 64;

    /// <summary>
    /// The 116 hand-drawn regions of the AAL atlas (Tzourio-Mazoyer et al., 2002) in seven groups: the lobes, the limbic system with the
    /// insula, the deep grey nuclei, and the cerebellum. Left and right fall together.
    /// </summary>
    public static LabelScheme Aal { get; } = new(
        ["background", "frontal", "parietal", "temporal", "occipital", "limbic, insula", "deep grey", "cerebellum"],
        Ranges((1, 1, 28), (2, 57, 70), (3, 55, 56), (3, 79, 90), (4, 43, 54), (5, 29, 42), (6, 71, 78), (7, 91, 116)),
        MirrorSymmetric: true);

    /// <summary>A scan without its skull: what is left is brain.</summary>
    public static LabelScheme Brain { get; } = new(["background", "brain"], Ranges((1, 1, 255)), MirrorSymmetric: true);

    /// <summary>
    /// The atlas of the macaque in two groups: the white matter of the cerebrum (four regions of each side; those of the right have numbers 1000 higher), and all
    /// other tissue.
    /// </summary>
    public static LabelScheme Macaque { get; } = new(
        ["background", "grey and other", "white matter"],
        OfBothSides(other: 1, Ranges((2, 2, 2), (2, 55, 55), (2, 151, 151), (2, 193, 193))),
        MirrorSymmetric: true);

    /// <summary>The atlas of the macaque in nine groups, by the names of its larger regions: the lobes' cortex, the limbic system with the insula, deep grey nuclei, cerebellum, white matter of the cerebrum, and all other tissue.</summary>
    public static LabelScheme MacaqueRegions { get; } = new(
        ["background", "frontal", "parietal", "temporal", "occipital", "limbic, insula", "deep grey", "cerebellum", "white matter", "brainstem, other"],
        OfBothSides(other: 9, Ranges(
            (1, 147, 147), (1, 196, 196), (1, 213, 217), (1, 220, 220),
            (2, 8, 10), (2, 45, 45), (2, 111, 111),
            (3, 7, 7), (3, 37, 37), (3, 54, 54), (3, 58, 58),
            (4, 1, 1), (4, 3, 6),
            (5, 65, 65), (5, 69, 70), (5, 153, 153), (5, 166, 166), (5, 180, 180), (5, 189, 192), (5, 446, 463), (5, 482, 482), (5, 493, 496),
            (6, 82, 82), (6, 92, 92), (6, 95, 96), (6, 98, 98), (6, 101, 101), (6, 130, 130), (6, 148, 148), (6, 162, 162), (6, 209, 209), (6, 325, 325), (6, 489, 490), (6, 497, 497),
            (7, 224, 231), (7, 235, 238), (7, 240, 242), (7, 244, 249), (7, 252, 253), (7, 295, 295), (7, 504, 505),
            (8, 2, 2), (8, 55, 55), (8, 71, 71), (8, 97, 97), (8, 124, 124), (8, 149, 151), (8, 193, 193), (8, 221, 221))),
        MirrorSymmetric: true);

    /// <summary>A class for each value that occurs; nothing is known of left and right.</summary>
    public static LabelScheme Of(Volume labels)
    {
        var values = labels.Values.Distinct().Order().ToArray();
        if (!values.All(value => float.IsInteger(value) && value is >= 0 and <= 1 << 24))
            throw new InvalidDataException("labels must be whole numbers from 0 on.");
        if (values.Length is < 2 or > MostClasses)
            throw new InvalidDataException($"a label volume needs 2 to {MostClasses} different values, this one has {values.Length}.");

        var classes = values.Where(value => value > 0).Select((value, index) => (Value: (int)value, Class: (byte)(index + 1))).ToArray();
        return new LabelScheme(["background", .. classes.Select(one => $"label {one.Value}")], classes.ToDictionary(one => one.Value, one => one.Class), MirrorSymmetric: false);
    }

    /// <summary>The class of each voxel.</summary>
    public byte[] Classify(Volume labels) => Array.ConvertAll(labels.Values, value => ClassOf.GetValueOrDefault((int)value));

    // The macaque's regions of the right side have numbers 1000 higher than those of the left.
    private static Dictionary<int, byte> OfBothSides(byte other, Dictionary<int, byte> left) =>
        Enumerable.Range(1, 1605).ToDictionary(region => region, region => left.GetValueOrDefault(region % 1000, other));

    private static Dictionary<int, byte> Ranges(params ReadOnlySpan<(int Class, int First, int Last)> ranges)
    {
        var classes = new Dictionary<int, byte>();
        foreach (var (label, first, last) in ranges)
            for (var value = first; value <= last; value++) classes.Add(value, (byte)label);
        return classes;
    }
}
