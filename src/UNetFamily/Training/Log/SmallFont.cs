namespace UNetFamily;

/// <summary>The few letters that a chart needs, 5 x 7 pixels each; a character that is not among them is a blank.</summary>
internal static class SmallFont
{
    public const int Width = 5, Height = 7, Advance = 6;

    // One letter a column of seven rows.
    private static readonly Dictionary<char, string[]> Letters = Read(
        "0123456789.-+",
        """
        .###. ..#.. .###. .###. ...#. ##### ..##. ##### .###. .###. ..... ..... .....
        #...# .##.. #...# #...# ..##. #.... .#... ....# #...# #...# ..... ..... ..#..
        #..## ..#.. ....# ....# .#.#. ####. #.... ...#. #...# #...# ..... ..... ..#..
        #.#.# ..#.. ...#. ..##. #..#. ....# ####. ..#.. .###. .#### ..... ##### #####
        ##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....# ..... ..... ..#..
        #...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#. .##.. ..... ..#..
        .###. .###. ##### .###. ...#. .###. .###. .#... .###. .##.. .##.. ..... .....
        """).Concat(Read(
        "ceholprs",
        """
        ..... ..... #.... ..... .##.. ..... ..... .....
        ..... ..... #.... ..... ..#.. ..... ..... .....
        .###. .###. #.##. .###. ..#.. ####. #.##. .####
        #.... #...# ##..# #...# ..#.. #...# ##..# #....
        #.... ##### #...# #...# ..#.. ####. #.... .###.
        #...# #.... #...# #...# ..#.. #.... #.... ....#
        .###. .###. #...# .###. .###. #.... #.... ####.
        """)).ToDictionary();

    /// <summary>Whether a pixel of a letter is ink.</summary>
    public static bool IsInk(char letter, int column, int row) => Letters.TryGetValue(letter, out var rows) && rows[row][column] == '#';

    private static Dictionary<char, string[]> Read(string letters, string picture)
    {
        var rows = picture.ReplaceLineEndings("\n").Split('\n').Select(line => line.Split(' ')).ToArray();
        return letters.Select((letter, i) => (letter, rows.Select(row => row[i]).ToArray())).ToDictionary();
    }
}
