"""An autoencoder as an anomaly detector: what it can't rebuild is anomalous."""

import numbers

import numpy as np
import torch
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch.nn.functional import mse_loss

from metaad import repro
from metaad.detectors.base import Detector
from metaad.detectors.network import (
    check_scale_and_dtype,
    column_scale,
    in_blocks,
    scaled,
)
from metaad.detectors.parameters import check_whole
from metaad.nets import Autoencoder
from metaad.progress import progress as show_progress
from metaad.repro.cache import code_version
from metaad.scores import reconstruction_error
from metaad.train import Checkpoint, descent, epochs, generators, resolve_device, seeded


class AutoencoderDetector(Detector):
    """Mean squared error of rebuilding a row from a short code [1], [2].

    The network is trained with Adam [3] on all rows given to `fit`, so these should be
    normal or nearly so. Scores are computed in float64 whatever the training type (in
    float32 on MPS, which has no float64): a row gets the same score, to some fifteen
    digits, alone and among others.

    Parameters
    ----------
    hidden : tuple of int, widths from the row to the code, mirrored in the decoder. The
        default suits 28 × 28 images; for a narrow table it is wider than the row, which
        is allowed: only `code_size` limits what gets through. With `code_size` ≥ d the
        network can learn to copy, and nothing looks anomalous.
    code_size : int ≥ 1, width of the code. For tables about d / 2 or less.
    epochs : int ≥ 1, passes over the rows. Small tables (below some thousand rows) want
        100 and more.
    batch_size : int ≥ 1, rows per step. More rows than there are is no error: a pass is
        then one step.
    learning_rate : float > 0, Adam's; 1e-4 to 1e-2.
    scale : "auto", "standard" or None. "standard" brings each column to mean 0 and
        deviation 1 over the training rows; None leaves the rows as they are; "auto"
        leaves them where every training value lies in [0, 1], as pixels do, and
        standardises otherwise. Errors are measured after scaling.
    dtype : "float32", "float64", or "bfloat16": float32 weights, matrix products in
        bfloat16 (for recent GPUs).
    device : "auto" (CUDA, then MPS, then CPU), "cpu", "cuda", "cuda:1", "mps".
    contamination : float in (0, 0.5], share of anomalies expected in the training rows;
        it sets the threshold.
    random_state : int, RandomState or None; seeds weights and shuffling. PyTorch's
        global generator is left alone.
    checkpoint : path of a file or None. Written after each epoch; `fit` on the same
        rows with the same parameters goes on from it. More `epochs` than it holds
        continue the training.
    progress : bool, show a bar while training.

    Attributes
    ----------
    module_ : metaad.nets.Autoencoder, trained.
    device_ : torch.device that it lies on.
    history_ : list of float, mean training loss of each epoch.
    mean_, scale_ : float64 (d,), what was subtracted from the columns and then divided
        by; 0 and 1 without scaling.
    offset_ : float, threshold on `score_samples`.

    Raises
    ------
    ValueError
        in `fit`, for a parameter out of range or a checkpoint of another training.
    FloatingPointError
        in `fit`, if the loss is not finite.

    References
    ----------
    [1] Hawkins, He, Williams, Baxter: Outlier detection using replicator neural
        networks. DaWaK 2002.
    [2] Aggarwal: Outlier Analysis, second edition, 2017, section 3.6.
    [3] Kingma, Ba: Adam: a method for stochastic optimization. ICLR 2015.
    """

    _squares = True
    _whole = ("code_size",)  # parameters of the network that are whole numbers ≥ 1
    _shaping = ("code_size",)  # parameters that tell one network from another

    def __init__(
        self,
        hidden=(128, 64, 32),
        code_size=10,
        epochs=20,
        batch_size=128,
        learning_rate=1e-3,
        scale="auto",
        dtype="float32",
        device="auto",
        contamination=0.1,
        random_state=None,
        checkpoint=None,
        progress=False,
    ):
        self.hidden = hidden
        self.code_size = code_size
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scale = scale
        self.dtype = dtype
        self.device = device
        self.contamination = contamination
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.progress = progress

    def reconstruct(self, X):
        """Return each row of X (n, d) as the network rebuilds it: float64 array (n, d),
        in the units of X.
        """
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        return self._rebuild(self._scaled(X)) * self.scale_ + self.mean_

    def _fit(self, X):
        rows, seed = self._begin(X)
        with seeded(seed, self.device_):
            self.history_ = [epoch.loss for epoch in self._epochs(rows, seed)]

    def _begin(self, X):
        """Make the untrained network; return the rows that it is to learn from, scaled
        and on its device (n, d), and the seed of its training.
        """
        self._check_parameters()
        self.device_ = resolve_device(self.device)
        self._learn_scale(X)
        dtype = torch.float64 if self.dtype == "float64" else torch.float32
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        # drawn on the CPU, so that every device starts from the same weights
        with seeded(seed, self.device_):
            self.module_ = self._network(X.shape[1], dtype).to(self.device_)
        return torch.tensor(self._scaled(X), dtype=dtype, device=self.device_), seed

    def _network(self, n_features, dtype):
        return Autoencoder(n_features, self.hidden, self.code_size, dtype=dtype)

    def _noise(self, seed):
        """What `_shown` draws from: a generator on the device, or None."""

    def _shown(self, rows, generator):
        """What the network is shown in training in place of the rows (b, d)."""
        return rows

    def _epochs(self, rows, seed):
        shuffle, noise = torch.Generator().manual_seed(seed), self._noise(seed)
        optimizer = torch.optim.Adam(
            self.module_.parameters(), self.learning_rate, fused=True
        )
        step = descent(
            lambda x: mse_loss(self.module_(self._shown(x, noise)), x),
            optimizer,
            autocast=self.dtype,
        )
        checkpoint = None
        if self.checkpoint is not None:
            parts = {
                "module": self.module_,
                "optimizer": optimizer,
                "shuffle": shuffle,
                **({"noise": noise} if noise else {}),
                **generators(self.device_),
            }
            checkpoint = Checkpoint(self.checkpoint, self._about(rows), **parts)
        records = epochs(
            step,
            rows,
            n_epochs=self.epochs,
            batch_size=self.batch_size,
            generator=shuffle,
            checkpoint=checkpoint,
        )
        return (
            show_progress(records, total=self.epochs, label="epochs")
            if self.progress
            else records
        )

    def _anomaly(self, X):
        Z = self._scaled(X)
        return reconstruction_error(Z, self._rebuild(Z))

    def _rebuild(self, Z):
        """Scaled rows (n, d) through the network: float64 (n, d)."""
        return in_blocks(self.module_, Z, self.device_, lambda net, z: net(z))

    def _learn_scale(self, X):
        self.mean_, self.scale_ = column_scale(X, self.scale)

    def _scaled(self, X):
        return scaled(X, self.mean_, self.scale_)

    def _about(self, rows):
        """What tells one training from another: every parameter that shapes it, and
        the rows.
        """
        shaping = (*self._shaping, "batch_size", "learning_rate", "dtype")
        seed = (
            self.random_state
            if isinstance(self.random_state, numbers.Integral)
            else None
        )
        about = {
            "random_state": seed,
            "hidden": list(self.hidden),
            **{n: getattr(self, n) for n in shaping},
        }
        code = code_version(type(self))
        return {**about, "rows": repro.digest(rows.cpu().numpy()), "code": code}

    def _restored(self):
        """Whether what a file holds is this network: one row goes through it."""
        self._check_parameters()
        if not (self.scale_ > 0).all():
            raise ValueError("scale_ of an autoencoder must be > 0 everywhere")
        self.score_samples(self.mean_[None])

    def _check_parameters(self):
        if not isinstance(self.hidden, (tuple, list, np.ndarray)):
            raise ValueError(
                f"hidden must be a sequence of widths such as (128, 64), got {self.hidden!r}."
            )
        for name in (*self._whole, "epochs", "batch_size"):
            check_whole(name, getattr(self, name))
        for width in self.hidden:
            check_whole("every width in hidden", width)
        if not self.learning_rate > 0:
            raise ValueError(
                f"learning_rate must be > 0, got {self.learning_rate!r}; 1e-3 is a good start."
            )
        check_scale_and_dtype(self, ("float32", "float64", "bfloat16"))
