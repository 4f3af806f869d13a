using System.Globalization;

namespace UNetFamily;

/// <summary>The loss, the gradients, the running statistics or the validation's score of a training are no longer finite. Weights and buffers are those before the step, but after a score, which leaves them as they are.</summary>
public sealed class TrainingDivergedException : ArithmeticException
{
    internal TrainingDivergedException(string what, double value, long step, string? checkpoint)
        : base(string.Create(CultureInfo.InvariantCulture, $"{what} became {value} in step {step} (counted from 0). ")
            + (checkpoint is null ? "There is no checkpoint to go back to." : $"The last good state is {checkpoint}.")
            + " A lower learning rate, a longer warm-up or a smaller ClipNorm help as a rule; in half precision, try BFloat16.") =>
        (Step, LastCheckpoint) = (step, checkpoint);

    /// <summary>The step, counted from 0.</summary>
    public long Step { get; }

    /// <summary>The file from which the training can be resumed; null when there is none.</summary>
    public string? LastCheckpoint { get; }
}
