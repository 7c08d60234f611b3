"""The training loop: batches, losses and Adam by hand; a killed run resumes to the
same bytes.
"""

import math
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss

from metaad import saving
from metaad.nets import Autoencoder
from metaad.train import Checkpoint, Epoch, descent, epochs, resolve_device, seeded

F64 = {"dtype": torch.float64}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_row_comes_once_an_epoch_and_the_last_batch_is_kept():
    data, seen = torch.arange(10.0), []

    def step(batch):
        seen.append(batch.tolist())
        return batch.mean()

    list(epochs(step, data, n_epochs=2, batch_size=4, generator=generator()))
    assert [len(b) for b in seen] == [4, 4, 2] * 2
    first, second = sum(seen[:3], []), sum(seen[3:], [])
    assert sorted(first) == sorted(second) == data.tolist()
    assert first != second != data.tolist()


@pytest.mark.parametrize(
    ("n", "batch_size"), [(1, 1), (1, 64), (2, 64), (5, 5), (7, 100)]
)
def test_fewer_rows_than_a_batch_is_one_step(n, batch_size):
    steps = []

    def step(batch):
        steps.append(len(batch))
        return batch.mean()

    records = epochs(
        step, torch.ones(n), n_epochs=1, batch_size=batch_size, generator=generator()
    )
    assert [r.loss for r in records] == [1.0] and steps == [n]


def test_loss_of_an_epoch_is_the_mean_over_rows_not_over_batches():
    # three rows in batches of two: a mean of the batches' means would weigh the last
    # row double
    data = torch.tensor([1.0, 2.0, 6.0], **F64)
    (record,) = epochs(
        lambda b: b.mean(), data, n_epochs=1, batch_size=2, generator=generator()
    )
    assert record.loss == pytest.approx(3.0, abs=1e-15) and record.number == 1


def test_nothing_runs_before_the_loop_is_iterated():
    loop = epochs(
        lambda b: pytest.fail("ran"),
        torch.ones(3),
        n_epochs=1,
        batch_size=2,
        generator=generator(),
    )
    loop.close()


def test_gradient_descent_on_a_parabola_in_closed_form():
    """θ_K = c + (1 − α)^K (θ − c) on ½(θ − c)²."""
    theta, c, rate, k = torch.nn.Parameter(torch.tensor(5.0, **F64)), 2.0, 0.1, 7
    step = descent(
        lambda b: 0.5 * ((theta - b) ** 2).mean(), torch.optim.SGD([theta], rate)
    )
    records = list(
        epochs(
            step,
            torch.full((1,), c, **F64),
            n_epochs=k,
            batch_size=1,
            generator=generator(),
        )
    )
    assert theta.item() == pytest.approx(c + (1 - rate) ** k * 3.0, abs=1e-14)
    assert [r.loss for r in records] == pytest.approx(
        [0.5 * ((1 - rate) ** i * 3.0) ** 2 for i in range(k)]
    )


@pytest.mark.parametrize("fused", [False, True])
def test_steps_of_adam_equal_the_papers_algorithm(fused):
    torch.manual_seed(0)
    net = torch.nn.Linear(3, 3, **F64)
    data = torch.randn(4, 3, **F64)
    W, b, x = (
        net.weight.detach().numpy().copy(),
        net.bias.detach().numpy().copy(),
        data.numpy(),
    )
    step = descent(
        lambda x: mse_loss(net(x), x),
        torch.optim.Adam(net.parameters(), 1e-2, fused=fused),
    )
    loop = epochs(step, data, n_epochs=3, batch_size=4, generator=generator())
    moments = [np.zeros_like(W), np.zeros_like(b)], [np.zeros_like(W), np.zeros_like(b)]
    for t, _ in enumerate(loop, 1):
        back = 2 * (x @ W.T + b - x) / x.size
        for theta, g, m, v in zip(
            (W, b), (back.T @ x, back.sum(0)), *moments, strict=True
        ):
            m[:] = 0.9 * m + 0.1 * g
            v[:] = 0.999 * v + 0.001 * g**2
            theta -= 1e-2 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        np.testing.assert_allclose(net.weight.detach(), W, rtol=1e-9)
        np.testing.assert_allclose(net.bias.detach(), b, rtol=1e-9)


