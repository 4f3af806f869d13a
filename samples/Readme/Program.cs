using Readme;
using static TorchSharp.torch;

// Runs what README and docs show, page by page.
var here = Directory.GetCurrentDirectory();
var folder = Directory.CreateTempSubdirectory("unetfamily-pages-").FullName;
Pages.Prepare(folder);
Directory.SetCurrentDirectory(folder);
try
{
    foreach (var (page, run) in Pages.Runs)
    {
        using var scope = NewDisposeScope();
        Console.WriteLine($"== {page}");
        run();
    }
}
finally
{
    Directory.SetCurrentDirectory(here);
    Directory.Delete(folder, recursive: true);
}
Console.WriteLine("Every page ran.");
