using System.Runtime.InteropServices;
using UNetFamily.Tool;

// The first Ctrl+C asks the work to end, so that nothing stays half written; the second ends the process.
using var cancellation = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return ToolProgram.Run(args, new Surroundings(Console.Out, Console.Error, IsTerminal: !Console.IsErrorRedirected, cancellation.Token));

void Stop(PosixSignalContext signal)
{
    signal.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
}
