using F = TorchSharp.torch.nn.functional;

namespace UNetFamily.Tests.Backend;

/// <summary>
/// Layers and functions against values that PyTorch 1.13 gave. Inputs and weights are sines of the element's index, so that nothing has to be
/// stored but the expected shape, the first three elements and the sum of the absolute values.
/// </summary>
public class ModulesNumericsTests
{
    private static readonly Dictionary<string, Func<Tensor>> Subjects = new()
    {
        ["conv1d"] = () => Run(Conv1d(4, 6, 3, stride: 2, padding: 1, groups: 2), Line),
        ["conv2d"] = () => Run(Conv2d(4, 3, 3, padding: 1, dilation: 2), Plane),
        ["conv2d rect"] = () => Run(Conv2d(4, 3, (3, 1), stride: (2, 1), padding: (1, 0), bias: false), Plane),
        ["conv2d same"] = () => Run(Conv2d(4, 3, (3, 2), Padding.Same), Plane),
        ["conv2d reflect"] = () => Run(Conv2d(4, 3, 3, padding: 2, padding_mode: PaddingModes.Reflect), Plane),
        ["conv2d circular"] = () => Run(Conv2d(4, 3, 3, padding: 1, padding_mode: PaddingModes.Circular), Plane),
        ["conv2d replicate"] = () => Run(Conv2d(4, 3, (3, 3), padding: (2, 1), padding_mode: PaddingModes.Replicate), Plane),
        ["conv3d"] = () => Run(Conv3d(4, 2, 3, padding: 1), Volume),
        ["conv3d depthwise"] = () => Run(Conv3d(4, 4, 3, padding: 1, groups: 4), Volume),
        ["convt1d"] = () => Run(ConvTranspose1d(4, 3, 2, stride: 2), Line),
        ["convt2d"] = () => Run(ConvTranspose2d(4, 3, 3, stride: 2, padding: 1, output_padding: 1), Plane),
        ["convt3d"] = () => Run(ConvTranspose3d(4, 2, 2, stride: 2), Volume),
        ["convt2d size"] = () => Filled(ConvTranspose2d(4, 3, 3, stride: 2, padding: 1)).forward(Plane, [12, 10]),
        ["linear"] = () => Run(Linear(5, 3), Plane),
        ["group norm"] = () => Run(GroupNorm(2, 4), Plane),
        ["layer norm"] = () => Run(LayerNorm([6, 5]), Plane),
        ["instance norm"] = () => Run(InstanceNorm2d(4, affine: true), Plane),
        ["instance norm plain"] = () => Run(InstanceNorm3d(4), Volume),
        ["batch norm train"] = () => Run(BatchNorm2d(4), Plane),
        ["batch norm mean"] = () => AfterOneBatch().running_mean!,
        ["batch norm var"] = () => AfterOneBatch().running_var!,
        ["batch norm eval"] = () => AfterOneBatch().call(Plane),
        ["max pool"] = () => Run(MaxPool2d(2), Plane),
        ["max pool 3 1 1"] = () => Run(MaxPool2d(3, 1, 1), Plane),
        ["max pool ceil"] = () => Run(MaxPool2d(2, ceil_mode: true), Plane),
        ["max pool 3d"] = () => Run(MaxPool3d(2, 2), Volume),
        ["avg pool"] = () => Run(AvgPool2d(2), Plane),
        ["avg pool pad"] = () => Run(AvgPool2d(3, 2, 1, count_include_pad: false), Plane),
        ["avg pool 3d"] = () => Run(AvgPool3d(2), Volume),
        ["adaptive avg"] = () => Run(AdaptiveAvgPool2d((2, 3)), Plane),
        ["adaptive max"] = () => Run(AdaptiveMaxPool3d([2, 2, 2]), Volume),
        ["up nearest"] = () => Run(Upsample(scale_factor: [2, 2]), Plane),
        ["up bilinear"] = () => Run(Upsample([9, 8], mode: UpsampleMode.Bilinear, align_corners: true), Plane),
        ["up bilinear half"] = () => Run(Upsample(scale_factor: [1.5, 1.5], mode: UpsampleMode.Bilinear, align_corners: false), Plane),
        ["up trilinear"] = () => Run(Upsample(scale_factor: [2, 2, 2], mode: UpsampleMode.Trilinear, align_corners: false), Volume),
        ["up bicubic"] = () => F.interpolate(Plane, [7, 9], mode: InterpolationMode.Bicubic, align_corners: false),
        ["area"] = () => F.interpolate(Plane, [3, 2], mode: InterpolationMode.Area),
        ["linear1d"] = () => F.interpolate(Line, scale_factor: [2], mode: InterpolationMode.Linear, align_corners: true),
        ["nearest exact"] = () => F.interpolate(Plane, [7, 9], mode: InterpolationMode.NearestExact),
        ["antialias"] = () => F.interpolate(Plane, [3, 3], mode: InterpolationMode.Bilinear, align_corners: false, antialias: true),
        ["recompute"] = () => F.interpolate(Plane, scale_factor: [1.5, 1.5], mode: InterpolationMode.Bilinear, align_corners: false, recompute_scale_factor: true),
        ["relu"] = () => ReLU().to(ScalarType.Float64).call(Plane * 4),
        ["relu6"] = () => ReLU6().to(ScalarType.Float64).call(Plane * 4),
        ["leaky"] = () => LeakyReLU(0.2).to(ScalarType.Float64).call(Plane * 4),
        ["elu"] = () => ELU(0.5).to(ScalarType.Float64).call(Plane * 4),
        ["selu"] = () => SELU().to(ScalarType.Float64).call(Plane * 4),
        ["silu"] = () => SiLU().to(ScalarType.Float64).call(Plane * 4),
        ["mish"] = () => Mish().to(ScalarType.Float64).call(Plane * 4),
        ["gelu"] = () => GELU().to(ScalarType.Float64).call(Plane * 4),
        ["gelutanh"] = () => GELU(TorchSharp.Modules.GELU.Approximate.tanh).to(ScalarType.Float64).call(Plane * 4),
        ["sigmoid"] = () => Sigmoid().to(ScalarType.Float64).call(Plane * 4),
        ["tanh"] = () => Tanh().to(ScalarType.Float64).call(Plane * 4),
        ["hardswish"] = () => Hardswish().to(ScalarType.Float64).call(Plane * 4),
        ["hardsigmoid"] = () => Hardsigmoid().to(ScalarType.Float64).call(Plane * 4),
        ["softplus"] = () => Softplus(2).to(ScalarType.Float64).call(Plane * 4),
        ["softmax"] = () => Softmax(1).to(ScalarType.Float64).call(Plane * 4),
        ["logsoftmax"] = () => LogSoftmax(1).to(ScalarType.Float64).call(Plane * 4),
        ["prelu"] = () => PReLU(4).to(ScalarType.Float64).call(Plane * 4),
        ["pixel shuffle"] = () => F.pixel_shuffle(Plane, 2),
        ["pad reflect"] = () => F.pad(Plane, (1, 2, 2, 0), PaddingModes.Reflect),
        ["pad constant"] = () => F.pad(Plane, (1, 2), PaddingModes.Constant, 3),
        ["unfold"] = () => F.unfold(Plane, 3, padding: 1, stride: 2),
        ["fold"] = () => F.fold(F.unfold(Plane, 2), (6, 5), (2, 2)),
        ["affine grid"] = () => Grid,
        ["grid sample"] = () => F.grid_sample(Plane, Grid, align_corners: false),
        ["grid sample nearest border"] = () => F.grid_sample(Plane, Grid, GridSampleMode.Nearest, GridSamplePaddingMode.Border, align_corners: true),
        ["cross entropy"] = () => F.cross_entropy(Plane, Labels),
        ["cross entropy weight"] = () => F.cross_entropy(Plane, Labels, ClassWeights, ignore_index: 1),
        ["cross entropy smooth"] = () => F.cross_entropy(Plane, Labels, reduction: Reduction.Sum, label_smoothing: 0.1),
        ["nll"] = () => F.nll_loss(F.log_softmax(Plane, 1), Labels, ClassWeights),
        ["bce"] = () => BCELoss().call((Plane + 1) / 2 * 0.98 + 0.01, Targets),
        ["bce logits"] = () => BCEWithLogitsLoss(pos_weights: tensor(2.0, ScalarType.Float64)).call(Plane, Targets),
        ["mse"] = () => MSELoss().call(Plane, Targets),
        ["l1"] = () => L1Loss(Reduction.Sum).call(Plane, Targets),
        ["smooth l1"] = () => SmoothL1Loss(beta: 0.5).call(Plane, Targets),
        ["huber"] = () => HuberLoss(0.5).call(Plane, Targets),
        ["kl"] = () => KLDivLoss().call(F.log_softmax(Plane, 1), F.log_softmax(Plane.flip(1), 1)),
        ["normalize"] = () => F.normalize(Plane),
        ["cosine"] = () => F.cosine_similarity(Plane, Plane.flip(1)),
        ["one hot"] = () => F.one_hot(Labels[0], 5),
        ["attention"] = () => F.scaled_dot_product_attention(Wave(0, 2, 3, 4, 8), Wave(0, 2, 3, 4, 8), Wave(1, 2, 3, 4, 8)),
        ["attention causal"] = () => F.scaled_dot_product_attention(Wave(0, 2, 3, 4, 8), Wave(0, 2, 3, 4, 8), Wave(1, 2, 3, 4, 8), is_casual: true),
        ["fuse w"] = () => Fused().weight,
        ["fuse b"] = () => Fused().bias,
        ["embedding"] = () => Filled(Embedding(5, 3)).call(tensor(new long[,] { { 4, 0 }, { 2, 2 } })),
    };

