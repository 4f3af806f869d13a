using System.Globalization;
using System.Text;

namespace UNetFamily;

/// <summary>Prints a tree of modules as a table.</summary>
internal static class CostTable
{
    public static string Print(ModuleCost root, int depth)
    {
        var rows = new List<string[]> { new[] { "module", "type", "output", "parameters", "trainable", "multiply-accumulates", "kept" } };
        Add(root, indent: 0);
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        return string.Join('\n', rows.Select(row => string.Join("  ", row.Select((cell, column) => column < 3 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd()));

        void Add(ModuleCost module, int indent)
        {
            rows.Add([$"{new string(' ', 2 * indent)}{(module.Path.Length == 0 ? "network" : module.Name)}", module.Module, $"{module.Output}",
                Count(module.Parameters), module.Parameters == 0 ? "" : module.TrainableParameters.ToString("N0", CultureInfo.InvariantCulture),
                Count(module.Macs), module.KeptBytes == 0 ? "" : Size(module.KeptBytes)]);
            if (indent >= depth) return;
            foreach (var part in module.Parts) Add(part, indent + 1);
        }
    }

    /// <summary>Bytes in the largest unit of 1,000 that leaves a number over 1: <c>512 bytes</c>, <c>1.5 kB</c>, <c>24.0 GB</c>.</summary>
    public static string Size(long bytes)
    {
        if (bytes < 1000) return string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");
        var (size, unit) = (bytes / 1e3, 0);
        while (size >= 999.95 && unit < 3) (size, unit) = (size / 1e3, unit + 1);
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.0} {"kMGT"[unit]}B");
    }

    private static string Count(long number) => number == 0 ? "" : number.ToString("N0", CultureInfo.InvariantCulture);
}
