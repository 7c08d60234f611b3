"""The game of a generator against a critic: the losses, one step of it, and the encoder
that is trained afterwards.

Everywhere a critic is large for rows that look real. Losses are means over the rows.
Rows are (n, d); for m networks of one shape side by side (`gan_together`) they are
(n, m, d), and losses are means over the networks too.
"""

import torch
from torch.nn.functional import softplus


def noise(generator, rows):
    """Draw noise for as many rows as given, uniform in (-1, 1): (n, noise_size), of
    their type and on their device.
    """
    size = *rows.shape[:-1], generator.noise_size
    return 2 * torch.rand(size, dtype=rows.dtype, device=rows.device) - 1


def discriminator_loss(critic, real, made):
    """Compute the cross-entropy of telling real rows (n, d) from made ones (m, d) [1].

    The critic's output is the logit of "real": D(x) = sigmoid(critic(x)). The loss is
    -mean log D(real) - mean log(1 - D(made)); 2 log 2 = 1.386 where nothing can be told
    apart.

    Returns a scalar tensor ≥ 0; small where the critic wins.

    [1] Goodfellow et al.: Generative adversarial nets. NeurIPS 2014, equation 1.
    """
    return softplus(-critic(real)).mean() + softplus(critic(made)).mean()


def gradient_penalty(critic, points):
    """Compute mean (|critic'(x)| - 1)² over points x (n, d) [1].

    The gradient of the critic is with respect to the row, and its length the Euclidean
    one. Returns a scalar tensor ≥ 0: 0 where every slope is 1.

    [1] Gulrajani et al.: Improved training of Wasserstein GANs. NeurIPS 2017.
    """
    points = points.detach().requires_grad_()
    (slopes,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return ((slopes.norm(dim=-1) - 1) ** 2).mean()


def critic_loss(critic, real, made, weight=10.0):
    """Compute the loss of a WGAN's critic with gradient penalty [1].

    It is mean critic(made) - mean critic(real), plus `weight` times the penalty at
    random points on the lines between real and made rows. At its smallest the first
    part is minus the Wasserstein distance of the two sets of rows.

    Parameters
    ----------
    critic : function (n, d) -> (n,).
    real, made : tensors (n, d).
    weight : float ≥ 0; 0 leaves the slope free, and spares the penalty's work.

    Returns
    -------
    scalar tensor, unbounded; small where the critic wins.

    References
    ----------
    [1] Gulrajani et al.: Improved training of Wasserstein GANs. NeurIPS 2017,
        equation 3.
    """
    one = *real.shape[:-1], 1
    share = torch.rand(one, dtype=real.dtype, device=real.device)
    between = share * real + (1 - share) * made
    gap = critic(made).mean() - critic(real).mean()
    return gap + weight * gradient_penalty(critic, between) if weight else gap


def fooling_loss(judged):
    """Compute -mean log D of made rows from their logits (n,): the generator's loss in a
    GAN, in the form that still has a gradient where the critic wins.
    """
    return softplus(-judged).mean()


def height_loss(judged):
    """Compute minus the mean height of made rows (n,): the generator's loss in a WGAN."""
    return -judged.mean()


def duel(generator, critic, losses, learning_rate, n_critic=1):
    """Return a step for `train.epochs`: the critic learns `n_critic` times, on the rows
    cut in as many parts, and then the generator once.

    Parameters
    ----------
    generator : Generator.
    critic : Critic.
    losses : (loss(critic, real, made), loss(critic(made))), the critic's and the
        generator's.
    learning_rate : float > 0, of both Adams; their betas are 0.5 and 0.9.
    n_critic : int ≥ 1.

    Returns
    -------
    step : function of rows (n, d); returns the critic's last loss before its update.
    """
    of_critic, of_generator = losses
    nets, betas = (critic, generator), (0.5, 0.9)
    adams = [
        torch.optim.Adam(net.parameters(), learning_rate, betas, fused=True)
        for net in nets
    ]

    def update(net, adam, loss):
        adam.zero_grad()
        loss.backward(inputs=list(net.parameters()))
        adam.step()
        return loss.detach()

    def step(rows):
        for real in rows.chunk(n_critic):
            made = generator(noise(generator, real)).detach()
            told = update(critic, adams[0], of_critic(critic, real, made))
        made = generator(noise(generator, real))
        update(generator, adams[1], of_generator(critic(made)))
        return told

    return step


def rebuilding_errors(x, rebuilt, critic):
    """Return how far rows lie from their copies: (n, d), (n, d) -> two tensors (n,) ≥ 0.

    The first is the mean squared difference of the values, the second that of the
    critic's features.
    """
    seen, copied = critic.features(x), critic.features(rebuilt)
    return ((x - rebuilt) ** 2).mean(dim=-1), ((seen - copied) ** 2).mean(dim=-1)


def feature_unit(critic, rows):
    """Return by what the features' squared differences are divided, so that they count
    like those of the values: their mean variance over the rows, per variance of a value.

    rows : tensor (n, d), or (n, m, d) for m critics. Returns a tensor () or (m,), > 0;
    1 where nothing varies.
    """
    with torch.no_grad():
        seen = critic.features(rows)
        of_rows, of_seen = (v.var(0, correction=0).mean(-1) for v in (rows, seen))
    found = of_seen / of_rows
    return torch.where((found > 0) & found.isfinite(), found, torch.ones_like(found))


def encoder_loss(encoder, generator, critic, rows, weight=1.0):
    """Compute the loss of an encoder that looks for the noise behind each row [1].

    Row -> noise -> row again, with generator and critic as they are: the mean error of
    the values plus `weight` (a number, or one per network) times that of the critic's
    features. Returns a scalar tensor ≥ 0.

    [1] Schlegl et al.: f-AnoGAN: fast unsupervised anomaly detection with generative
        adversarial networks. Medical Image Analysis 54, 2019, section 3.2 ("izi_f").
    """
    values, features = rebuilding_errors(rows, generator(encoder(rows)), critic)
    return (values + weight * features).mean()
