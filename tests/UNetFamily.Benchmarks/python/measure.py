"""Measures one job as Measurement.cs does, with PyTorch and the original networks.

usage: measure.py <job as JSON>; without a job, prints the version of torch.
The originals are not part of this repository: "checkouts" names a checkout of one, or a folder of checkouts.
"""

import importlib
import inspect
import json
import os
import sys
import time
import unittest.mock

import torch

ADDS_PER_REPETITION = 1000
FEWEST_REPETITIONS = 3  # one when no time is to be spent


def original(job):
    """The network, built as the reference case says; its own imports may start at any folder on the way to its file."""
    source = job["original"]
    checkout = os.path.join(source["checkouts"], source["repository"])
    if not os.path.isdir(checkout):
        checkout = source["checkouts"]
    parts = source["file"][: -len(".py")].split("/")
    sys.path[:0] = [os.path.join(checkout, *parts[:depth]) for depth in range(len(parts))]
    arguments = {name: resolved(value) for name, value in source["arguments"].items()}
    if "deep_supervision" in arguments:
        arguments["deep_supervision"] = source["deepSupervision"]
    torch.nn.Upsample = Upsample
    module = imported(".".join(parts))
    network = getattr(module, source["class"])
    taken = inspect.signature(network).parameters
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values()):
        for name in arguments.keys() - taken.keys():
            setattr(module.config, name, arguments.pop(name))  # 3D U2-Net reads the rest from a module of that name
    return network(**arguments).to(job["device"])


class Upsample(torch.nn.Upsample):
    """Takes factors as a list, as in the PyTorch that 3D U2-Net was written for."""

    def __init__(self, *args, scale_factor=None, **kwargs):
        super().__init__(*args, scale_factor=tuple(scale_factor) if isinstance(scale_factor, list) else scale_factor, **kwargs)


def imported(module):
    """The module; packages that its file wants for training or drawing, and that are not installed, are stood in for."""
    while True:
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as missing:
            if missing.name in sys.modules or module.startswith(missing.name):
                raise
            sys.modules[missing.name] = unittest.mock.MagicMock()


def resolved(value):
    """ "torch.nn.Conv2d" as the class of that name, "identity" as that function."""
    if value == "identity":
        return lambda x: x
    if not isinstance(value, str) or not value.startswith("torch."):
        return value
    found = torch
    for name in value.split(".")[1:]:
        found = getattr(found, name)
    return found


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
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
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
    fewest = FEWEST_REPETITIONS if job["seconds"] > 0 else 1
    while len(milliseconds) < fewest or time.perf_counter() - start < job["seconds"]:
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
    if job["threads"] > 0:
        torch.set_num_threads(job["threads"])
    torch.manual_seed(1)
    milliseconds = {"overhead": overhead, "forward": forward, "plan": forward, "step": step}[job["benchmark"]](job)
    measured = {"torch": torch.__version__, "threads": torch.get_num_threads(), "milliseconds": milliseconds, "peakMegabytes": peak_megabytes()}
    print(json.dumps(measured))


main()
