namespace UNetFamily;

/// <summary>Something in a checkpoint that is not a weight: an epoch, the state of an optimizer, a Python object.</summary>
/// <param name="Name">Its name in the file; dots lead into nested entries.</param>
/// <param name="Description">What it is, in words: the value of a number or short text, otherwise its kind and size. Nothing of it was executed.</param>
public sealed record CheckpointItem(string Name, string Description);
