"""The state of an outer loop: batches, gradient steps, averaged weights, checkpoint.

On the CPU every loss is a number at once. On another device nobody waits for it: tasks
are drawn there, losses stay there, and each FETCHED-th step they come over together.
"""

import copy
import hashlib
import inspect
import time

import numpy as np
import torch
from torch import nn

from metaad import repro
from metaad.meta import processes
from metaad.progress import progress as show_progress
from metaad.repro.cache import code_version
from metaad.tasks.draws import Draws
from metaad.train import Checkpoint, generators, halved

SECONDS = 2.0  # between two writes of a checkpoint
FETCHED = 50  # steps whose losses leave a device together
# parameters that change nothing about the result, or that are looked at elsewhere
APART = ("estimator", "iterations", "device", "progress", "checkpoint")


class Training:
    """Train `learner.module_` on batches of tasks.

    learner : a MetaLearner with `module_`. tasks : what it learns from. rng : NumPy
    Generator; it draws the tasks, or seeds the generator on the device that does.

    `done` counts the steps. `history_` of the learner has as many losses on the CPU;
    on another device the last ones may not have been fetched yet, at most FETCHED.

    Raises
    ------
    ValueError
        for a checkpoint of another training.
    """

    def __init__(self, learner, tasks, rng):
        processes.check(learner.n_tasks, learner.random_state)
        self.learner, self.tasks = learner, tasks
        self.rng = source(tasks, rng, learner.device_)
        self.waiting = []  # losses that are still on the device
        self.module = learner.module_
        self.optimizer = learner._optimizer()
        groups = self.optimizer.param_groups
        self.parameters = [p for group in groups for p in group["params"]]
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.optimizer, learner.iterations
        )
        self.averaged = copy.deepcopy(self.module).requires_grad_(False)
        self.checkpoint = self._checkpoint()
        self.written = time.monotonic()
        learner.history_ = self.checkpoint.load() if self.checkpoint else []
        if len(learner.history_) > learner.iterations:
            raise ValueError(
                f"the checkpoint {learner.checkpoint} holds {len(learner.history_)} "
                f"iterations, and {learner.iterations} were asked for; ask for as many "
                "or more, or choose another path."
            )
        self.done = len(learner.history_)

    def batches(self):
        """Yield a prepared batch of tasks for each iteration that is left."""
        left = range(self.done, self.learner.iterations)
        if self.learner.progress and processes.world()[0] == 0:
            left = show_progress(left, label="iterations")
        self.module.train()
        for _ in left:
            drawn = self.tasks.sample(self.learner.n_tasks, self.rng)
            yield self.learner.prepared(processes.share(drawn))

    def precision(self):
        """Return the context in which the outer loss is computed."""
        return halved(self.learner.device_, self.learner.dtype == "bfloat16")

    def descend(self, loss):
        """Take one gradient step down the outer loss, a scalar tensor."""
        learner = self.learner
        self.optimizer.zero_grad()
        loss.backward()
        loss = processes.average(self.parameters, loss)
        nn.utils.clip_grad_norm_(self.parameters, learner.clip)
        self.optimizer.step()
        if learner.schedule == "cosine":
            self.schedule.step()
        if learner.average:
            self._average(self.done)
        self.done += 1
        self.waiting.append(loss.detach())
        due = self.checkpoint and time.monotonic() - self.written >= SECONDS
        if due or len(self.waiting) >= self._patience():
            self.fetch()
        if due:
            self._write()

    def fetch(self):
        """Bring the losses that wait on the device into `history_`.

        Raises FloatingPointError if one of them is not finite.
        """
        history, waiting = self.learner.history_, self.waiting
        if not waiting:
            return
        self.waiting = []
        losses = (
            torch.stack(waiting).tolist() if len(waiting) > 1 else map(float, waiting)
        )
        for value in losses:
            history.append(value)
            if not np.isfinite(value):
                raise FloatingPointError(
                    f"the outer loss must stay finite, got {value} at iteration "
                    f"{len(history)}. Lower the inner rate or the learning rate (a "
                    "tenth is a good next try)."
                )

    def _patience(self):
        return 1 if self.learner.device_.type == "cpu" else FETCHED

    def finish(self):
        """Keep the averaged weights, if asked for, and put the module to work."""
        self.fetch()
        if self.checkpoint:
            self._write()
        self.module.eval()
        if self.learner.average:
            self.module.load_state_dict(self.averaged.state_dict())

    def _average(self, i):
        """Move the average towards the weights: a ← decay a + (1 - decay) w."""
        # short memory at first, while the weights move fast
        decay = min(self.learner.average, (1 + i) / (10 + i))
        states = self.averaged.state_dict(), self.module.state_dict()
        with torch.no_grad():
            for a, w in zip(*(s.values() for s in states), strict=True):
                a.lerp_(w, 1 - decay) if a.is_floating_point() else a.copy_(w)

    def _write(self):
        if processes.world()[0] == 0:  # all hold the same
            self.checkpoint.save(self.learner.history_)
        self.written = time.monotonic()

    def _checkpoint(self):
        if self.learner.checkpoint is None:
            return None
        parts = {
            "module": self.module,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "averaged": self.averaged,
            "tasks": _state(self.rng),
            **generators(self.learner.device_),
        }
        return Checkpoint(self.learner.checkpoint, self._about(), **parts)

    def _about(self):
        """Tell this training from any other: code, parameters, start and tasks."""
        learner, about = self.learner, {}
        for name, value in learner.get_params(deep=False).items():
            if name not in APART:
                about[name] = repr(value)
        if learner.schedule == "cosine":
            about["iterations"] = learner.iterations
        losses = learner.learnable_.inner_loss, learner.learnable_.outer_loss
        return about | {
            "losses": [getattr(f, "__qualname__", str(type(f))) for f in losses],
            "learner": type(learner).__name__,
            "device": learner.device_.type,
            "code": [code_version(o) for o in self._code()],
            "start": content_digest(self.module.state_dict()),
            "tasks": content_digest(self.tasks),
        }

    def _code(self):
        """List the classes and functions that train; tasks have their own digest."""
        about = self.learner.learnable_
        kinds = {type(self.learner), *map(type, self.module.modules())}
        given = about.inner_loss, about.outer_loss, about.prepare
        for f in (getattr(f, "__func__", f) for f in given):
            kinds.add(f if inspect.isfunction(f) else type(f))
        return sorted(kinds, key=lambda o: (o.__module__, o.__qualname__))


