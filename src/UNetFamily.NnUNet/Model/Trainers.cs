using System.Text.RegularExpressions;

namespace UNetFamily.NnUNet;

/// <summary>
/// Which of nnU-Net's trainers leave the network as the plans say. Their names are all that a checkpoint tells of them; what they change besides (losses, augmentation, optimizers, length) is over when a
/// model is used, and mirroring stands in the checkpoint.
/// </summary>
internal static partial class Trainers
{
    private const int LongestName = 128;

    /// <summary>Whether a trainer is known to build the network of the plans.</summary>
    public static bool KeepNetwork(string name) => name.Length <= LongestName && Known().IsMatch(name);

    // The base and the variants that nnU-Net 2.0 to 2.8.1 ship, whose names are put together from these words. Not among them: nnUNetTrainerBN, which replaces all norms, and those of other networks.
    [GeneratedRegex("""
        ^nnUNetTrainer(
          _? ( NoMirroring | onlyMirror\d+(?!\d) | DA5 | (DA)?Seg[Oo]rd0 | DAOrd0 | ord0 | NoDA | fasterDA | noDummy2DDA
             | (Vanilla)? (R?Adam|Adan|SGD) (\d+en\d+(?!\d))? | CosAnneal | warmup | ReduceOnPlateau
             | Dice | CE | Top[Kk]\d+(?!\d) | Loss | LS\d*(?!\d) | noSmooth | Focal | FL | and
             | DiceUseClip | memEffCEDice | switchToDice
             | probabilisticOversampling | betterIgnoreSampling | fixCEAggr | ignoreLabel | lossBalancing
             | NoDeepSupervision | Benchmark | noDataLoading | noIO | pinbuffer | asynccopy
             | \d+(?!\d) (epochs?|ep)? )
        )*$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Known();
}
