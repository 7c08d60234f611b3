"""Ten autoencoders on ten digits: what lesson 05 trains, and what it measures.

    ten = Nets(X_train, [np.flatnonzero(y_train == c) for c in range(10)], seeds=range(10))
    history = ten.train(64, at=(16, 64), watch=one_class(digits, rng))
    errors = ten.errors(X_test)  # (10, n_test)

All networks go through one training loop: one matrix product does the work of ten, on
any device. A training with a checkpoint that was cut goes on where it stopped.
"""

from typing import NamedTuple

import numpy as np
import torch

from metaad import metrics, train
from metaad.detectors.batched_autoencoders import forward, parameters, stacked
from metaad.nets import Autoencoder
from metaad.progress import progress
from metaad.repro import cache
from metaad.scores import reconstruction_error

SHARE = 0.1  # false alarms that a threshold is set for
BLOCK = 128  # rows scored at a time: more of them fit no cache


class Digits(NamedTuple):
    """Images as rows (n, 784) in [0, 1] with their digits (n,): to train on, and held
    out.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def split(record, rng, each=100):
    """Return the Digits of a record: by its own split, or with `each` images of every
    digit held out where it has none.
    """
    X, y = record.X.reshape(len(record.X), -1), record.y
    held = np.zeros(len(y), bool) if record.train is None else ~record.train
    if record.train is None:
        for c in range(10):
            held[rng.permutation(np.flatnonzero(y == c))[:each]] = True
    return Digits(X[~held], y[~held], X[held], y[held])


def rebuild_loss(net, batch):
    """Return the mean reconstruction error of a batch: a scalar tensor."""
    return reconstruction_error(batch, net(batch)).mean()


class Nets:
    """n autoencoders of one shape, each with rows of its own, trained as one.

    A step takes as many rows for each network; one with fewer rows than the largest
    starts over within a pass. Weights are drawn on the CPU, the same for any device.

    Parameters
    ----------
    X : array (N, d), the rows of all.
    own : list of n int arrays, which rows of X each network trains on.
    seeds : n int, one for each network's first weights; the first shuffles.
    labels : array (N,), handed to the loss with each batch; None: no loss sees any.
    code_size : int ≥ 1. dtype : "float64", "float32" or "bfloat16" (float32 weights,
        matrix products in bfloat16). device : str or torch.device.

    Attributes
    ----------
    layers : of `metaad.detectors.batched_autoencoders.stacked`.
    """

    def __init__(
        self, X, own, seeds, *, labels=None, code_size=10, dtype="float64", device="cpu"
    ):
        self.own, self.seeds, self.dtype = own, [int(s) for s in seeds], dtype
        self.code_size, self.device = code_size, train.resolve_device(str(device))
        number = torch.float64 if dtype == "float64" else torch.float32
        where = {"dtype": number, "device": self.device}
        self.X = torch.as_tensor(X, **where)
        self.labels = None if labels is None else torch.as_tensor(labels, **where)
        modules = []
        for seed in self.seeds:
            with train.seeded(seed, torch.device("cpu")):
                net = Autoencoder(X.shape[1], code_size=code_size, dtype=number)
            modules.append(net.to(self.device))
        self.layers = stacked(modules)
        longest = max(map(len, own))
        rows = np.stack([np.resize(r, longest) for r in own], axis=1)
        self.rows = torch.as_tensor(rows, device=self.device)  # (longest, n)

    def __call__(self, x):
        """Rebuild rows (n, b, d), those of network i by network i."""
        return forward(self.layers, x)

    def train(
        self,
        epochs,
        loss=rebuild_loss,
        *,
        batch_size=32,
        learning_rate=3e-3,
        at=(),
        watch=None,
        checkpoint=None,
        label="epochs",
    ):
        """Train all networks with Adam, and return {epoch: watch(self)} for the epochs
        in `at`.

        Parameters
        ----------
        loss : function (net, batch (n, b, d)) -> scalar tensor, the mean over all; of
            (net, batch, labels (n, b)) where this object has labels.
        watch : function of this object, its result made of lists and numbers.
        checkpoint : path of a file, written after each epoch; the same training goes
            on from it.
        """
        optimizer = torch.optim.Adam(parameters(self.layers), learning_rate, fused=True)
        step = train.descent(
            # the gradient of a sum over networks is each network's own
            lambda rows: len(self.own) * loss(self, *self._batch(rows.T)),
            optimizer,
            autocast=self.dtype,
        )
        shuffle, history = torch.Generator().manual_seed(self.seeds[0]), _History()
        if checkpoint is not None:
            key = self._key(loss, batch_size, learning_rate, at)
            parts = {"weights": _Weights(parameters(self.layers)), "history": history}
            parts |= {"optimizer": optimizer, "shuffle": shuffle}
            parts |= train.generators(self.device)
            checkpoint = train.Checkpoint(checkpoint, {"key": key}, **parts)
        with train.seeded(self.seeds[0], self.device):
            every = train.epochs(
                step,
                self.rows,
                n_epochs=epochs,
                batch_size=batch_size,
                generator=shuffle,
                checkpoint=checkpoint,
            )
            for epoch in progress(every, total=epochs, label=label):
                # after a cut: what was measured after the last file is measured again
                if epoch.number in at and str(epoch.number) not in history.kept:
                    history.kept[str(epoch.number)] = watch(self)
        return {int(number): found for number, found in history.kept.items()}

    def errors(self, X):
        """Return every network's reconstruction error of rows X (m, d): float64 (n, m)."""
        X = torch.as_tensor(X, dtype=self.X.dtype, device=self.device)
        return self._errors(X[i : i + BLOCK] for i in range(0, len(X), BLOCK))

    def training_errors(self):
        """Return each network's errors of its own training rows: n float64 arrays."""
        blocks = (self.X[rows.T] for rows in self.rows.split(BLOCK))
        found = self._errors(blocks)
        return [e[: len(own)] for e, own in zip(found, self.own, strict=True)]

    def rebuilt(self, X, i):
        """Return rows X (m, d) as network i rebuilds them: float64 (m, d)."""
        X = torch.as_tensor(X, dtype=self.X.dtype, device=self.device)
        with torch.no_grad():
            copies = forward(self._layers_of(i), X[None])[0]
        return copies.cpu().numpy().astype(np.float64)

    def _layers_of(self, i):
        return [
            tuple(p[i : i + 1] for p in layer) if isinstance(layer, tuple) else layer
            for layer in self.layers
        ]

    def _errors(self, blocks):
        found = []
        with torch.no_grad():
            for x in blocks:
                x = x.expand(len(self.own), *x.shape[-2:])
                found.append((self(x) - x).square().mean(dim=2).cpu())
        return torch.cat(found, dim=1).numpy().astype(np.float64)

    def _batch(self, rows):
        return [t[rows] for t in (self.X, self.labels) if t is not None]

    def _key(self, loss, batch_size, learning_rate, at):
        settings = {"seeds": self.seeds, "width": self.code_size, "dtype": self.dtype}
        settings |= {"batch": batch_size, "rate": learning_rate, "at": sorted(at)}
        tensors = {"X": self.X, "rows": self.rows, "labels": self.labels}
        rows = {n: t.cpu().numpy() for n, t in tensors.items() if t is not None}
        return cache.key(code=[Nets, loss], **settings, **rows)


