"""What lesson 05 measures with: ten networks trained as one are ten trained alone, a cut
training ends in the same bytes, and the rivals are those that other libraries compute.
"""

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.neighbors import LocalOutlierFactor
from torch import nn
from torch._subclasses import FakeTensorMode

from metaad import data, metrics, train
from metaad.exercises.lesson_05 import threshold_for
from metaad.experiments.lessons import autoencoder_listing as listing
from metaad.experiments.lessons import autoencoder_mnist as mnist
from metaad.experiments.lessons import autoencoder_rivals as rivals
from metaad.nets import Autoencoder
from metaad.scores import reconstruction_error

SMALL = {"batch_size": 8, "learning_rate": 1e-3}


@pytest.fixture
def rows():
    return np.random.default_rng(0).uniform(size=(40, 12))


OWN = [np.arange(20), np.arange(20, 40)]


def two(rows, **options):
    return mnist.Nets(rows, OWN, seeds=[3, 4], code_size=2, **options)


def test_two_networks_trained_as_one_are_the_two_trained_alone(rows):
    both = two(rows)
    both.train(3, **SMALL)
    for i, own in enumerate(OWN):
        with train.seeded([3, 4][i], torch.device("cpu")):
            net = Autoencoder(12, code_size=2, dtype=torch.float64)
        optimizer = torch.optim.Adam(net.parameters(), SMALL["learning_rate"])
        X, shuffle = torch.tensor(rows[own]), torch.Generator().manual_seed(3)
        for _ in range(3):
            for batch in torch.randperm(20, generator=shuffle).split(8):
                optimizer.zero_grad()
                mnist.rebuild_loss(net, X[batch]).backward()
                optimizer.step()
        alone = net(torch.tensor(rows)).detach().numpy()
        np.testing.assert_allclose(both.rebuilt(rows, i), alone, atol=1e-10)
        by_hand = ((rows - alone) ** 2).mean(axis=1)
        np.testing.assert_allclose(both.errors(rows)[i], by_hand, atol=1e-12)
        np.testing.assert_allclose(both.training_errors()[i], by_hand[own], atol=1e-12)


def test_a_network_with_fewer_rows_starts_over_and_is_scored_on_each_row_once(rows):
    uneven = mnist.Nets(rows, [np.arange(5), np.arange(5, 17)], [0, 1], code_size=2)
    assert uneven.rows.T.tolist() == [[*range(5)] * 2 + [0, 1], [*range(5, 17)]]
    assert [len(e) for e in uneven.training_errors()] == [5, 12]


def noisy(net, batch):
    return reconstruction_error(
        batch, net(batch + 0.1 * torch.randn_like(batch))
    ).mean()


def watch(net):
    return {"error": net.errors(net.X.numpy()).mean(axis=1).tolist()}


def test_a_training_that_was_cut_ends_in_the_same_bytes_and_measures(rows, tmp_path):
    whole, cut, again = two(rows), two(rows), two(rows)
    options = {"loss": noisy, "at": (1, 2, 4), "watch": watch, **SMALL}
    expected = whole.train(4, **options)
    file = tmp_path / "state.safetensors"
    cut.train(2, checkpoint=file, **options)
    found = again.train(4, checkpoint=file, **options)
    np.testing.assert_array_equal(again.errors(rows), whole.errors(rows))
    assert found == expected and list(found) == [1, 2, 4]


def test_a_measure_that_the_file_lacks_is_taken_again(rows, tmp_path):
    options = {"at": (1, 2), "watch": watch, **SMALL}
    expected = two(rows).train(2, **options)
    file = tmp_path / "state.safetensors"

    def killed(net):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        two(rows).train(2, checkpoint=file, **options | {"watch": killed})
    assert two(rows).train(2, checkpoint=file, **options) == expected


def test_a_checkpoint_of_another_loss_is_refused(rows, tmp_path):
    file = tmp_path / "state.safetensors"
    two(rows).train(1, checkpoint=file, **SMALL)
    with pytest.raises(ValueError, match="another training"):
        two(rows).train(2, loss=noisy, checkpoint=file, **SMALL)