def test_bfloat16_autocast_changes_the_products_and_not_the_weights():
    torch.manual_seed(0)
    net, seen = torch.nn.Linear(8, 8), []

    def loss(batch):
        seen.append(net(batch).dtype)
        return mse_loss(net(batch), batch)

    for autocast in (None, "bfloat16"):
        value = descent(loss, torch.optim.SGD(net.parameters(), 0.1), autocast)(
            torch.randn(4, 8)
        )
        assert value.dtype == net.weight.dtype == torch.float32
    assert seen == [torch.float32, torch.bfloat16]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_with_a_remedy(bad, tmp_path):
    losses = iter([1.0, bad])
    checkpoint = Checkpoint(tmp_path / "run", {})
    loop = epochs(
        lambda b: torch.tensor(next(losses)),
        torch.ones(2),
        n_epochs=2,
        batch_size=2,
        generator=generator(),
        checkpoint=checkpoint,
    )
    with pytest.raises(
        FloatingPointError,
        match=r"finite, got (nan|inf) in epoch 2.*learning rate.*scale",
    ):
        list(loop)
    assert checkpoint.load() == [1.0], "the state that diverged is not kept"


@pytest.mark.skipif(
    not torch.set_flush_denormal(False),
    reason="this processor can't flush such numbers",
)
def test_tiny_numbers_are_flushed_while_it_trains_and_only_then():
    tiny, seen = sys.float_info.min, []

    def step(batch):
        seen.append(tiny * 0.5)
        return batch.mean()

    for before in (False, True):
        torch.set_flush_denormal(before)
        try:
            for _ in epochs(
                step, torch.ones(2), n_epochs=1, batch_size=2, generator=generator()
            ):
                assert (tiny * 0.5 == 0.0) == before
        finally:
            torch.set_flush_denormal(False)
    assert seen == [0.0, 0.0]


def training(path, n_epochs, stop_after=None):
    """A small training with dropout (PyTorch's global generator) and shuffling;
    `stop_after` steps it breaks off.
    """
    data = torch.randn(50, 6, generator=generator(9), **F64)
    shuffle, steps = generator(3), iter(range(10**9))
    with seeded(5, torch.device("cpu")):
        net = Autoencoder(6, (8,), 2, **F64)
        optimizer = torch.optim.Adam(net.parameters(), 1e-2, fused=True)
        inner = descent(
            lambda x: mse_loss(net(torch.nn.functional.dropout(x, 0.2)), x), optimizer
        )

        def step(batch):
            if next(steps) == stop_after:
                raise KeyboardInterrupt
            return inner(batch)

        parts = {
            "net": net,
            "optimizer": optimizer,
            "shuffle": shuffle,
            "random": torch.default_generator,
        }
        checkpoint = Checkpoint(path, {"width": 2}, **parts)
        return list(
            epochs(
                step,
                data,
                n_epochs=n_epochs,
                batch_size=16,
                generator=shuffle,
                checkpoint=checkpoint,
            )
        )


@pytest.mark.parametrize("stop_after", [5, 8, 11])
def test_a_run_that_broke_off_resumes_to_the_same_bytes(tmp_path, stop_after):
    whole = training(tmp_path / "whole", 4)
    with pytest.raises(KeyboardInterrupt):
        training(tmp_path / "broken", 4, stop_after)
    resumed = training(tmp_path / "broken", 4)
    assert [(r.number, r.loss) for r in resumed] == [(r.number, r.loss) for r in whole]
    assert (tmp_path / "broken").read_bytes() == (tmp_path / "whole").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["broken", "whole"], (
        "no temporary file is left"
    )


KILLED = """
import os, sys
sys.path.insert(0, os.path.dirname(sys.argv[1]))
import test_train
import os
calls = []
def fsync(descriptor):
    calls.append(descriptor)
    if len(calls) == 3:  # the third epoch's checkpoint is written and not yet in place
        os.kill(os.getpid(), 9)
os.fsync = fsync
test_train.training(sys.argv[2], 4)
"""


@pytest.mark.skipif(
    not hasattr(os, "kill") or sys.platform == "win32", reason="needs SIGKILL"
)
def test_a_killed_process_resumes_to_the_same_bytes(tmp_path):
    training(tmp_path / "whole", 4)
    command = [sys.executable, "-c", KILLED, __file__, tmp_path / "killed"]
    done = subprocess.run(command, check=False, capture_output=True)
    assert done.returncode == -9, done.stderr.decode()
    assert len(saving.read_tree(tmp_path / "killed")["losses"]) == 2
    training(tmp_path / "killed", 4)
    assert (tmp_path / "killed").read_bytes() == (tmp_path / "whole").read_bytes()