class _Weights:
    """Tensors as a part of a checkpoint."""

    def __init__(self, tensors):
        self.tensors = tensors

    def state_dict(self):
        return [t.detach() for t in self.tensors]

    def load_state_dict(self, state):
        with torch.no_grad():
            for own, kept in zip(self.tensors, state, strict=True):
                own.copy_(kept)


class _History:
    """What was measured on the way, as a part of a checkpoint."""

    def __init__(self):
        self.kept = {}

    def state_dict(self):
        return self.kept

    def load_state_dict(self, state):
        self.kept.update(state)


def marks(epochs, n=6):
    """Return at most n numbers of epochs, each half of the next, the last `epochs`."""
    return sorted({max(1, round(epochs / 2**k)) for k in range(n)})


def one_class(digits, rng):
    """Return a function of Nets that measures them as detectors of ten digits; network
    c took digit c as normal.

    It returns a dict of lists (10,): `auroc` over all held-out images, and that of
    `mirrored` rows of the digit among ordinary ones; the mean error of `training` rows,
    of `held_out` rows of the same digit and of `others`; the share of false `alarms`
    among held-out rows at a threshold set on the training rows, and `alarms_held_out`
    at one set on half of the held-out rows, for the other half (each half in turn; rng
    draws them once).
    """
    X, y = digits.X_test, digits.y_test
    mirror = X.reshape(-1, 28, 28)[:, :, ::-1].reshape(X.shape).copy()
    reflected = [mirror[y == c] for c in range(10)]
    halves = [rng.permutation(np.flatnonzero(y == c)) for c in range(10)]

    def measure(nets):
        found = {name: [] for name in MEASURES}
        errors, training = nets.errors(X), nets.training_errors()
        for c in range(10):
            normal = errors[c][y == c]
            one, two = np.array_split(errors[c][halves[c]], 2)
            alarms = alarms_at(threshold(one), two), alarms_at(threshold(two), one)
            found["auroc"].append(metrics.auroc(y != c, errors[c]))
            copies = nets.rebuilt(reflected[c], c)
            both = np.r_[normal, reconstruction_error(reflected[c], copies)]
            is_mirror = np.arange(len(both)) >= len(normal)
            found["mirrored"].append(metrics.auroc(is_mirror, both))
            found["training"].append(training[c].mean())
            found["held_out"].append(normal.mean())
            found["others"].append(errors[c][y != c].mean())
            limit = np.quantile(training[c], 1 - SHARE)
            found["alarms"].append(alarms_at(limit, normal))
            found["alarms_held_out"].append(np.mean(alarms))
        return {name: [float(v) for v in values] for name, values in found.items()}

    return measure


MEASURES = (
    "auroc",
    "mirrored",
    "training",
    "held_out",
    "others",
    "alarms",
    "alarms_held_out",
)


def threshold(errors, share=SHARE):
    """Return the m-th smallest of n errors that no network trained on, m the smallest
    for which a new normal row lies above it with probability (n + 1 - m) / (n + 1) ≤
    share.
    """
    # rounded: 0.1 has no exact binary form
    m = int(np.ceil(round((len(errors) + 1) * (1 - share), 9)))
    return float(np.sort(errors)[min(m, len(errors)) - 1])


def alarms_at(limit, errors):
    """Return the share of errors above a limit."""
    return float(np.mean(errors > limit))


def over_epochs(history, name):
    """Return one measure of a history: array (len(history), 10), epochs ascending."""
    return np.array([history[e][name] for e in sorted(history)])