def test_the_loss_sees_the_labels_of_its_own_rows(rows):
    net, seen = two(rows, labels=np.arange(40)), []

    def loss(net, batch, labels):
        seen.append((batch, labels))
        return mnist.rebuild_loss(net, batch)

    net.train(1, loss=loss, **SMALL)
    for batch, labels in seen:
        np.testing.assert_array_equal(rows[labels.long().numpy()], batch.numpy())
    assert sorted(torch.cat([n[0] for _, n in seen]).tolist()) == list(range(20))


def test_bfloat16_trains_float32_weights_to_nearly_the_same_network(rows):
    short, exact = two(rows, dtype="bfloat16"), two(rows, dtype="float32")
    np.testing.assert_array_equal(short.errors(rows), exact.errors(rows))
    for net in (short, exact):
        net.train(3, **SMALL)
    assert short.layers[0][0].dtype == torch.float32
    assert not np.array_equal(short.errors(rows), exact.errors(rows))
    np.testing.assert_allclose(short.errors(rows), exact.errors(rows), atol=0.01)


@pytest.mark.usefixtures("cuda_build")
def test_rows_weights_and_labels_all_lie_on_the_device(rows, monkeypatch):
    monkeypatch.setattr(train, "resolve_device", lambda _: torch.device("cuda"))
    # a fake network can't be moved: it is made there
    monkeypatch.setattr(Autoencoder, "to", lambda self, _: self)
    there = partial(Autoencoder, device="cuda")
    monkeypatch.setattr(mnist, "Autoencoder", there)
    with FakeTensorMode(allow_non_fake_inputs=True):
        net = two(rows, labels=np.arange(40), dtype="float32")
        batch, labels = net._batch(net.rows[:4].T)
        loss = mnist.rebuild_loss(net, batch)
    assert {t.device.type for t in (batch, labels, loss)} == {"cuda"}
    assert batch.shape == (2, 4, 12) and labels.shape == (2, 4) and loss.shape == ()


def test_marks_double_up_to_the_last_epoch():
    assert mnist.marks(48) == [2, 3, 6, 12, 24, 48]
    assert mnist.marks(1) == [1] and mnist.marks(2) == [1, 2]


def test_the_threshold_of_the_lesson_is_the_one_of_its_exercise():
    rng = np.random.default_rng(0)
    for n in (50, 99, 500):
        errors = rng.gamma(4.0, 0.01, n)
        assert mnist.threshold(errors) == threshold_for(errors, 0.1)
    assert mnist.threshold(np.array([1.0, 3.0, 2.0])) == 3.0  # too few for the promise


class Fixed:
    """Stands for ten trained networks: errors by the brightness of the image."""

    def errors(self, X):
        return np.tile(X.sum(axis=1), (10, 1))

    def rebuilt(self, X, i):
        return X + np.sqrt(X.sum(axis=1, keepdims=True))  # the same errors

    def training_errors(self):
        return [np.arange(1, 101.0)] * 10


def test_false_alarms_are_counted_among_held_out_rows_of_the_digit():
    y = np.repeat(np.arange(10), 20)
    X = np.zeros((200, 784))
    X[:, 0] = np.tile(np.r_[np.full(15, 50.0), np.full(5, 95.0)], 10)
    digits = mnist.Digits(X[:0], y[:0], X, y)
    found = mnist.one_class(digits, np.random.default_rng(0))(Fixed())
    assert set(found) == set(mnist.MEASURES)
    assert found["alarms"] == [0.25] * 10  # 95 lies above the 90th of 100
    assert found["training"] == [50.5] * 10 and found["held_out"] == [61.25] * 10
    assert found["auroc"] == [0.5] * 10 and found["mirrored"] == [0.5] * 10


