namespace UNetFamily.NnUNet;

/// <summary>Where an image is: what isn't 0 in some channel, and holes in that, which no way through neighbouring faces leads out of.</summary>
internal static class FilledMask
{
    private const byte Unknown = 0, Inside = 1, Outside = 2;

    /// <summary>The mask of a volume.</summary>
    /// <returns>True inside.</returns>
    public static bool[] Of(IReadOnlyList<float[]> channels, int[] sides)
    {
        var places = new byte[channels[0].Length];
        foreach (var channel in channels)
            for (var place = 0; place < places.Length; place++)
                if (channel[place] != 0) places[place] = Inside;
        Flood(places, sides);
        return Array.ConvertAll(places, place => place != Outside);
    }

    /// <summary>What is reached from the border, by sweeps to and fro until nothing changes: few for what images look like, and no list of places.</summary>
    private static void Flood(byte[] places, int[] sides)
    {
        var (plane, line) = (sides[1] * sides[2], sides[2]);
        bool changed;
        do
        {
            changed = false;
            for (var place = 0; place < places.Length; place++) Reach(place);
            for (var place = places.Length - 1; place >= 0; place--) Reach(place);
        }
        while (changed);

        void Reach(int place)
        {
            if (places[place] != Unknown) return;
            var (row, rest) = (place / plane, place % plane);
            var (at, x) = (rest / line, rest % line);
            if (row > 0 && row < sides[0] - 1 && at > 0 && at < sides[1] - 1 && x > 0 && x < sides[2] - 1
                && places[place - plane] != Outside && places[place + plane] != Outside && places[place - line] != Outside && places[place + line] != Outside && places[place - 1] != Outside && places[place + 1] != Outside) return;
            places[place] = Outside;
            changed = true;
        }
    }
}
