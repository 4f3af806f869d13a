using System.Globalization;
using System.Reflection;

namespace UNetFamily.Tests.Conventions;

/// <summary>Messages are the same wherever the program runs: a comma, another sign for minus or another grouping of digits make numbers ambiguous, and can't be searched for.</summary>
public class CultureTests
{
    /// <summary>Nobody's culture, in which every number that follows it shows.</summary>
    private static readonly CultureInfo Strange = new(CultureInfo.InvariantCulture.Name)
    {
        NumberFormat = new() { NumberDecimalSeparator = "⁋", NegativeSign = "⁂", NumberGroupSeparator = "⁌", PositiveSign = "⁑", NaNSymbol = "⁎", PositiveInfinitySymbol = "⁕", NegativeInfinitySymbol = "⁖" },
    };

    public static TheoryData<string> Records() => new(typeof(SegmentationModel).Assembly.GetTypes().Where(HasProblems).Select(type => type.Name).Distinct());

    [Theory]
    [MemberData(nameof(Records))]
    public void Sentences_about_options_do_not_follow_it(string record)
    {
        foreach (var (options, check) in Samples(record))
        {
            foreach (var property in options.GetType().GetProperties().Where(property => property.SetMethod is { IsPublic: true }))
                foreach (var value in Wrong(property.PropertyType))
                {
                    var copy = options.GetType().GetMethod("<Clone>$")!.Invoke(options, [])!;
                    property.SetValue(copy, value);
                    Said(() => check(copy)).Should().Be(Said(() => check(copy), Strange), "that is {0}.{1}", record, property.Name);
                }
        }
    }

    [Fact]
    public void What_is_refused_directly_does_not_either()
    {
        using var scope = NewDisposeScope();
        Action[] refused =
        [
            () => Regularization.Dropout(1.5), () => Regularization.AlphaDropout(-0.5), () => Normalization.BatchWith(eps: double.NaN), () => Activation.LeakyReLU(double.NegativeInfinity),
            () => _ = new DropPath(1.5), () => _ = new EarlyStopping(1, -0.5), () => _ = new WeightAverage(Linear(1, 1), 1.5), () => _ = new GradientScaler(-0.5), () => _ = new GradientScaler(1, 0.5), () => _ = new GradientScaler(1, 2, 1.5),
            () => LearningRateSchedule.Polynomial(-0.5), () => LearningRateSchedule.Cosine(1.5), () => MedNeXtOptions.Scaled(1, 2, depth: -0.5), () => _ = new SeparableConv(SpatialDims.Two, 2, 2, widthMultiplier: -0.5),
            () => SupervisionWeights.Of(0.5, -1.5), () => DistanceTransform.To(zeros([4, 4], ScalarType.Bool), 0.5, -1.5), () => new BoundaryWeights { W0 = -1.5 }.Of(zeros([1, 4, 4], ScalarType.Int64)),
            () => new DiceLoss().Of(rand(1, 2, 4, 4), full([1, 4, 4], -3, ScalarType.Int64)), () => _ = new TrainingCase("a", full([1, 4, 4], double.NaN), zeros([4, 4], ScalarType.Int64), classes: 2),
            () => _ = new TrainingCase("a", rand(1, 4, 4), full([4, 4], -3, ScalarType.Int64), classes: 2), () => new UNet(UNetOptions.Milesial(1, 2) with { Widths = [2, 4] }).call(rand(1, 3, 1, 1)),
        ];
        foreach (var (index, refuse) in refused.Index())
        {
            var message = Said(refuse);
            message.Should().NotBeEmpty("number {0} is refused", index);
            Said(refuse, Strange).Should().Be(message);
        }
    }

    [Fact]
    public void Values_print_the_same()
    {
        var printed = () => string.Join(' ', ValueList.Create<double>([0.5, -1.5]), ValueList.Create<long>([-3]), Extent.Of([-2, 3]), Shapes.Text([-1, 2]), Regularization.Dropout(0.5), Normalization.BatchWith(1e-3), Activation.PReLU(-0.5), Initialization.He(-0.5));
        var usual = printed();
        Under(Strange, printed).Should().Be(usual);
    }

    private static bool HasProblems(Type type) => type is { IsAbstract: false, IsClass: true } && !type.Name.StartsWith('<') && ProblemsOf(type) is not null;

    private static MethodInfo? ProblemsOf(Type type) => Array.Find(type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic), method => method.Name == "Problems" && method.ReturnType == typeof(IEnumerable<string>));

    /// <summary>A sound record of a type, and what refuses a wrong one.</summary>
    private static IEnumerable<(object Options, Action<object> Check)> Samples(string record)
    {
        if (Choices.Networks.FirstOrDefault(options => options.GetType().Name == record) is { } network) return [(network, options => ((SegmentationModelOptions)options).Build().Dispose())];
        var type = typeof(SegmentationModel).Assembly.GetTypes().Single(type => type.Name == record);
        var problems = ProblemsOf(type)!;
        object sample = record == nameof(MetricOptions) ? new MetricOptions { Classes = ["a", "b"], EmptyClass = EmptyClass.Skip, MissingSurface = MissingSurface.ImageDiagonal }
            : record == nameof(PatchLoaderOptions) ? new PatchLoaderOptions { PatchSize = 8, BatchSize = 2 }
            : Activator.CreateInstance(type)!;
        object?[] arguments = [.. problems.GetParameters().Select(parameter => parameter.ParameterType == typeof(SpatialDims) ? SpatialDims.Two : parameter.ParameterType == typeof(long) ? (object)4L : null)];
        return [(sample, options => ((IEnumerable<string>)problems.Invoke(options, arguments)!).ThrowIfAny(record))];
    }

    private static object?[] Wrong(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var kind when kind == typeof(double) => [-1.5, double.NaN, double.PositiveInfinity, 1234.5],
        var kind when kind == typeof(long) => [-3L, 0L],
        var kind when kind == typeof(int) => [-3, 0],
        var kind when kind == typeof(Extent) => [Extent.Of([-3, 2]), Extent.Of([0])],
        var kind when kind == typeof(ValueList<long>) => [ValueList.Create<long>([-3, -4])],
        var kind when kind == typeof(ValueList<double>) => [ValueList.Create<double>([-1.5, 2.5, 3.5, 4.5])],
        var kind when kind == typeof(ValueList<Extent>) => [ValueList.Create<Extent>([Extent.Of([-3, 2])])],
        var kind when kind == typeof(TimeSpan) => [TimeSpan.FromSeconds(-1.5)],
        _ => [],
    };

    private static string Said(Action action, CultureInfo? culture = null) => Under(culture ?? CultureInfo.InvariantCulture, () =>
    {
        try
        {
            action();
            return "";
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or CheckpointException)
        {
            return e.Message;
        }
    });

    private static string Under(CultureInfo culture, Func<string> text)
    {
        var own = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = culture;
        try
        {
            return text();
        }
        finally
        {
            CultureInfo.CurrentCulture = own;
        }
    }
}
