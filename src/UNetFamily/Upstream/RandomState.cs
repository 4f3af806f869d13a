using System.Buffers.Binary;

namespace UNetFamily;

/// <summary>The state of a CPU generator; a wrong one ends the process in <c>Generator.set_state</c>, see README.md beside this file.</summary>
internal static class RandomState
{
    // CPUGeneratorImplStateLegacy of libtorch: seed, left, seeded, next, 624 numbers of a Mersenne twister, three numbers and a flag of normal draws; then those in float32.
    private const int Left = 8, Seeded = 12, Next = 16, Words = 624;

    /// <summary>What is wrong with a state, null when libtorch takes it.</summary>
    /// <param name="state">Its bytes, as many as a state of this libtorch has.</param>
    public static string? Problem(ReadOnlySpan<byte> state)
    {
        var left = BinaryPrimitives.ReadInt32LittleEndian(state[Left..]);
        var seeded = BinaryPrimitives.ReadInt32LittleEndian(state[Seeded..]);
        var next = BinaryPrimitives.ReadUInt64LittleEndian(state[Next..]);
        if (seeded != 1) return $"it isn't seeded ({seeded})";
        if (left is < 1 or > Words) return $"{left} of its {Words} numbers are left";
        return next > Words ? $"its next number is {next} of {Words}" : null;
    }
}
