using Readme;

// Runs what the README shows, in the README's order.
Snippets.Segment();
Snippets.Train();
Snippets.Volumes();
Console.WriteLine("Every snippet of the README ran.");
