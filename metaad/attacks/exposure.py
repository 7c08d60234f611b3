"""A detector that learns to tell its rows from made-up anomalies, attacks included."""

import numpy as np
import torch
from sklearn.utils import check_random_state

from metaad.attacks.adversarial_training import harden, trunks
from metaad.detectors.base import Detector
from metaad.detectors.batched_autoencoders import take
from metaad.detectors.network import column_scale, in_blocks, scaled
from metaad.detectors.parameters import (
    check_choice,
    check_number,
    check_whole,
    check_widths,
)
from metaad.nets import MLP
from metaad.train import resolve_device


def column_shuffle(X, n, rng):
    """Make n outliers from rows X (k, d): each column drawn by itself, so that single
    values are usual and their combination is not. rng : NumPy RandomState.
    """
    drawn = rng.randint(len(X), size=(n, X.shape[1]))
    return np.take_along_axis(np.asarray(X), drawn, axis=0)


class ExposureDetector(Detector):
    """A net's logit of "anomalous", learned from rows and made-up anomalies [1], with
    both attacked at each step [2].

    What it can stand and what it can find are decided by the outliers: it learns to
    tell rows from *them*. Give it some that look like the anomalies you expect, as many
    as you can make.

    Parameters
    ----------
    outliers : array (k, d), made-up anomalies; None makes as many as there are rows,
        by `column_shuffle`. They are not saved with the detector.
    epsilon : float ≥ 0, how far any entry may be moved by an attacker, in the units of
        the scaled columns; 0 trains plainly.
    attack_steps : int ≥ 1, steps of the attack at each step of the training.
    hidden : tuple of int, widths of the hidden layers.
    passes : int ≥ 1, forward-and-back passes in all, those of the attack included.
    batch_size : int ≥ 2, rows per step, half of them outliers.
    learning_rate : float > 0, Adam's at the start; it falls to 0.
    scale : "auto", "standard" or None, as for `AutoencoderDetector`. Attacks stay
        within [0, 1] where the columns are not scaled and all rows lie there.
    device : "auto", "cpu", "cuda", "mps".
    contamination, random_state : as for `AutoencoderDetector`.

    Attributes
    ----------
    module_ : metaad.nets.MLP, trained, with one output.
    history_ : list of float, the loss at each step.
    mean_, scale_ : float64 (d,), of the columns. device_ : torch.device.
    offset_ : float, threshold on `score_samples`.

    References
    ----------
    [1] Hendrycks, Mazeika, Dietterich: Deep anomaly detection with outlier exposure.
        ICLR 2019.
    [2] Madry, Makelov, Schmidt, Tsipras, Vladu: Towards deep learning models resistant
        to adversarial attacks. ICLR 2018.
    """

    _squares = True

    def __init__(
        self,
        outliers=None,
        epsilon=0.1,
        attack_steps=1,
        hidden=(128, 64),
        passes=2000,
        batch_size=100,
        learning_rate=2e-3,
        scale="auto",
        device="auto",
        contamination=0.1,
        random_state=None,
    ):
        self.outliers = outliers
        self.epsilon = epsilon
        self.attack_steps = attack_steps
        self.hidden = hidden
        self.passes = passes
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scale = scale
        self.device = device
        self.contamination = contamination
        self.random_state = random_state

    def _fit(self, X):
        self._check_parameters()
        self.device_ = resolve_device(self.device)
        self.mean_, self.scale_ = column_scale(X, self.scale)
        rng = check_random_state(self.random_state)
        outliers = self._outliers(X, rng)
        seed = int(rng.randint(2**31 - 1))
        rows, outliers = (self._tensor(a) for a in (X, outliers))
        pixels = min(rows.min(), outliers.min()) >= 0
        pixels = pixels and max(rows.max(), outliers.max()) <= 1
        layers = trunks(X.shape[1], self.hidden, 1, seed=seed)
        layers = [_placed(layer, self.device_) for layer in layers]
        self.history_ = harden(
            layers,
            rows[None],
            outliers,
            batch_size=self.batch_size,
            seed=seed,
            passes=self.passes,
            learning_rate=self.learning_rate,
            epsilon=self.epsilon,
            attack_steps=self.attack_steps,
            box=(0.0, 1.0) if pixels else None,
        )
        self.module_ = MLP((X.shape[1], *self.hidden, 1)).to(self.device_)
        take(layers, 0, self.module_)

    def _restored(self):
        """Whether what a file holds is this net: one row goes through it."""
        self._check_parameters()
        if not (self.scale_ > 0).all():
            raise ValueError("scale_ of a detector must be > 0 everywhere")
        self.score_samples(self.mean_[None])

    def _outliers(self, X, rng):
        if self.outliers is None:
            return column_shuffle(X, len(X), rng)
        outliers = np.asarray(self.outliers, dtype=np.float64)
        if outliers.ndim != 2 or outliers.shape[1] != X.shape[1] or not len(outliers):
            raise ValueError(
                f"outliers must be an array (k, {X.shape[1]}), as wide as the rows; got "
                f"shape {outliers.shape}."
            )
        return outliers

    def _tensor(self, X):
        rows = scaled(X, self.mean_, self.scale_)
        return torch.tensor(rows, dtype=torch.float32, device=self.device_)

    def _anomaly(self, X):
        rows = scaled(X, self.mean_, self.scale_)
        return in_blocks(self.module_, rows, self.device_, lambda net, x: net(x)[:, 0])

    def _check_parameters(self):
        check_widths(self.hidden)
        for name in ("attack_steps", "passes", "batch_size"):
            check_whole(name, getattr(self, name))
        check_number("epsilon", self.epsilon)
        check_number("learning_rate", self.learning_rate, above=True)
        check_choice("scale", self.scale, ("auto", "standard", None))


def _placed(layer, device):
    if not isinstance(layer, tuple):
        return layer
    return tuple(p.detach().to(device).requires_grad_() for p in layer)
