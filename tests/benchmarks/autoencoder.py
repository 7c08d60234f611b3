"""An epoch of the MNIST autoencoder: rows read one by one through a DataLoader, against
rows held as one tensor.

Both train the same network with the same optimiser, batch size 64, float32, on the same
number of threads. Pairs are interleaved and their order alternates, so that a busy
machine disturbs both sides alike; on a busy one CPU time tells more than the clock.
Leaves with status 1 where the target is missed. Needs MNIST in METAAD_DATA or data/.
Run: python tests/benchmarks/autoencoder.py [--pairs 5] [--threads 2]"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from metaad.nets import Autoencoder
from metaad.train import descent, epochs

BATCH = 64
TARGET = 2.0  # an epoch from memory takes at most half the time


def through_a_loader(mnist):
    """The loop of many tutorials: images decoded and stacked one at a time, the loss
    fetched for every batch.
    """
    model = Autoencoder(784)
    criterion, optimizer = nn.MSELoss(), torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = DataLoader(mnist, batch_size=BATCH, shuffle=True)

    def epoch():
        total = 0.0
        for images, _ in loader:
            rows = images.view(images.size(0), -1)
            optimizer.zero_grad()
            loss = criterion(model(rows), rows)
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total / len(loader)

    return epoch


def from_memory(mnist):
    """The package's loop, set up as AutoencoderDetector sets it up."""
    rows = mnist.data.reshape(-1, 784).float() / 255.0
    model = Autoencoder(784)
    step = descent(
        lambda x: nn.functional.mse_loss(model(x), x),
        torch.optim.Adam(model.parameters(), 1e-3, fused=True),
    )
    loop = epochs(
        step,
        rows,
        n_epochs=10**6,
        batch_size=BATCH,
        generator=torch.Generator().manual_seed(0),
    )
    return lambda: next(loop).loss


def timed(epoch):
    wall, cpu = time.perf_counter(), time.process_time()
    loss = epoch()
    return time.perf_counter() - wall, time.process_time() - cpu, loss


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5, help="epochs of each side (5)")
    parser.add_argument(
        "--threads",
        type=int,
        default=min(2, os.cpu_count()),
        help="threads of PyTorch (2)",
    )
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    root = os.environ.get("METAAD_DATA") or Path(__file__).resolve().parents[2] / "data"
    mnist = datasets.MNIST(
        root, train=True, download=False, transform=transforms.ToTensor()
    )
    torch.manual_seed(0)
    sides = {"loader": through_a_loader(mnist), "memory": from_memory(mnist)}
    wall, cpu, losses = ({name: [] for name in sides} for _ in range(3))
    for pair in range(asked.pairs):
        for name in list(sides) if pair % 2 == 0 else reversed(sides):
            for kept, value in zip(
                (wall, cpu, losses), timed(sides[name]), strict=True
            ):
                kept[name].append(value)
    print(
        f"MNIST, 60,000 rows, batch {BATCH}, float32, {asked.threads} threads, "
        f"{asked.pairs} interleaved pairs"
    )
    for name in sides:
        print(
            f"  {name}: {spread(wall[name])} s an epoch, {spread(cpu[name])} s of "
            f"CPU, loss {losses[name][-1]:.4f}"
        )
    ratios = {what: ratio(took) for what, took in (("wall", wall), ("CPU", cpu))}
    for what, values in ratios.items():
        print(f"  loader / memory, {what} time: {spread(values)} (target {TARGET})")
    return 0 if statistics.median(ratios["wall"]) >= TARGET else 1


def ratio(took):
    return [a / b for a, b in zip(took["loader"], took["memory"], strict=True)]


def spread(values):
    """Median (least–greatest)."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


if __name__ == "__main__":
    sys.exit(main())
