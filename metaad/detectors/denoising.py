"""A denoising autoencoder: what it can't clean is anomalous."""

import numpy as np
import torch
from sklearn.utils import check_random_state

from metaad.detectors.autoencoder import AutoencoderDetector
from metaad.nets import MLP
from metaad.scores import reconstruction_error


class DenoisingAutoencoder(AutoencoderDetector):
    """Mean squared error of rebuilding a row from noisy copies of it [1], [2].

    The network sees x + σ ε with ε standard normal and learns to answer x. It needs no
    narrow code to keep it from copying: it has to know what normal rows look like to
    tell them from the noise. An anomaly is pulled towards the normal rows, and that is
    what the error measures. Rows are scored with the same `n_noisy` patterns of noise,
    so that a row gets the same score alone and among others.

    Parameters
    ----------
    hidden : tuple of int, widths of the layers between the row and its copy.
    noise : float > 0, σ, in the units of the scaled columns; for pixels in [0, 1] about
        0.5, for standardised columns 0.1 to 1.
    n_noisy : int ≥ 1, noisy copies of which the error is the mean.
    epochs, batch_size, learning_rate, scale, dtype, device, contamination,
    random_state, checkpoint, progress : as for `AutoencoderDetector`.

    Attributes
    ----------
    module_ : metaad.nets.MLP, trained.
    noise_ : float64 (n_noisy, d), the patterns that rows are scored with.
    device_, history_, mean_, scale_, offset_ : as for `AutoencoderDetector`. A loss of
        history_ is measured against the clean rows.

    References
    ----------
    [1] Vincent, Larochelle, Bengio, Manzagol: Extracting and composing robust features
        with denoising autoencoders. ICML 2008.
    [2] Alain, Bengio: What regularized auto-encoders learn from the data-generating
        distribution. JMLR 15, 2014.
    """

    _whole = ("n_noisy",)
    _shaping = ("noise",)

    def __init__(
        self,
        hidden=(512, 512),
        noise=0.5,
        n_noisy=8,
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
        super().__init__(
            hidden=hidden,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            scale=scale,
            dtype=dtype,
            device=device,
            contamination=contamination,
            random_state=random_state,
            checkpoint=checkpoint,
            progress=progress,
        )
        self.noise = noise
        self.n_noisy = n_noisy

    def _begin(self, X):
        rows, seed = super()._begin(X)
        drawn = check_random_state(seed).standard_normal((self.n_noisy, X.shape[1]))
        self.noise_ = self.noise * drawn
        return rows, seed

    def _check_parameters(self):
        super()._check_parameters()
        if not self.noise > 0:
            raise ValueError(
                f"noise must be > 0, got {self.noise!r}; AutoencoderDetector has none."
            )

    def _network(self, n_features, dtype):
        return MLP((n_features, *self.hidden, n_features), dtype=dtype)

    def _noise(self, seed):
        return torch.Generator(self.device_).manual_seed(seed)

    def _shown(self, rows, generator):
        drawn = torch.empty_like(rows).normal_(generator=generator)
        return rows + self.noise * drawn

    def _anomaly(self, X):
        Z = self._scaled(X)
        errors = [reconstruction_error(Z, self._rebuild(Z + n)) for n in self.noise_]
        return np.mean(errors, axis=0)
