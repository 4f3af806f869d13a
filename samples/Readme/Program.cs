using Readme;

// Runs what the README shows, in the README's order.
Snippets.Segment();
Snippets.Train();
Snippets.Volumes();
Snippets.Prune();

var here = Directory.GetCurrentDirectory();
var folder = Directory.CreateTempSubdirectory("unetfamily-readme-").FullName;
Directory.SetCurrentDirectory(folder);
Snippets.Checkpoints();
Snippets.Domains();
Snippets.Onnx();
Directory.SetCurrentDirectory(here);
Directory.Delete(folder, recursive: true);
Console.WriteLine("Every snippet of the README ran.");
