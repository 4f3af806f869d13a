using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace UNetFamily.Tests.Upstream;

/// <summary>The library calls nothing that has a guard, and nothing of TorchSharp that ends the process on an error.</summary>
public class AvoidedCallTests
{
    // The native functions without a CATCH that a wrong shape, type or device, or a lack of memory can reach, and those that compute something else.
    private static readonly string[] Members = ["matmul", "grad", "cummax", "cummin", "baddbmm", "trunc_normal_", "elu_"];
    private static readonly string[] Types = ["ModuleDict`1", "ParameterDict"];

    [Fact]
    public void The_library_goes_another_way()
    {
        using var file = new PEReader(File.OpenRead(typeof(SegmentationModel).Assembly.Location));
        var metadata = file.GetMetadataReader();

        var members = metadata.MemberReferences.Select(handle => metadata.GetString(metadata.GetMemberReference(handle).Name)).ToList();
        var types = metadata.TypeReferences.Select(handle => metadata.GetString(metadata.GetTypeReference(handle).Name)).ToList();

        members.Should().Contain("bmm", "the names are found").And.NotContain(Members);
        types.Should().Contain("Parameter").And.NotContain(Types);
    }
}
