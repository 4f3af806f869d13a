namespace UNetFamily.Tool;

/// <summary>A verb of the tool.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, in a sentence.</param>
/// <param name="details">What else <c>--help</c> says.</param>
internal sealed class Verb(string name, string description, string? details = null) : Command(name, description)
{
    public string? Details => details;
}
