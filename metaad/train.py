"""The one training loop: shuffled mini-batches from memory, one step function,
checkpoints that resume exactly.
"""

import json
import math
import sys
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from metaad import __version__, saving


@dataclass
class Epoch:
    """What one pass over the data came to."""

    number: int  # 1, 2, ...
    loss: float  # mean over the rows, each batch's loss taken before its update
    seconds: float  # 0 for an epoch that a checkpoint brought back


def epochs(step, data, *, n_epochs, batch_size, generator, checkpoint=None):
    """Train: pass over the data again and again in shuffled mini-batches, and yield an
    `Epoch` after each pass.

    Nothing happens until the result is iterated; wrap it in `metaad.progress.progress`
    to see how far it is.

    Parameters
    ----------
    step : function; takes a batch (b, ...), does one update, returns the batch's mean
        loss as a scalar tensor. `descent` makes one from a loss and an optimiser.
    data : tensor (n, ...), whole and on the device that trains: a batch is then one
        gather, not b Python calls.
    n_epochs : int, passes in all, those of the checkpoint included.
    batch_size : int, rows per step; typically 32 to 256. The last batch of a pass is
        smaller where it must be.
    generator : torch.Generator of the CPU. It alone shuffles, so that every device sees
        the same batches.
    checkpoint : Checkpoint or None. It is saved after each pass; one found on disk is
        resumed, and its epochs are yielded first.

    Raises
    ------
    FloatingPointError
        if the loss is not finite.
    ValueError
        if the checkpoint is damaged, belongs to another training, or holds more than
        n_epochs.
    """
    losses = checkpoint.load(most=n_epochs) if checkpoint else []
    for number, loss in enumerate(losses, 1):
        yield Epoch(number, loss, 0.0)
    for number in range(len(losses) + 1, n_epochs + 1):
        began = time.perf_counter()
        order = torch.randperm(len(data), generator=generator).to(data.device)
        total = 0.0
        with flushed():
            for rows in order.split(batch_size):
                # stays on the device: no waiting each time
                total += step(data.index_select(0, rows)) * len(rows)
        losses.append(float(total) / len(data))
        if not math.isfinite(losses[-1]):
            raise FloatingPointError(
                f"the loss must stay finite, got {losses[-1]} in epoch {number}. "
                f"Lower the learning rate (a tenth is a "
                "good next try), or bring the columns to a common scale first."
            )
        if checkpoint:
            checkpoint.save(losses)
        yield Epoch(number, losses[-1], time.perf_counter() - began)


def descent(loss, optimizer, autocast=None):
    """Return a step for `epochs`: one gradient step on loss(batch).

    Parameters
    ----------
    loss : function from a batch to a scalar tensor.
    optimizer : torch.optim.Optimizer over the parameters that `loss` depends on.
    autocast : "bfloat16" computes matrix products in that type, for a GPU with the
    hardware for it; None does not."""

    def step(batch):
        optimizer.zero_grad()
        with halved(batch.device, autocast == "bfloat16"):
            value = loss(batch)
        value.backward()
        optimizer.step()
        return value.detach()

    return step


def halved(device, wanted=True):
    """Return a context that takes matrix products in bfloat16 if `wanted`, and is
    empty if not.
    """
    # not every device knows autocast, even one that does nothing
    if not wanted:
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