def source(tasks, rng, device):
    """Return what draws the tasks of a training on `device`.

    On the CPU it is the NumPy Generator `rng`. On another device, for tasks that can,
    Draws of a torch.Generator there, which rng seeds.
    """
    if device.type == "cpu" or not getattr(tasks, "draws_on_device", False):
        return rng
    # the meta device has no generator of its own
    at = "cpu" if device.type == "meta" else device
    seed = int(rng.integers(2**63))
    return Draws(torch.Generator(at).manual_seed(seed), device=device)


def _state(rng):
    """Return the part of a generator that has `get_state` and `set_state`."""
    return rng.generator if isinstance(rng, Draws) else _State(rng.bit_generator)


class _State:
    """Give a bit generator of numpy the methods of a torch.Generator."""

    def __init__(self, bits):
        self.bits = bits

    def get_state(self):
        return self.bits.state

    def set_state(self, state):
        self.bits.state = state


def content_digest(value):
    """Compute SHA-256 of what an object holds: 64 hex digits.

    Arrays and tensors count by their numbers, other objects by their attributes and the
    code of their class.
    """
    return hashlib.sha256(_content(value, ()).encode()).hexdigest()


def _content(value, above):
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray) and value.dtype != object:
        return repro.digest(value)
    if isinstance(value, dict):
        value = list(value.items())
    if isinstance(value, (list, tuple, np.ndarray)):
        return f"({','.join(_content(v, above) for v in value)})"
    if not hasattr(value, "__dict__"):  # numbers, strings, None
        return repr(value).partition(" at 0x")[0]
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__} {code_version(kind)}"
    if any(value is v for v in above):
        return name
    return name + _content(vars(value), (*above, value))