def test_local_outlier_factors_are_scikit_learns():
    X = data.load("breast-cancer").X
    rows, queries = X[:300], X[300:340]
    _, ours = rivals.neighbour_scores(rows, queries, (1,), (5, 20))
    for k, found in zip((5, 20), ours, strict=True):
        theirs = LocalOutlierFactor(k, novelty=True).fit(rows).score_samples(queries)
        np.testing.assert_allclose(found, -theirs, rtol=1e-8)


def test_errors_of_pca_are_those_of_its_own_copies():
    X = data.load("digits").X.reshape(-1, 64)
    rows, queries = X[:400], X[400:430]
    found = rivals.pca_errors(rows, queries, (2, 7))
    for k, errors in zip((2, 7), found, strict=True):
        pca = PCA(k, svd_solver="full").fit(rows)
        copies = pca.inverse_transform(pca.transform(queries))
        np.testing.assert_allclose(
            errors, ((queries - copies) ** 2).mean(1), atol=1e-10
        )


def test_no_task_takes_part_in_choosing_its_own_setting():
    # by itself the first task would take the second setting
    measured = np.array([[0.05, 0.9, 0.9], [0.8, 0.2, 0.2]])
    np.testing.assert_array_equal(rivals.chosen_elsewhere(measured), [0.05, 0.2, 0.2])


def test_the_table_gives_each_place_its_own_differences():
    a, b = np.linspace(0.8, 0.9, 10), np.linspace(0.85, 0.91, 10)
    text = rivals.table(
        {"x": {"autoencoder": a, "PCA": b}, "y": {"autoencoder": b, "PCA": a}}
    )
    best, second = text.splitlines()[2:]
    assert best.startswith("| PCA |") and second.startswith("| autoencoder |")
    assert str(metrics.paired(b, a)) in best and str(metrics.paired(a, b)) in best


def test_which_faults_of_the_listing_stop_and_which_run():
    found = listing.trials(np.zeros((4, 28, 28)), np.arange(4))
    stops = [what.startswith("**stops**") for what in found.values()]
    assert stops == [True, True, False, True, False, True]
    assert "with a warning" in found["`mse_loss(outputs, y[:, None])`"]


@pytest.mark.parametrize(
    "image",
    [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.arange(24, dtype=np.uint8).reshape(2, 4, 3),
        np.linspace(0, 1, 6).reshape(2, 3),
        torch.zeros(1, 2, 3),
    ],
)
def test_an_image_becomes_the_tensor_or_the_error_that_torchvision_makes(image):
    theirs = pytest.importorskip("torchvision").transforms.ToTensor()
    try:
        wanted = theirs(image)
    except TypeError as error:
        with pytest.raises(TypeError) as ours:
            listing.to_tensor(image)
        assert str(ours.value) == str(error)
    else:
        torch.testing.assert_close(listing.to_tensor(image), wanted, rtol=0, atol=0)


def test_a_linear_autoencoder_reaches_the_loss_and_the_subspace_of_pca():
    small = data.load("digits")
    rows = small.X[small.y == 3].reshape(-1, 64)
    batch = torch.tensor(rows, dtype=torch.float64)
    with train.seeded(0, torch.device("cpu")):
        net = Autoencoder(64, (), 5, activation=nn.Identity, dtype=torch.float64)
    how = {"max_iter": 800, "tolerance_change": 1e-14, "line_search_fn": "strong_wolfe"}
    optimizer = torch.optim.LBFGS(net.parameters(), **how)

    def closure():
        optimizer.zero_grad()
        loss = mnist.rebuild_loss(net, batch)
        loss.backward()
        return loss

    optimizer.step(closure)
    pca = PCA(5).fit(rows)
    best = rivals.pca_errors(rows, rows, (5,))[0].mean()
    assert float(mnist.rebuild_loss(net, batch).detach()) == pytest.approx(
        best, rel=1e-3
    )
    basis, _ = np.linalg.qr(net.decoder[0].weight.detach().numpy())
    cosines = np.linalg.svd(basis.T @ pca.components_.T, compute_uv=False)
    assert cosines.min() > 0.99
