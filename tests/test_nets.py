"""Networks: layer widths, the forward pass by hand, gradients against NumPy."""

import numpy as np
import pytest
import torch
from torch import nn

from metaad.nets import MLP, Autoencoder

F64 = {"dtype": torch.float64}


def numpy_forward(linears, x):
    """Linear layers with ReLU between them, in NumPy; also what backpropagation
    needs of each layer.
    """
    before, h = [], x
    for i, layer in enumerate(linears):
        before.append(h)
        h = h @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
        if i < len(linears) - 1:
            h = np.maximum(h, 0.0)
    return h, before


def test_mlp_with_hand_made_weights():
    net = MLP((2, 2, 1), **F64)
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0, 2.0], [-1.0, 0.0]]))
        net[0].bias.copy_(torch.tensor([0.5, 1.0]))
        net[2].weight.copy_(torch.tensor([[3.0, -1.0]]))
        net[2].bias.copy_(torch.tensor([0.25]))
    # x = (1, 1): ReLU(3.5, 0) -> 10.75;  x = (-2, 0): ReLU(-1.5, 3) = (0, 3) -> -2.75
    out = net(torch.tensor([[1.0, 1.0], [-2.0, 0.0]], **F64))
    assert out.tolist() == [[10.75], [-2.75]]


def test_mlp_has_no_activation_after_its_last_layer():
    assert [type(m) for m in MLP((5, 4, 3))] == [nn.Linear, nn.ReLU, nn.Linear]
    assert [type(m) for m in MLP((5, 4), nn.Tanh)] == [nn.Linear]


def test_default_autoencoder_has_the_published_widths():
    linears = [m for m in Autoencoder(784).modules() if isinstance(m, nn.Linear)]
    assert [m.in_features for m in linears] + [784] == [
        784,
        128,
        64,
        32,
        10,
        32,
        64,
        128,
        784,
    ]
    pairs = [
        (784, 128),
        (128, 64),
        (64, 32),
        (32, 10),
        (10, 32),
        (32, 64),
        (64, 128),
        (128, 784),
    ]
    weights = sum(a * b + b for a, b in pairs)
    assert sum(p.numel() for p in Autoencoder(784).parameters()) == weights == 223_066


@pytest.mark.parametrize("hidden", [(), (3,), (16, 8)])
def test_forward_is_decode_after_encode(hidden):
    torch.manual_seed(0)
    net = Autoencoder(5, hidden, 2, **F64)
    x = torch.randn(7, 5, **F64)
    code, _ = numpy_forward(
        [m for m in net.encoder if isinstance(m, nn.Linear)], x.numpy()
    )
    rebuilt, _ = numpy_forward(
        [m for m in net.decoder if isinstance(m, nn.Linear)], code
    )
    assert net.encode(x).shape == (7, 2) and net(x).shape == (7, 5)
    np.testing.assert_allclose(net.encode(x).detach(), code, rtol=1e-12)
    np.testing.assert_allclose(net(x).detach(), rebuilt, rtol=1e-12)


def test_gradient_of_the_reconstruction_error_equals_backpropagation_in_numpy():
    torch.manual_seed(0)
    net = Autoencoder(4, (6,), 2, activation=nn.Identity, **F64)
    x = torch.randn(5, 4, **F64)
    ((net(x) - x) ** 2).mean().backward()
    linears = [m for m in net.modules() if isinstance(m, nn.Linear)]
    h, inputs = x.numpy(), []
    for layer in linears:  # linear all through: no ReLU to differentiate
        inputs.append(h)
        h = h @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    back = 2 * (h - x.numpy()) / x.numel()
    for layer, h in zip(reversed(linears), reversed(inputs), strict=True):
        np.testing.assert_allclose(
            layer.weight.grad, back.T @ h, rtol=1e-10, atol=1e-14
        )
        np.testing.assert_allclose(layer.bias.grad, back.sum(0), rtol=1e-10, atol=1e-14)
        back = back @ layer.weight.detach().numpy()


def test_relu_network_gradient_equals_finite_differences():
    torch.manual_seed(1)
    net = Autoencoder(3, (4,), 2, **F64)
    x = torch.randn(6, 3, **F64)
    assert torch.autograd.gradcheck(
        lambda x: ((net(x) - x) ** 2).mean(), x.requires_grad_(True)
    )
