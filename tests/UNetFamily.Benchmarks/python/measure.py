"""Measures one job as Measurement.cs does, with PyTorch and the original networks.

usage: measure.py <job as JSON>; without a job, prints the version of torch.
The originals are not part of this repository: "originals" in the job names a checkout of one, or a folder of checkouts.
"""

import importlib
import json
import os
import sys
import time
import types

import torch
from torch import nn

ADDS_PER_REPETITION = 1000
FEWEST_REPETITIONS = 3



def nnunet(rank, features, **arguments):
    """The arguments that nnU-Net's planner gives its networks."""
    stages = len(features)
    return dict(
        input_channels=1, num_classes=2, n_stages=stages, features_per_stage=features, kernel_sizes=3, strides=[1] + [2] * (stages - 1),
        conv_op=getattr(nn, f"Conv{rank}d"), conv_bias=True, norm_op=getattr(nn, f"InstanceNorm{rank}d"), norm_op_kwargs=dict(affine=True),
        nonlin=nn.LeakyReLU, nonlin_kwargs=dict(inplace=True), deep_supervision=True, **arguments)


NNUNET = ("dynamic-network-architectures", "dynamic_network_architectures.architectures.unet")
PLAIN = dict(n_conv_per_stage=2, n_conv_per_stage_decoder=2)
IMAGES = [32, 64, 128, 256, 512, 512, 512, 512]
VOLUMES = [32, 64, 128, 256, 320, 320]

# Name in the catalogue: (repository, module, class, arguments).
ORIGINALS = {
    "unet-milesial": ("Pytorch-UNet", "unet", "UNet", dict(n_channels=3, n_classes=2, bilinear=False)),
    "unet-milesial-bilinear": ("Pytorch-UNet", "unet", "UNet", dict(n_channels=3, n_classes=2, bilinear=True)),
    "unetplusplus-nested": ("pytorch-nested-unet", "archs", "NestedUNet", dict(num_classes=1, input_channels=3)),
    "unetplusplus-nested-unet": ("pytorch-nested-unet", "archs", "UNet", dict(num_classes=1, input_channels=3)),
    "convunext": ("ConvUNeXt", "src.ConvUNeXt", "ConvUNeXt", dict(in_channels=3, num_classes=2)),
    "nnunet-2d": (*NNUNET, "PlainConvUNet", nnunet(2, IMAGES, **PLAIN)),
    "nnunet-3d": (*NNUNET, "PlainConvUNet", nnunet(3, VOLUMES, **PLAIN)),
    "nnunet-resenc-2d": (*NNUNET, "ResidualEncoderUNet", nnunet(2, IMAGES, n_blocks_per_stage=[1, 3, 4, 6, 6, 6, 6, 6], n_conv_per_stage_decoder=1)),
    "nnunet-resenc-3d": (*NNUNET, "ResidualEncoderUNet", nnunet(3, VOLUMES, n_blocks_per_stage=[1, 3, 4, 6, 6, 6], n_conv_per_stage_decoder=1)),
}


def original(job):
    repository, module, name, arguments = ORIGINALS[job["network"]]
    checkout = os.path.join(job["originals"], repository)
    sys.modules.setdefault("torchsummary", types.SimpleNamespace(summary=None))  # ConvUNeXt imports it, and uses it only as a program
    sys.path.insert(0, checkout if os.path.isdir(checkout) else job["originals"])
    return getattr(importlib.import_module(module), name)(**arguments).to(job["device"])


def overhead(job):
    a = torch.randn(4, 4, device=job["device"])
    b = torch.randn(4, 4, device=job["device"])

    def adds():
        for _ in range(ADDS_PER_REPETITION):
            _c = a + b

    return [total / ADDS_PER_REPETITION for total in repeat(job, adds)]


def forward(job):
    model = original(job).eval()
    x = torch.randn(job["input"], device=job["device"])
    with torch.no_grad():
        return repeat(job, lambda: model(x))


def step(job):
    model = original(job).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    x = torch.randn(job["input"], device=job["device"])
    with torch.no_grad():
        logits = main_output(model(x))
    target = torch.randint(0, logits.shape[1], (logits.shape[0], *logits.shape[2:]), device=x.device)

    def training_step():
        loss = torch.nn.functional.cross_entropy(main_output(model(x)), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return repeat(job, training_step)


def main_output(output):
    if isinstance(output, dict):
        return output["out"]
    return output[0] if isinstance(output, (list, tuple)) else output


def repeat(job, action):
    """Milliseconds of each repetition, the first, which warms up, left out."""

    def timed():
        start = time.perf_counter()
        action()
        if job["device"] != "cpu":
            torch.cuda.synchronize()
        return (time.perf_counter() - start) * 1000

    timed()
    milliseconds = []
    start = time.perf_counter()
    while len(milliseconds) < FEWEST_REPETITIONS or time.perf_counter() - start < job["seconds"]:
        milliseconds.append(timed())
    return milliseconds


def peak_megabytes():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def main():
    if len(sys.argv) < 2:
        print(torch.__version__)
        return
    job = json.loads(sys.argv[1])
    if job["benchmark"] != "overhead" and job["network"] not in ORIGINALS:
        return  # nothing printed: there is no original to compare with
    if job["threads"] > 0:
        torch.set_num_threads(job["threads"])
    torch.manual_seed(1)
    milliseconds = {"overhead": overhead, "forward": forward, "step": step}[job["benchmark"]](job)
    measured = {"torch": torch.__version__, "threads": torch.get_num_threads(), "milliseconds": milliseconds, "peakMegabytes": peak_megabytes()}
    print(json.dumps(measured))


main()
