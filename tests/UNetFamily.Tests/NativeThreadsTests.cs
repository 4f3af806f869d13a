namespace UNetFamily.Tests;

/// <summary>What libtorch's OpenMP says that it was told, in processes of their own: it is told once, when it is loaded.</summary>
public sealed class NativeThreadsTests
{
    [PeakMemoryTheory]
    [InlineData("", "", "10000")]
    [InlineData("GOMP_SPINCOUNT", "777", "777")]
    public void The_first_options_let_them_sleep_soon(string variable, string value, string expected) => SpinCount((variable, value)).Should().Contain($"GOMP_SPINCOUNT = '{expected}'");

    [PeakMemoryTheory]
    [InlineData("UNETFAMILY_REST_THREADS", "0")]
    [InlineData("OMP_WAIT_POLICY", "active")]
    public void Whoever_has_decided_keeps_what_was_set(string variable, string value) => SpinCount((variable, value)).Should().Contain("GOMP_SPINCOUNT").And.NotContain("GOMP_SPINCOUNT = '10000'");

    private static string SpinCount((string Name, string Value) variable)
    {
        (string, string)[] environment = [("OMP_DISPLAY_ENV", "verbose"), .. variable.Name.Length > 0 ? [variable] : ((string, string)[])[]];
        var (code, _, errors) = ChildProcess.Run(typeof(NativeThreadsTests).Assembly.Location, [Program.PagesArgument], environment);
        code.Should().Be(0, errors);
        return errors;
    }
}
