using System.Reflection;
using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.ComposeYourOwn;
using UNetFamily.Samples.MultiDomain;

namespace UNetFamily.Tests.Samples;

public class CommandLineTests
{
    [Fact]
    public void An_error_is_one_line()
    {
        foreach (var program in (Assembly[])[typeof(Demo).Assembly, typeof(DomainTask).Assembly, typeof(GatedNest).Assembly])
        {
            var (code, output, errors) = ChildProcess.Run(program.Location, ["--fast"]);
            code.Should().Be(2);
            (output + errors).Trim().ReplaceLineEndings("\n").Split('\n').Should().ContainSingle("that is all of {0}", program.GetName().Name).Which.Should().EndWith("See --help.");
        }
    }
}
