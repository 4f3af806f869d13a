namespace UNetFamily.Tool;

/// <summary>What the tool runs in.</summary>
/// <param name="Output">Takes results.</param>
/// <param name="Errors">Takes progress and problems.</param>
/// <param name="IsTerminal">Whether somebody watches <paramref name="Errors"/>, so that bars make sense.</param>
/// <param name="Cancellation">Asks the work to end.</param>
internal sealed record Surroundings(TextWriter Output, TextWriter Errors, bool IsTerminal = false, CancellationToken Cancellation = default);