class Checkpoint:
    """Training's state in one file, from which a run that was killed goes on as if it
    had not been.

    The file carries a checksum of its bytes, the versions of metaad and PyTorch, and
    `about`. A file that is damaged, or that differs in one of them, is refused: it
    would give weights that this training never reaches.

    Parameters
    ----------
    path : str or Path of the file.
    about : dict of numbers and strings that tell this training from another: its
        settings, a checksum of its data, `repro.cache.code_version` of its code.
    parts : whatever changes while training, by name: modules and optimisers
    (`state_dict`), generators (`get_state`)."""

    def __init__(self, path, about, **parts):
        self.path = Path(path)
        about = {**about, "metaad": __version__, "torch": torch.__version__}
        self.about = json.loads(json.dumps(about))  # as it will be read back
        self.parts = parts

    def save(self, losses):
        """Write the state of all parts and the losses so far; an old file is
        replaced at once or not at all.
        """
        state = {
            n: p.get_state() if hasattr(p, "get_state") else p.state_dict()
            for n, p in self.parts.items()
        }
        tree = {"about": self.about, "losses": losses, "state": state}
        saving.write_tree(self.path, tree)

    def load(self, most=math.inf):
        """Restore all parts and return the losses so far; with no file, change nothing
        and return an empty list.

        most : passes that this training makes in all.

        Raises
        ------
        ValueError
            if the file is damaged, belongs to another training, or went on for more
            than `most` passes; no part is changed then.
        """
        if not self.path.exists():
            return []
        kept = saving.read_tree(self.path)
        if not isinstance(kept, dict) or set(kept) != {"about", "losses", "state"}:
            raise ValueError(f"{self.path} is not a checkpoint; choose another path.")
        self._check(kept, most)
        for name, part in self.parts.items():
            state = kept["state"][name]
            part.set_state(state) if hasattr(
                part, "set_state"
            ) else part.load_state_dict(state)
        return kept["losses"]

    def _check(self, kept, most):
        both = {**kept["about"], **self.about}
        changed = [k for k in both if kept["about"].get(k) != self.about.get(k)]
        changed += [f"the part {n}" for n in set(kept["state"]) ^ set(self.parts)]
        if changed:
            raise ValueError(
                f"the checkpoint {self.path} belongs to another training: "
                f"{', '.join(changed)} differ. Expected that "
                "of this one; choose another path, or delete the file to start again."
            )
        if len(kept["losses"]) > most:
            raise ValueError(
                f"the checkpoint {self.path} holds {len(kept['losses'])} epochs, and "
                f"{most} were asked for: its weights have gone too far. Ask for as "
                f"many or more, or choose another path."
            )


def resolve_device(device="auto"):
    """Return the torch.device to compute on: `auto` takes CUDA, then MPS, then the CPU.

    Raises
    ------
    ValueError
        if the name means nothing, or the device is not there.
    """
    usable = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if device == "auto":
        return torch.device(
            "cuda" if usable["cuda"] else "mps" if usable["mps"] else "cpu"
        )
    try:
        resolved = torch.device(device)
    except (RuntimeError, TypeError):
        raise ValueError(
            f"device must be 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps', got {device!r}."
        ) from None
    if not usable.get(resolved.type, True):
        there = f"no {resolved.type.upper()} device is available here"
        raise ValueError(
            f"device {device!r} was asked for, but {there}; use 'auto' or 'cpu'."
        )
    if resolved.type == "cuda" and (resolved.index or 0) >= torch.cuda.device_count():
        last = f"cuda:{torch.cuda.device_count() - 1}"
        raise ValueError(
            f"device {device!r} was asked for, but the last one here is {last!r}."
        )
    return resolved


def generators(device):
    """Return PyTorch's own generators that work on `device` draws from, by name: the
    CPU's, and the device's if any.
    """
    found = {"cpu_random": torch.default_generator}
    if device.type == "cuda":
        torch.cuda.init()
        index = torch.cuda.current_device() if device.index is None else device.index
        found["cuda_random"] = torch.cuda.default_generators[index]
    elif device.type == "mps":
        found["mps_random"] = torch.mps._get_default_mps_generator()
    return found


@contextmanager
def flushed():
    """Make a CPU take numbers below the smallest normal one (1e-38 in float32) for 0.

    Adam's mean of a gradient that stays 0 shrinks by a tenth each step and after some
    800 steps lies there; an MNIST pixel that is almost always black is such a case.
    Processors compute with those numbers many times slower."""
    before = sys.float_info.min * 0.5 == 0.0  # PyTorch has no way to ask
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


@contextmanager
def seeded(seed, device):
    """Make PyTorch draw from `seed` in this block, on the CPU and on `device`; after
    it, as if nothing had been drawn.
    """
    kept = [(g, g.get_state()) for g in generators(device).values()]
    try:
        for generator, _ in kept:
            generator.manual_seed(seed)
        yield
    finally:
        for generator, state in kept:
            generator.set_state(state)
