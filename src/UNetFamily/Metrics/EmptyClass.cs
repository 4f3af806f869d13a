namespace UNetFamily;

/// <summary>
/// What a score is where a class is neither labelled nor predicted. There is no default: the three answers give different tables. A class that is only labelled (missed) or only predicted
/// (a false alarm) has the worst score under all of them.
/// </summary>
public enum EmptyClass
{
    /// <summary>NaN, and left out of means, as nnU-Net does: a case says nothing about a class that it lacks.</summary>
    Skip,

    /// <summary>1, and a distance of 0: saying rightly that there is nothing is a success.</summary>
    Perfect,

    /// <summary>0, and the distance of a missed class: every class is expected in every case.</summary>
    Worst,
}