    private static Tensor Line => Wave(0, 2, 4, 7);

    private static Tensor Plane => Wave(0, 2, 4, 6, 5);

    private static Tensor Volume => Wave(0, 1, 4, 4, 5, 3);

    private static Tensor Grid => F.affine_grid(Wave(0, 2, 2, 3), [2, 4, 3, 3]);

    private static Tensor Labels => arange(60).to(ScalarType.Int64).reshape(2, 6, 5).remainder(4);

    private static Tensor Targets => Plane.flip(2).gt(0).to(ScalarType.Float64);

    private static Tensor ClassWeights => tensor(new[] { 0.5, 1, 2, 1.5 });

    [Theory]
    [InlineData("conv1d", "2,6,4", new[] { 0.88557050797, 1.03386507222, 0.564660151918 }, 43.9899855953)]
    [InlineData("conv2d", "2,3,4,3", new[] { 1.1470104661, 0.602972490121, 0.132856622871 }, 86.2865875197)]
    [InlineData("conv2d rect", "2,3,3,5", new[] { 0.0610896166372, -0.272109853589, -0.477331807839 }, 82.0250308627)]
    [InlineData("conv2d same", "2,3,6,5", new[] { 1.26290393115, 4.26702155023, 5.35772955076 }, 479.766689978)]
    [InlineData("conv2d reflect", "2,3,8,7", new[] { -0.701179108868, 0.326753692765, 0.460945230541 }, 427.268224847)]
    [InlineData("conv2d circular", "2,3,6,5", new[] { -0.224130617285, 1.39444464393, 3.52871892527 }, 237.50694187)]
    [InlineData("conv2d replicate", "2,3,8,5", new[] { 0.200903141719, 0.201001427114, 0.194693473426 }, 294.932108702)]
    [InlineData("conv3d", "1,2,4,5,3", new[] { -1.07796354497, -2.51830465412, -1.13737968349 }, 141.304688784)]
    [InlineData("conv3d depthwise", "1,4,4,5,3", new[] { -1.20001586832, -2.82406151349, -1.50325898798 }, 317.896349454)]
    [InlineData("convt1d", "2,3,14", new[] { 0.918810664036, 1.68525305089, 0.179288124295 }, 90.366411634)]
    [InlineData("convt2d", "2,3,12,10", new[] { 0.244174238838, 0.753561679985, 0.341676536422 }, 713.953235972)]
    [InlineData("convt3d", "1,2,8,10,6", new[] { 0.965403103309, 0.0565283123155, 1.7685485199 }, 1029.51533052)]
    [InlineData("convt2d size", "2,3,12,10", new[] { 0.244174238838, 0.753561679985, 0.341676536422 }, 713.953235972)]
    [InlineData("linear", "2,4,6,3", new[] { 2.42183133671, -1.18816937473, 2.46885335604 }, 228.868755325)]
    [InlineData("group norm", "2,4,6,5", new[] { 0.19300921704, 0.285092553857, 0.333867658528 }, 184.209866343)]
    [InlineData("layer norm", "2,4,6,5", new[] { 0.190613971722, 1.38282839312, 2.31737553115 }, 178.667963385)]
    [InlineData("instance norm", "2,4,6,5", new[] { 0.190613971722, 0.282101091034, 0.330560388608 }, 184.533787733)]
    [InlineData("instance norm plain", "1,4,4,5,3", new[] { -0.0566955829504, 0.865674299899, 1.35423921442 }, 215.903255972)]
    [InlineData("batch norm train", "2,4,6,5", new[] { 0.194015032553, 0.286172000465, 0.334986106375 }, 185.024896605)]
    [InlineData("batch norm mean", "4", new[] { 0.00325355891919, -0.00266521794132, -0.000333923216524 }, 0.00928371705106)]
    [InlineData("batch norm var", "4", new[] { 0.949528038007, 0.950454488141, 0.952314668572 }, 3.80219732345)]
    [InlineData("batch norm eval", "2,4,6,5", new[] { 0.198335997706, 0.264337283351, 0.299297133058 }, 164.903776041)]
    [InlineData("max pool", "2,4,3,2", new[] { 0.644217687238, 0.985449729988, 0.988168233877 }, 39.3812196608)]
    [InlineData("max pool 3 1 1", "2,4,6,5", new[] { 0.644217687238, 0.985449729988, 0.985449729988 }, 218.734927505)]
    [InlineData("max pool ceil", "2,4,3,3", new[] { 0.644217687238, 0.985449729988, 0.334988150156 }, 53.8948202001)]
    [InlineData("max pool 3d", "1,4,2,2,1", new[] { 0.863209366649, 0.845746831143, 0.836655638536 }, 13.3953823906)]
    [InlineData("avg pool", "2,4,3,2", new[] { -0.144535328216, 0.0587349615352, -0.0534296641318 }, 5.08271899301)]
    [InlineData("avg pool pad", "2,4,3,3", new[] { -0.144535328216, 0.00126362682746, 0.145936194854 }, 10.3308121205)]
    [InlineData("avg pool 3d", "1,4,2,2,1", new[] { 0.0858418155422, -0.236819467124, 0.139914372068 }, 2.48397994095)]
    [InlineData("adaptive avg", "2,4,2,3", new[] { 0.177835586622, 0.241049696142, 0.0893940020857 }, 7.80340011983)]
    [InlineData("adaptive max", "1,4,2,2,2", new[] { 0.863209366649, 0.990607355695, 0.854598908088 }, 29.3426358322)]
    [InlineData("up nearest", "2,4,12,10", new[] { 0.0, 0.0, 0.644217687238 }, 608.516803885)]
    [InlineData("up bilinear", "2,4,9,8", new[] { 0.0, 0.368124392707, 0.692965121916 }, 210.027299856)]
    [InlineData("up bilinear half", "2,4,9,7", new[] { 0.0, 0.322108843619, 0.701089694363 }, 180.393943333)]
    [InlineData("up trilinear", "1,4,8,10,6", new[] { 0.0, 0.161054421809, 0.483163265428 }, 646.820211903)]
    [InlineData("up bicubic", "2,4,7,9", new[] { -0.0541743890419, 0.2158363817, 0.626237955304 }, 236.771386626)]
    [InlineData("area", "2,4,3,2", new[] { -0.0958573659169, 0.0977903161302, 0.00379052322067 }, 4.56642100166)]
    [InlineData("linear1d", "2,4,14", new[] { 0.0, 0.297331240264, 0.594662480527 }, 67.7220258575)]
    [InlineData("nearest exact", "2,4,7,9", new[] { 0.0, 0.0, 0.644217687238 }, 317.617527579)]
    [InlineData("antialias", "2,4,3,3", new[] { -0.0135340898439, 0.110476069126, 0.118377300749 }, 4.24896877527)]
    [InlineData("recompute", "2,4,9,7", new[] { 0.0, 0.368124392707, 0.741712556595 }, 181.158191992)]
    [InlineData("relu", "2,4,6,5", new[] { 0.0, 2.57687074895, 3.94179891995 }, 308.200923625)]
    [InlineData("relu6", "2,4,6,5", new[] { 0.0, 2.57687074895, 3.94179891995 }, 308.200923625)]
    [InlineData("leaky", "2,4,6,5", new[] { 0.0, 2.57687074895, 3.94179891995 }, 368.264099677)]
    [InlineData("elu", "2,4,6,5", new[] { 0.0, 2.57687074895, 3.94179891995 }, 356.562776485)]
    [InlineData("selu", "2,4,6,5", new[] { 0.0, 2.70752064021, 4.14165201715 }, 493.876898028)]
    [InlineData("silu", "2,4,6,5", new[] { 0.0, 2.39483571487, 3.86673302479 }, 306.143720195)]
    [InlineData("mish", "2,4,6,5", new[] { 0.0, 2.55127985491, 3.93894091226 }, 320.664090764)]
    [InlineData("gelu", "2,4,6,5", new[] { 0.0, 2.56402514838, 3.94163952787 }, 305.379887831)]
    [InlineData("gelutanh", "2,4,6,5", new[] { 0.0, 2.56448603143, 3.94170646984 }, 305.383609309)]
    [InlineData("sigmoid", "2,4,6,5", new[] { 0.5, 0.929358104533, 0.98095643723 }, 121.196372608)]
    [InlineData("tanh", "2,4,6,5", new[] { 0.0, 0.988510887567, 0.999246534602 }, 211.771813234)]
    [InlineData("hardswish", "2,4,6,5", new[] { 0.0, 2.39514585061, 3.94179891995 }, 309.233337828)]
    [InlineData("hardsigmoid", "2,4,6,5", new[] { 0.5, 0.929478458158, 1.0 }, 121.743968933)]
    [InlineData("softplus", "2,4,6,5", new[] { 0.34657359028, 2.57975130877, 3.94198732179 }, 316.643340773)]
    [InlineData("softmax", "2,4,6,5", new[] { 0.031862034204, 0.350834322446, 0.484021778722 }, 60)]
    [InlineData("logsoftmax", "2,4,6,5", new[] { -3.44634012833, -1.04744118277, -0.725625375918 }, 876.573050038)]
    [InlineData("prelu", "2,4,6,5", new[] { 0.0, 2.57687074895, 3.94179891995 }, 383.27989369)]
    [InlineData("pixel shuffle", "2,1,12,10", new[] { 0.0, 0.836655638536, 0.644217687238 }, 152.129200971)]
    [InlineData("pad reflect", "2,4,8,8", new[] { 0.988168233877, 0.656986598719, 0.988168233877 }, 327.259731355)]
    [InlineData("pad constant", "2,4,6,8", new[] { 3.0, 0.0, 0.644217687238 }, 584.129200971)]
    [InlineData("unfold", "2,36,9", new[] { 0.0, 0.0, 0.0 }, 284.418646357)]
    [InlineData("fold", "2,4,6,5", new[] { 0.0, 1.28843537448, 1.97089945998 }, 408.761652794)]
    [InlineData("affine grid", "2,3,3,2", new[] { 0.55597127183, -1.14958157223, 0.55597127183 }, 29.2060566774)]
    [InlineData("grid sample", "2,4,3,3", new[] { 0.0336870751668, -0.148275896652, 0.167625098624 }, 11.5817393833)]
    [InlineData("grid sample nearest border", "2,4,3,3", new[] { 0.863209366649, -0.631266637872, 0.0336230472211 }, 45.7156873956)]
    [InlineData("cross entropy", "", new[] { 1.60804529248 }, 1.60804529248)]
    [InlineData("cross entropy weight", "", new[] { 1.60287783887 }, 1.60287783887)]
    [InlineData("cross entropy smooth", "", new[] { 96.4749431256 }, 96.4749431256)]
    [InlineData("nll", "", new[] { 1.6096411558 }, 1.6096411558)]
    [InlineData("bce", "", new[] { 1.60188282613 }, 1.60188282613)]
    [InlineData("bce logits", "", new[] { 1.33781554281 }, 1.33781554281)]
    [InlineData("mse", "", new[] { 1.26791292938 }, 1.26791292938)]
    [InlineData("l1", "", new[] { 226.223464481 }, 226.223464481)]
    [InlineData("smooth l1", "", new[] { 0.720952049004 }, 0.720952049004)]
    [InlineData("huber", "", new[] { 0.360476024502 }, 0.360476024502)]
    [InlineData("kl", "", new[] { 0.0931501726918 }, 0.0931501726918)]
    [InlineData("normalize", "2,4,6,5", new[] { 0.0, 0.455662956737, 0.631959182852 }, 107.877528984)]
    [InlineData("cosine", "2,6,5", new[] { -0.978070010598, 0.216559965094, 0.990362779595 }, 37.829928966)]
    [InlineData("one hot", "6,5,5", new[] { 1.0, 0.0, 0.0 }, 30)]
    [InlineData("attention", "2,3,4,8", new[] { 0.424593038681, 0.789787931934, 0.783533220022 }, 100.436573269)]
    [InlineData("attention causal", "2,3,4,8", new[] { 0.841470984808, 0.991664810452, 0.675463180551 }, 111.389268337)]
    [InlineData("fuse w", "3,4,3,3", new[] { 0.0, 0.0532999042874, 0.0815320307545 }, 26.2203499998)]
    [InlineData("fuse b", "3", new[] { -0.826422320779, -0.881765965157, -0.996104540262 }, 2.7042928262)]
    [InlineData("embedding", "2,2,3", new[] { 0.798487112623, 0.2228899141, -0.457535893775 }, 8.14514892267)]
    public void Agrees_with_PyTorch(string name, string shape, double[] start, double total)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var result = Subjects[name]().to(ScalarType.Float64);
        string.Join(',', result.shape).Should().Be(shape);
        result.contiguous().data<double>().Take(start.Length).Should().Equal(start, (actual, expected) => Math.Abs(actual - expected) < 1e-9);
        result.abs().sum().ToDouble().Should().BeApproximately(total, 1e-8 * Math.Max(1, total));
    }

    private static Tensor Wave(double phase, params long[] shape) =>
        arange(0, shape.Aggregate(1L, (product, size) => product * size), dtype: ScalarType.Float64).mul(0.7).add(phase).sin().reshape(shape);

    private static T Filled<T>(T module) where T : nn.Module
    {
        module.to(ScalarType.Float64);
        foreach (var (parameter, i) in module.parameters().Select((parameter, i) => (parameter, i))) parameter.copy_(Wave(0.1 * (i + 1), parameter.shape));
        return module;
    }

    private static Tensor Run(Module<Tensor, Tensor> module, Tensor input) => Filled(module).call(input);

    private static BatchNorm2d AfterOneBatch()
    {
        var norm = Filled(BatchNorm2d(4));
        norm.call(Plane);
        norm.eval();
        return norm;
    }

    private static (Parameter weight, Parameter bias) Fused() =>
        nn.utils.fuse_conv_bn_weights(Wave(0, 3, 4, 3, 3), Wave(0, 3), Wave(1, 3), Wave(2, 3) + 2, 1e-5, Wave(3, 3), Wave(4, 3));
}
