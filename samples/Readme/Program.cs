using Readme;

// Runs what the README shows, in the README's order.
Snippets.Segment();
Snippets.Train();
Snippets.Volumes();
Snippets.Prune();
Console.WriteLine("Every snippet of the README ran.");
