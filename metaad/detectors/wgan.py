"""The same detector with a critic that measures a distance: WGAN with gradient penalty."""

from functools import partial

from metaad.detectors import gan_training as game
from metaad.detectors.gan import GANDetector
from metaad.detectors.parameters import check_number


class WGANDetector(GANDetector):
    """A Wasserstein GAN with gradient penalty [1], an encoder, and three scores.

    The critic has no sigmoid and no logarithm: it makes the mean height of real rows
    large and that of generated rows small, with a slope held near 1, so that the
    difference of the means is close to the Wasserstein distance of the two. Heights
    mean something only beside each other: a constant may be added to all.

    Parameters
    ----------
    penalty : float ≥ 0, weight of the gradient penalty; 0 leaves the slope free, and
        the training may run away.
    n_critic : int ≥ 1, updates of the critic for one of the generator.
    hidden, noise_size, scored_by, feature_weight, epochs, encoder_epochs, batch_size,
        learning_rate, scale, dtype, device, contamination, random_state, progress : as
        for `GANDetector`. The critic is large for real rows, so that the score "critic"
        is minus its output.

    Attributes
    ----------
    module_, device_, history_, encoder_history_, feature_unit_, mean_, scale_,
        offset_ : as for `GANDetector`. The critic's loss may be negative.

    Raises
    ------
    ValueError
        in `fit`, for a parameter out of range.
    FloatingPointError
        in `fit`, if a loss is not finite.

    References
    ----------
    [1] Gulrajani et al.: Improved training of Wasserstein GANs. NeurIPS 2017.
    """

    def __init__(
        self,
        hidden=(128, 64),
        noise_size=16,
        scored_by="reconstruction",
        feature_weight=1.0,
        penalty=10.0,
        n_critic=5,
        epochs=100,
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
        super().__init__(
            hidden=hidden,
            noise_size=noise_size,
            scored_by=scored_by,
            feature_weight=feature_weight,
            epochs=epochs,
            encoder_epochs=encoder_epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            scale=scale,
            dtype=dtype,
            device=device,
            contamination=contamination,
            random_state=random_state,
            progress=progress,
        )
        self.penalty = penalty
        self.n_critic = n_critic

    def _losses(self):
        of_critic = partial(game.critic_loss, weight=self.penalty)
        return of_critic, game.height_loss, self.n_critic

    def _whole(self):
        return (*super()._whole(), "n_critic")

    def _check_parameters(self):
        super()._check_parameters()
        check_number("penalty", self.penalty)
