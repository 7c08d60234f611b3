"""Device code on a machine without one: a tensor left on the CPU is found, and the
training step has right shapes.
"""

import numpy as np
import pytest
import torch
from torch._subclasses import FakeTensorMode
from torch.nn.functional import mse_loss

from metaad.detectors import AutoencoderDetector, anomaly_score
from metaad.nets import Autoencoder
from metaad.train import descent, epochs

CUDA = torch.device("cuda")


def losses_of_one_pass(net, device):
    """Return what each batch of four of a pass over ten rows gives on `device`:
    the loop without its updates.

    PyTorch's backward pass asks the driver for the device, which a fake tensor does not
    have; so forward only."""
    losses = []

    def step(batch):
        losses.append(mse_loss(net(batch), batch))
        return 0.0  # the loop wants a number at the end, and a fake tensor has none

    rows = torch.zeros(10, 6, device=device)
    list(epochs(step, rows, n_epochs=1, batch_size=4, generator=torch.Generator()))
    return losses


class LeavesATensorBehind(Autoencoder):
    def encode(self, x):
        # made on the CPU whatever the device of x
        return super().encode(x) * torch.ones(2)


@pytest.mark.usefixtures("cuda_build")
def test_a_pass_leaves_nothing_on_the_cpu():
    with FakeTensorMode():
        losses = losses_of_one_pass(Autoencoder(6, (5,), 2, device=CUDA), CUDA)
    assert [loss.device.type for loss in losses] == ["cuda"] * 3


@pytest.mark.usefixtures("cuda_build")
def test_a_tensor_left_on_the_cpu_is_found():
    with (
        FakeTensorMode(),
        pytest.raises(RuntimeError, match="same device, .*cuda:0 and cpu"),
    ):
        losses_of_one_pass(LeavesATensorBehind(6, (5,), 2, device=CUDA), CUDA)


def test_a_training_step_on_the_meta_device():
    net = Autoencoder(784, device="meta")
    step = descent(
        lambda x: mse_loss(net(x), x), torch.optim.Adam(net.parameters(), 1e-3)
    )
    loss = step(torch.empty(32, 784, device="meta"))
    assert loss.shape == () and loss.device.type == "meta"
    assert all(
        p.grad.shape == p.shape and p.grad.device.type == "meta"
        for p in net.parameters()
    )


@pytest.mark.usefixtures("cuda_build")
def test_the_detector_trains_rows_and_network_on_its_device(monkeypatch):
    """`_fit` up to its first backward pass, with a CUDA device that is only
    pretended.
    """
    net, seen = Autoencoder(6, (5,), 2), []

    def pretend(step, data, **_):
        seen.append(mse_loss(net(data), data).device.type)
        return iter(())

    monkeypatch.setattr("metaad.detectors.autoencoder.resolve_device", lambda _: CUDA)
    monkeypatch.setattr("metaad.detectors.autoencoder.epochs", pretend)
    monkeypatch.setattr(
        "metaad.detectors.autoencoder.Autoencoder", lambda *_, **__: net
    )
    monkeypatch.setattr("metaad.train.generators", lambda _: {})
    detector = AutoencoderDetector(hidden=(5,), code_size=2)
    with FakeTensorMode(allow_non_fake_inputs=True):
        detector._fit(np.random.default_rng(0).random((10, 6)))
    assert seen == ["cuda"] and {
        p.device.type for p in detector.module_.parameters()
    } == {"cuda"}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_cuda_agrees_with_the_cpu_and_with_itself(dtype, tmp_path):
    X = np.random.default_rng(0).normal(size=(500, 20))
    settings = {
        "hidden": (32,),
        "code_size": 4,
        "epochs": 5,
        "dtype": dtype,
        "random_state": 0,
    }
    torch.cuda.manual_seed(1)
    before = torch.cuda.get_rng_state()
    cuda = AutoencoderDetector(
        device="cuda", checkpoint=tmp_path / "c", **settings
    ).fit(X)
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert cuda.device_.type == "cuda" == next(cuda.module_.parameters()).device.type
    again = AutoencoderDetector(device="auto", **settings).fit(X)
    resumed = AutoencoderDetector(
        device="cuda", checkpoint=tmp_path / "c", **settings
    ).fit(X)
    assert np.array_equal(cuda.score_samples(X), again.score_samples(X))
    assert np.array_equal(cuda.score_samples(X), resumed.score_samples(X))
    cpu = AutoencoderDetector(device="cpu", **settings).fit(X)
    tolerance = {"float32": 1e-3, "float64": 1e-9, "bfloat16": 0.1}[dtype]
    np.testing.assert_allclose(
        anomaly_score(cuda, X), anomaly_score(cpu, X), rtol=tolerance, atol=tolerance
    )
