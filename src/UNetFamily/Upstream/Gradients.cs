namespace UNetFamily;

/// <summary>Gradients of parameters; <c>.to()</c> of a module leaves them alive, see README.md beside this file.</summary>
internal static class Gradients
{
    /// <summary>Removes the gradients of all parameters of a module, before it is moved or converted.</summary>
    public static void Clear(nn.Module module)
    {
        foreach (var parameter in module.parameters()) parameter.grad = null!;
    }
}
