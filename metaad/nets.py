"""Networks as plain nn.Module: every class takes PyTorch's usual `device` and
`dtype`.
"""

from itertools import pairwise

from torch import nn


class MLP(nn.Sequential):
    """Linear layers with an activation between them, and none after the last.

    Parameters
    ----------
    sizes : sequence of int, widths from the input to the output; (784, 128, 10) has two
        linear layers.
    activation : class of the activation, nn.ReLU unless told otherwise. nn.Identity
        leaves a linear map.
    device, dtype : where the weights lie and their floating-point type.

    Input (n, sizes[0]), output (n, sizes[-1]).
    """

    def __init__(self, sizes, activation=nn.ReLU, device=None, dtype=None):
        layers = []
        for n_in, n_out in pairwise(sizes):
            layers += [nn.Linear(n_in, n_out, device=device, dtype=dtype), activation()]
        super().__init__(*layers[:-1])


class Autoencoder(nn.Module):
    """Rebuild the input from a short code [1].

    The encoder has widths n_features, *hidden, code_size; the decoder has them in
    reverse. ReLU stands between the layers, nothing after the code and nothing after
    the output. A sigmoid at the end would suit pixels only: it can't reach values
    outside (0, 1), and its gradient vanishes at the black and white that most pixels
    are. The linear output serves tables and pixels alike, and with
    `activation=nn.Identity` it spans the same subspace as PCA [2].

    Parameters
    ----------
    n_features : int, width of a row.
    hidden : sequence of int, widths between the row and the code; may be empty.
    code_size : int, width of the code.
    activation, device, dtype : as for `MLP`.

    References
    ----------
    [1] Hinton, Salakhutdinov: Reducing the dimensionality of data with neural networks.
        Science 313, 2006.
    [2] Baldi, Hornik: Neural networks and principal component analysis. Neural Networks
        2, 1989.
    """

    def __init__(
        self,
        n_features,
        hidden=(128, 64, 32),
        code_size=10,
        activation=nn.ReLU,
        device=None,
        dtype=None,
    ):
        super().__init__()
        sizes = [n_features, *hidden, code_size]
        self.encoder = MLP(sizes, activation, device, dtype)
        self.decoder = MLP(sizes[::-1], activation, device, dtype)

    def encode(self, x):
        """Compute the codes (n, code_size) of the rows x (n, n_features)."""
        return self.encoder(x)

    def forward(self, x):
        """Rebuild the rows x (n, n_features) from their codes: same shape."""
        return self.decoder(self.encode(x))


class Generator(nn.Sequential):
    """Draw rows from noise: linear layers with ReLU between them.

    Parameters
    ----------
    noise_size : int, numbers that one row is made from.
    hidden : sequence of int, widths between the noise and the row; may be empty.
    n_features : int, width of a row.
    bounded : bool, end in a sigmoid, so that every value lies in (0, 1) as pixels do.
    device, dtype : as for `MLP`.

    Input (n, noise_size), output (n, n_features).
    """

    def __init__(
        self, noise_size, hidden, n_features, bounded=False, device=None, dtype=None
    ):
        layers = MLP((noise_size, *hidden, n_features), nn.ReLU, device, dtype)
        super().__init__(*layers, *([nn.Sigmoid()] if bounded else []))

    @property
    def noise_size(self):
        """Numbers that one row is made from."""
        return self[0].in_features


class Critic(nn.Module):
    """Give each row one number, large for rows that look real.

    After training against a generator it is a logit (GAN, [1]: log p/q at its best,
    for the density p of the real rows and q of the made ones) or a height whose slope
    stays near 1 (WGAN, [2]). Leaky ReLU follows every layer but the last.

    Parameters
    ----------
    n_features : int, width of a row.
    hidden : sequence of int ≥ 1 widths; the last is that of the features.
    device, dtype : as for `MLP`.

    Input (..., n_features), output (...).

    References
    ----------
    [1] Goodfellow et al.: Generative adversarial nets. NeurIPS 2014.
    [2] Gulrajani et al.: Improved training of Wasserstein GANs. NeurIPS 2017.
    """

    def __init__(self, n_features, hidden=(128, 64), device=None, dtype=None):
        super().__init__()
        layers = MLP((n_features, *hidden), lambda: nn.LeakyReLU(0.2), device, dtype)
        self.body = nn.Sequential(*layers, nn.LeakyReLU(0.2))
        self.head = nn.Linear(hidden[-1], 1, device=device, dtype=dtype)

    def features(self, x):
        """Compute the last hidden layer (n, hidden[-1]) of the rows x (n, n_features)."""
        return self.body(x)

    def forward(self, x):
        """Return one number per row: (n, n_features) -> (n,)."""
        return self.head(self.features(x))[..., 0]


class ConvNet(nn.Sequential):
    """Strided 3 × 3 convolutions over square grey images: each one halves the image.

    Parameters
    ----------
    channels : sequence of int, channels after each convolution.
    out : width of a last linear layer, e.g. 1 for a logit; None ends with the flattened
        feature map.
    side : int, height and width of the images.
    batch_norm : bool, put batch normalisation between convolution and ReLU.
    device, dtype : as for `MLP`.

    Input (n, side²), flattened images; output (n, out), or (n, channels[-1] · s²) with
    s the side of the last map.
    """

    def __init__(
        self,
        channels=(16, 32, 32),
        out=1,
        side=28,
        batch_norm=False,
        device=None,
        dtype=None,
    ):
        where = {"device": device, "dtype": dtype}
        layers = [nn.Unflatten(1, (1, side, side))]
        for n_in, n_out in pairwise([1, *channels]):
            shape = {"stride": 2, "padding": 1, "bias": not batch_norm}
            layers.append(nn.Conv2d(n_in, n_out, 3, **shape, **where))
            if batch_norm:
                layers.append(nn.BatchNorm2d(n_out, **where))
            layers.append(nn.ReLU())
            side = (side + 1) // 2
        layers.append(nn.Flatten())
        if out is not None:
            layers.append(nn.Linear(channels[-1] * side**2, out, **where))
        super().__init__(*layers)
