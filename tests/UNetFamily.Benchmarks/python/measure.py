"""Measures one job as Measurement.cs does, with PyTorch and the original networks.

usage: measure.py <job as JSON>; without a job, prints the version of torch.
The originals are not part of this repository: "originals" in the job names a checkout of one, or a folder of checkouts.
"""

import importlib
import json
import os
import sys
import time

import torch

ADDS_PER_REPETITION = 1000
FEWEST_REPETITIONS = 3

# Name in the catalogue: (repository, module, class, arguments).
ORIGINALS = {
    "unet-milesial": ("Pytorch-UNet", "unet", "UNet", dict(n_channels=3, n_classes=2, bilinear=False)),
    "unet-milesial-bilinear": ("Pytorch-UNet", "unet", "UNet", dict(n_channels=3, n_classes=2, bilinear=True)),
}


def original(job):
    repository, module, name, arguments = ORIGINALS[job["network"]]
    checkout = os.path.join(job["originals"], repository)
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
