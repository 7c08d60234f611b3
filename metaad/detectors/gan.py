"""Anomaly detectors from a game: a generator draws rows, a critic tells them from real
ones, and an encoder finds the noise from which the generator would draw a given row.
"""

import torch
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import nn

from metaad.detectors import gan_training as game
from metaad.detectors.base import Detector
from metaad.detectors.network import (
    are_pixels,
    check_scale_and_dtype,
    column_scale,
    in_blocks,
    scaled,
)
from metaad.detectors.parameters import (
    check_choice,
    check_number,
    check_whole,
    check_widths,
)
from metaad.nets import MLP, Critic, Generator
from metaad.progress import progress as show_progress
from metaad.train import descent, epochs, resolve_device, seeded

SCORES = ("critic", "reconstruction", "features")


class GANDetector(Detector):
    """A generative adversarial network [1] with an encoder [2], and three scores.

    Scores are computed in float64 (float32 on MPS). Columns are scaled as in
    `AutoencoderDetector`; where no scaling is needed because all values lie in [0, 1],
    the generator ends in a sigmoid.

    Parameters
    ----------
    hidden : tuple of int, at least one width, of the critic and of the encoder from the
        row on; the generator has them in reverse. The last is the number of the
        critic's features.
    noise_size : int ≥ 1, numbers that a row is drawn from, uniform in (-1, 1).
    scored_by : what `score_samples` turns round:
        "critic", minus the critic's output: large where a row does not look real. It
        was trained to tell real rows from *generated* ones, and says little about rows
        that the generator never drew: it may rank worse than chance;
        "reconstruction", mean squared difference of a row and its copy, the row that
        the generator draws from what the encoder gives;
        "features", that plus `feature_weight` times the mean squared difference of the
        critic's features of both [2], divided by `feature_unit_`.
    feature_weight : float ≥ 0, also in the encoder's training; 1 counts both alike.
    epochs : int ≥ 1, passes of generator and critic over the rows.
    encoder_epochs : int ≥ 1, passes of the encoder afterwards.
    batch_size : int ≥ 1, rows per step.
    learning_rate : float > 0, Adam's, for all three networks.
    scale, dtype, device, contamination, random_state, progress : as for
        `AutoencoderDetector`, but for "bfloat16".

    Attributes
    ----------
    module_ : nn.ModuleDict of generator, critic and encoder, trained.
    device_ : torch.device that they lie on.
    history_ : list of float, the critic's mean loss in each epoch.
    encoder_history_ : list of float, the encoder's.
    feature_unit_ : float > 0, variance of a feature per variance of a value over the
        training rows. Features have no unit of their own: those of a GAN grow as long
        as its critic wins.
    mean_, scale_ : float64 (d,), subtracted from the columns, and divided by.
    offset_ : float, threshold on `score_samples`.

    Raises
    ------
    ValueError
        in `fit`, for a parameter out of range.
    FloatingPointError
        in `fit`, if a loss is not finite.

    References
    ----------
    [1] Goodfellow et al.: Generative adversarial nets. NeurIPS 2014.
    [2] Schlegl et al.: f-AnoGAN. Medical Image Analysis 54, 2019.
    """

    _squares = True

    def __init__(
        self,
        hidden=(128, 64),
        noise_size=16,
        scored_by="reconstruction",
        feature_weight=1.0,
        epochs=50,
        encoder_epochs=50,
        batch_size=64,
        learning_rate=1e-3,
        scale="auto",
        dtype="float32",
        device="auto",
        contamination=0.1,
        random_state=None,
        progress=False,
    ):
        self.hidden = hidden
        self.noise_size = noise_size
        self.scored_by = scored_by
        self.feature_weight = feature_weight
        self.epochs = epochs
        self.encoder_epochs = encoder_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scale = scale
        self.dtype = dtype
        self.device = device
        self.contamination = contamination
        self.random_state = random_state
        self.progress = progress

    def all_scores(self, X):
        """Return every score of the rows X (n, d), from one training: {"critic",
        "reconstruction", "features": float64 array (n,), larger = more anomalous}.
        """
        check_is_fitted(self)
        found = self._judged(self._checked(X, reset=False))  # (n, 3)
        return {name: found[:, i] for i, name in enumerate(SCORES)}

    def reconstruct(self, X):
        """Return the copy of each row of X (n, d) that the generator draws: float64
        array (n, d), in the units of X.
        """
        check_is_fitted(self)
        Z = self._scaled(self._checked(X, reset=False))
        copies = self._apply(Z, lambda nets, z: nets["generator"](nets["encoder"](z)))
        return copies * self.scale_ + self.mean_

    def sample(self, n, random_state=None):
        """Draw n rows from the generator: float64 array (n, d), in the units of the
        training rows.
        """
        check_is_fitted(self)
        rng = check_random_state(random_state)
        z = rng.uniform(-1.0, 1.0, (n, self.noise_size))
        drawn = self._apply(z, lambda nets, z: nets["generator"](z))
        return drawn * self.scale_ + self.mean_

    def _fit(self, X):
        rows, seed = self._prepare(X)
        shuffle = torch.Generator().manual_seed(seed)
        with seeded(seed, self.device_):
            self.module_ = self._networks(rows)
            found = self._train(self.module_, rows, shuffle)
            self.history_, self.encoder_history_, unit = found
            self.feature_unit_ = float(unit)

    def _prepare(self, X):
        """Check the parameters and learn the scale: (tensor of scaled rows (n, d), seed)."""
        self._check_parameters()
        self.device_ = resolve_device(self.device)
        self._learn_scale(X)
        dtype = torch.float64 if self.dtype == "float64" else torch.float32
        rows = torch.tensor(self._scaled(X), dtype=dtype, device=self.device_)
        return rows, int(check_random_state(self.random_state).randint(2**31 - 1))

    def _networks(self, rows):
        """The three networks, drawn on the CPU, so that every device starts alike."""
        d, hidden, kind = rows.shape[1], tuple(self.hidden), {"dtype": rows.dtype}
        generator = Generator(
            self.noise_size, hidden[::-1], d, are_pixels(rows), **kind
        )
        critic = Critic(d, hidden, **kind)
        encoder = nn.Sequential(*MLP((d, *hidden, self.noise_size), **kind), nn.Tanh())
        nets = {"generator": generator, "critic": critic, "encoder": encoder}
        return nn.ModuleDict(nets).to(self.device_)

    def _losses(self):
        """What critic and generator make small, and how often the critic learns."""
        return game.discriminator_loss, game.fooling_loss, 1

    def _train(self, nets, rows, shuffle):
        """Play the game, then train the encoder: the losses of each, epoch by epoch, and
        the features' unit.
        """
        generator, critic, encoder = (
            nets[n] for n in ("generator", "critic", "encoder")
        )
        *losses, times = self._losses()
        step = game.duel(generator, critic, losses, self.learning_rate, times)
        played = self._pass_over(step, rows, shuffle, self.epochs, times, "game")
        adam = torch.optim.Adam(encoder.parameters(), self.learning_rate, fused=True)
        unit = game.feature_unit(critic, rows)
        weight = self.feature_weight / unit
        critic.requires_grad_(False), generator.requires_grad_(False)
        step = descent(
            lambda x: game.encoder_loss(encoder, generator, critic, x, weight), adam
        )
        found = self._pass_over(step, rows, shuffle, self.encoder_epochs, 1, "encoder")
        critic.requires_grad_(True), generator.requires_grad_(True)
        return played, found, unit

    def _pass_over(self, step, rows, shuffle, n_epochs, times, label):
        options = {"batch_size": self.batch_size * times, "generator": shuffle}
        records = epochs(step, rows, n_epochs=n_epochs, **options)
        if self.progress:
            records = show_progress(records, total=n_epochs, label=label)
        return [epoch.loss for epoch in records]

    def _anomaly(self, X):
        return self._judged(X)[:, SCORES.index(self.scored_by)]

    def _judged(self, X):
        """The three scores of each row: (n, d) -> (n, 3)."""

        def scores(nets, x):
            copies = nets["generator"](nets["encoder"](x))
            critic = nets["critic"]
            values, features = game.rebuilding_errors(x, copies, critic)
            both = values + self.feature_weight / self.feature_unit_ * features
            return torch.stack([-critic(x), values, both], dim=1)

        return self._apply(self._scaled(X), scores)

    def _apply(self, rows, function):
        return in_blocks(self.module_, rows, self.device_, function)

    def _learn_scale(self, X):
        self.mean_, self.scale_ = column_scale(X, self.scale)

    def _scaled(self, X):
        return scaled(X, self.mean_, self.scale_)

    def _restored(self):
        """Whether what a file holds are these networks: one row goes through them."""
        self._check_parameters()
        if not ((self.scale_ > 0).all() and self.feature_unit_ > 0):
            raise ValueError("scale_ and feature_unit_ must be > 0 everywhere")
        self.score_samples(self.mean_[None])

    def _whole(self):
        """Names of the parameters that are whole numbers ≥ 1."""
        return ("noise_size", "epochs", "encoder_epochs", "batch_size")

    def _check_parameters(self):
        check_widths(self.hidden)
        for name in self._whole():
            check_whole(name, getattr(self, name))
        check_number("learning_rate", self.learning_rate, above=True)
        check_number("feature_weight", self.feature_weight)
        check_choice("scored_by", self.scored_by, SCORES)
        check_scale_and_dtype(self, ("float32", "float64"))
