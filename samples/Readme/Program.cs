using Readme;
using static TorchSharp.torch;

// For build.sh api, in DocFX's folder: what it can't take from the packages' comments.
if (args is ["reference", var root])
{
    var types = new PublicTypes(root, AppContext.BaseDirectory);
    Console.WriteLine($"{types.Write(root)} of {types.All.Count} public types have an example or a link to one.");
    return;
}

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
