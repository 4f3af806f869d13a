namespace UNetFamily;

/// <summary>
/// A sheet of slices as PNG: a row for each slice, columns with titles, and a legend of the classes.
/// <code>
/// new SliceSheet(["background", "liver", "tumour"], SliceRow.ComparedColumns,
/// [
///     SliceRow.Comparing("slice 40", new SliceView(image, 512, 512), truth, prediction),
/// ]).Save("slices.png");
/// </code>
/// </summary>
/// <param name="Classes">The names of the classes, background first.</param>
/// <param name="Columns">The titles of the columns.</param>
/// <param name="Rows">The rows, one or more.</param>
public sealed record SliceSheet(ValueList<string> Classes, ValueList<string> Columns, ValueList<SliceRow> Rows)
{
    /// <summary>What stands above the sheet.</summary>
    /// <value>null: nothing.</value>
    public string? Title { get; init; }

    /// <summary>What stands below the sheet, such as where the images come from.</summary>
    /// <value>null: nothing.</value>
    public string? Note { get; init; }

    /// <summary>The width of a column in pixels, 40 to 2000.</summary>
    /// <value>300.</value>
    public int ColumnWidth { get; init; } = 300;

    /// <summary>Draws and writes the sheet.</summary>
    /// <param name="path">The file to write; one of that name is replaced. It appears whole or not at all.</param>
    /// <exception cref="ArgumentException">What is to be drawn doesn't fit together; the message says where.</exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Problems().FirstOrDefault() is { } problem) throw new ArgumentException($"The sheet can't be drawn: {problem}.");
        var layout = new SheetLayout(this);
        PngFile.Save(path, layout.Width, layout.Height, layout.Draw);
    }

    private IEnumerable<string> Problems()
    {
        if (Classes.Count is < 1 or > 256) yield return $"it has {Classes.Count} classes, background included; 1 to 256 are possible";
        if (Columns.Count == 0) yield return "it has no column";
        if (Rows.Count == 0) yield return "it has no row";
        if (ColumnWidth is < 40 or > 2000) yield return $"{nameof(ColumnWidth)} is {ColumnWidth}; it must be from 40 to 2000";
        foreach (var (i, row) in Rows.Index())
        {
            if (row.Views.Count != Columns.Count) yield return $"row {i} ('{row.Caption}') has {row.Views.Count} views for {Columns.Count} columns";
            foreach (var (column, view) in row.Views.Index())
                foreach (var problem in view.Problems(Classes.Count)) yield return $"row {i} ('{row.Caption}'), view {column}: {problem}";
        }
    }
}
