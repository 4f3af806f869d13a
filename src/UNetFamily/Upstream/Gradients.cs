namespace UNetFamily;

/// <summary>Gradients of parameters; <c>.to()</c> of a module leaves them alive, see README.md beside this file.</summary>
internal static class Gradients
{
    /// <summary>Removes the gradients of parameters, as before their module is moved or converted.</summary>
    public static void Clear(IEnumerable<Parameter> parameters)
    {
        foreach (var parameter in parameters) parameter.grad = null!;
    }
}
