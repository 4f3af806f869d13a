using System.Globalization;
using System.Runtime.CompilerServices;

namespace UNetFamily;

/// <summary>What the families of choices (<see cref="Normalization"/>, <see cref="Activation"/> …) ask of their arguments.</summary>
internal static class Choice
{
    /// <summary>The number itself, which a file can hold and a layer can use; NaN and the infinities are neither.</summary>
    public static double Finite(double number, [CallerArgumentExpression(nameof(number))] string name = "") => double.IsFinite(number)
        ? number
        : throw new ArgumentOutOfRangeException(name, string.Create(CultureInfo.InvariantCulture, $"{name} must be a finite number, is {number}."));

    /// <summary>A number as messages show it, whatever the user's culture.</summary>
    public static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Numbers as messages show them.</summary>
    public static string Text(IEnumerable<double> numbers) => string.Join(", ", numbers.Select(Text));

    /// <summary>A whole number as messages show it: the user's culture may have a sign of its own.</summary>
    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