def test_more_epochs_continue_and_fewer_are_refused(tmp_path):
    two = training(tmp_path / "a", 2)
    four = training(tmp_path / "a", 4)
    assert [r.loss for r in four] == [r.loss for r in training(tmp_path / "b", 4)]
    assert four[:2] == [Epoch(r.number, r.loss, 0.0) for r in two]
    with pytest.raises(ValueError, match="holds 4 epochs, and 2 were asked for"):
        training(tmp_path / "a", 2)


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    Checkpoint(tmp_path / "c", {"width": 2, "rate": 0.1}).save([1.0])
    assert Checkpoint(tmp_path / "c", {"width": 2, "rate": 0.1}).load() == [1.0]
    with pytest.raises(
        ValueError,
        match=r"another training: width, depth differ.*another path, or delete",
    ):
        Checkpoint(tmp_path / "c", {"width": 3, "rate": 0.1, "depth": 1}).load()


def test_a_damaged_checkpoint_is_named(tmp_path):
    training(tmp_path / "c", 1)
    content = (tmp_path / "c").read_bytes()
    for damaged in (content[:-100], content[:20], b"", b"\x80\x04N."):
        (tmp_path / "c").write_bytes(damaged)
        with pytest.raises(
            ValueError, match="not a complete file of metaad.*delete it or restore"
        ):
            training(tmp_path / "c", 2)


def test_every_byte_of_a_checkpoint_that_flips_is_noticed(tmp_path):
    path = tmp_path / "c"
    training(path, 2)
    whole = path.read_bytes()
    assert len(whole) > 2000
    for at in np.linspace(0, len(whole) - 1, 200).astype(int):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(at) % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="not a complete file of metaad"):
            training(path, 3)


def test_a_checkpoint_of_other_code_or_with_other_parts_is_refused(
    tmp_path, monkeypatch
):
    from metaad import train

    Checkpoint(tmp_path / "c", {}).save([1.0])
    with pytest.raises(ValueError, match="another training: the part net differ"):
        Checkpoint(tmp_path / "c", {}, net=torch.nn.Linear(1, 1)).load()
    monkeypatch.setattr(train, "__version__", "9.9")
    with pytest.raises(ValueError, match="another training: metaad differ"):
        Checkpoint(tmp_path / "c", {}).load()
    saving.write_tree(tmp_path / "c", [1.0])
    with pytest.raises(ValueError, match="is not a checkpoint"):
        Checkpoint(tmp_path / "c", {}).load()


def test_a_refused_checkpoint_changes_no_weight(tmp_path):
    net = torch.nn.Linear(2, 2)
    Checkpoint(tmp_path / "c", {}, net=net).save([1.0, 0.5])
    other = torch.nn.Linear(2, 2)
    before = other.weight.clone()
    with pytest.raises(ValueError, match="holds 2 epochs, and 1 were asked for"):
        Checkpoint(tmp_path / "c", {}, net=other).load(most=1)
    assert torch.equal(other.weight, before)


def test_trees_survive_the_disk_and_other_things_are_refused(tmp_path):
    tree = {
        "a": [1, 2.5, None, "x", True],
        3: (torch.arange(4), {"b": torch.tensor(1.5, **F64)}),
        "nan": math.inf,
    }
    saving.write_tree(tmp_path / "t", tree)
    back = saving.read_tree(tmp_path / "t")
    assert (
        list(back) == ["a", 3, "nan"]
        and back["a"] == tree["a"]
        and back["nan"] == math.inf
    )
    assert isinstance(back[3], tuple) and torch.equal(back[3][0], torch.arange(4))
    assert back[3][1]["b"].dtype == torch.float64 and back[3][1]["b"].shape == ()
    before = (tmp_path / "t").read_bytes()
    with pytest.raises(TypeError, match="only tensors, arrays, numbers, strings"):
        saving.write_tree(tmp_path / "t", {"f": print})
    assert (tmp_path / "t").read_bytes() == before and len(
        list(tmp_path.iterdir())
    ) == 1


def test_seeded_leaves_the_global_generator_as_it_was():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="inside"), seeded(7, torch.device("cpu")):
        first = torch.rand(3)
        raise RuntimeError("inside")
    assert torch.equal(torch.get_rng_state(), state)
    with seeded(7, torch.device("cpu")):
        assert torch.equal(torch.rand(3), first)


def test_devices_by_name(monkeypatch):
    assert (
        resolve_device("cpu")
        == torch.device("cpu")
        == resolve_device(torch.device("cpu"))
    )
    with pytest.raises(ValueError, match="device must be 'auto', 'cpu'.*got 'gpu'"):
        resolve_device("gpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device() == torch.device("cpu")
    for name in ("cuda", "mps"):
        with pytest.raises(
            ValueError,
            match=f"no {name.upper()} device is available here; use 'auto' or 'cpu'",
        ):
            resolve_device(name)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert resolve_device("auto") == resolve_device("cuda") == torch.device("cuda")
    with pytest.raises(
        ValueError, match="'cuda:3' was asked for, but the last one here is 'cuda:0'"
    ):
        resolve_device("cuda:3")
