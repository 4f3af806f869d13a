namespace UNetFamily;

/// <summary>What an exported network ends in.</summary>
public enum OnnxOutput
{
    /// <summary>Logits, (N, classes, …spatial), as the network gives them.</summary>
    Logits,

    /// <summary>Probabilities of one class for each place: a softmax over the classes.</summary>
    Softmax,

    /// <summary>Probabilities of each class by itself: a sigmoid.</summary>
    Sigmoid,

    /// <summary>The class of each place, (N, …spatial): 8-bit, or 32-bit for more than 256 classes. A network of one channel gives 1 where its logit is above 0.</summary>
    Labels,
}
