using TorchSharp;
using UNetFamily;
using static TorchSharp.torch;

namespace Readme;

/// <summary>The code of docs/domains.md, to be run in a folder that is there for it.</summary>
public static class DomainsPage
{
    public static void Domains()
    {
        using var volume = rand([1, 1, 32, 64, 32]);

        #region domains
        using var model = U2Net3dOptions.Universal(["heart", "liver"]).Build();   // to be trained, a batch of one domain at a time
        using var liver = model.ForDomain("liver");             // a network as any other, on the same weights
        using var output = liver.call(volume);

        using var spleen = model.AddDomain("spleen");           // 2 % more weights; all others are frozen now
        using var optimizer = optim.Adam(model.ParametersOf("spleen").Select(own => own.Parameter), lr: 3e-4);
        model.SaveDomain("spleen", "spleen.safetensors");       // what it has for itself, for LoadDomain
        #endregion
    }

    public static Tensor Adapter()
    {
        using var scope = NewDisposeScope();

        #region adapter
        var stage = new DomainAdapter(SpatialDims.Two, new DoubleConv(SpatialDims.Two, 8, 8, Normalization.Batch), from: 8, to: 8, domains: ["ct", "mri"]);
        var maps = stage.call(rand(1, 8, 16, 16), "mri");       // what both share, and what is MRI's own
        stage.TrainOnly("mri");
        #endregion
        return maps.MoveToOuterDisposeScope();
    }
}
