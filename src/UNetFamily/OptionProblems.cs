using System.Globalization;

namespace UNetFamily;

/// <summary>What options records do with the sentences of their <c>Problems()</c>: all of them go into one exception.</summary>
internal static class OptionProblems
{
    /// <summary>Throws when there are problems.</summary>
    /// <param name="problems">A sentence each.</param>
    /// <param name="what">What has them; the message begins with it.</param>
    /// <param name="parameter">The parameter that they came in by; null where it is the receiver.</param>
    /// <exception cref="ArgumentException">There are problems; the message lists them all.</exception>
    public static void ThrowIfAny(this IEnumerable<string> problems, string what, string? parameter = null)
    {
        string[] all = [.. Invariant(problems)];
        if (all.Length > 0) throw new ArgumentException($"{what}: {string.Join(" ", all)}", parameter);
    }

    // The sentences are written where they are found, and numbers in them must not look as the user's culture writes them.
    private static List<string> Invariant(IEnumerable<string> problems)
    {
        var own = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            return [.. problems];
        }
        finally
        {
            CultureInfo.CurrentCulture = own;
        }
    }
}
