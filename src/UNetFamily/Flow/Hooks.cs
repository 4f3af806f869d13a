using System.Runtime.CompilerServices;

namespace UNetFamily;

/// <summary>
/// Whether hooks wait for a module's <c>call</c>. A flow goes through a <c>Sequential</c> layer by layer, which its hooks would miss; TorchSharp tells nobody whether there are any, so its fields are read.
/// </summary>
internal static class Hooks
{
    /// <summary>Whether a module has hooks.</summary>
    /// <param name="module">The module.</param>
    public static bool On<TPre, TPost>(HookableModule<TPre, TPost> module) => FieldsOf<TPre, TPost>.Count(module) > 0;

    /// <summary>Whether a module, or one inside it, has hooks.</summary>
    /// <param name="root">The module.</param>
    public static bool Within(nn.Module root) => root.modules().Append(root).Any(module => module switch
    {
        Module<Tensor, Tensor> one => On(one),
        Module<Tensor, Tensor, Tensor> two => On(two),
        SegmentationModel model => On(model),
        _ => false,
    });

    // The accessors of a generic type's fields must stand in a type of the same parameters.
    private static class FieldsOf<TPre, TPost>
    {
        public static int Count(HookableModule<TPre, TPost> module) => Pre(module).Count + Post(module).Count + ModulePre(module).Count + ModulePost(module).Count;

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "pre_hooks")]
        private static extern ref Dictionary<string, TPre> Pre(HookableModule<TPre, TPost> module);

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "post_hooks")]
        private static extern ref Dictionary<string, TPost> Post(HookableModule<TPre, TPost> module);

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "module_pre_hooks")]
        private static extern ref Dictionary<string, Action<nn.Module>> ModulePre(HookableModule<TPre, TPost> module);

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "module_post_hooks")]
        private static extern ref Dictionary<string, Action<nn.Module>> ModulePost(HookableModule<TPre, TPost> module);
    }
}
