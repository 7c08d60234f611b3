"""The experiment few_shot_control: same episodes, same batches, honest choices."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from metaad import metrics, repro
from metaad.experiments.images import few_shot_control as experiment
from metaad.experiments.images import few_shot_control_judge as judging
from metaad.experiments.images import few_shot_control_report as reporting
from metaad.experiments.images import few_shot_control_thresholds as thresholds
from metaad.experiments.images.few_shot_control_batches import Replayed
from metaad.tasks import OneClassTasks


def fold(n_classes=4, n=240):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(n_classes), n)
    X = rng.random((len(y), 16), dtype=np.float32)
    return SimpleNamespace(X=X, y=y)


def test_episodes_keep_support_query_and_classes_apart():
    of = fold()
    rows = np.ones(len(of.y), bool)
    rows[:20] = False
    seen = []
    for where, c, support, query in judging.draws(of, (0, 1), rows, 6):
        seen.append((where, c))
        support, query = support.numpy(), query.numpy()
        assert support.shape == (6, 10) and query.shape == (6, 200)
        assert rows[support].all() and rows[query].all()
        assert (of.y[support] == c).all() and (of.y[query[:, :100]] == c).all()
        odd = of.y[query[:, 100:]]
        assert (odd != c).all()
        assert set(odd.ravel()) == (
            {1 - c} if where == "held-out" else {*range(4)} - {c}
        )
        for s, q in zip(support, query, strict=True):
            assert len({*s, *q}) == 210
    assert seen == [(w, c) for w in ("others", "held-out") for c in (0, 1)]


def test_scores_of_few_rows_are_those_of_the_first_ones_of_the_support():
    of = fold()
    _, _, support, query = next(judging.draws(of, (0, 1), np.ones(len(of.y), bool), 3))
    found = judging.scores_of({"pixels": torch.as_tensor(of.X)}, support, query)
    for k in (2, 10):
        s, q = of.X[support[1, :k]], of.X[query[1]]
        expected = cdist(q, s, "sqeuclidean").min(axis=1)
        got = found["nearest, pixels", k][1]
        np.testing.assert_allclose(got, expected, rtol=1e-4)
        expected = ((q - s.mean(axis=0)) ** 2).sum(axis=1)
        np.testing.assert_allclose(found["mean, pixels", k][1], expected, rtol=1e-4)


def test_the_best_threshold_is_the_one_that_decides_best():
    rng = np.random.default_rng(0)
    scores = np.concatenate(
        [rng.normal(0, 1, (8, 100)), rng.normal(3, 1, (8, 100))], axis=1
    )
    at = judging.best_threshold(scores)
    assert at == pytest.approx(1.5, abs=0.3)
    found = judging.summary(scores, at)
    y = np.repeat([0, 1], 100)
    right = [((s > at) == y).mean() for s in scores]
    assert found["accuracy"] == pytest.approx(np.mean(right))
    assert found["auroc"] == pytest.approx(
        np.mean([metrics.auroc(y, s) for s in scores])
    )


def measured(a, b):
    """Results of two heads on two classes, in both settings and for both K."""
    return {
        f"{where}-{k}": {
            head: {c: {"auroc": v, "threshold": 10 * v} for c in ("0", "1")}
            for head, v in (("residual, convolutions", a), ("mean, embedding", b))
        }
        for where in ("others", "held-out")
        for k in (2, 10)
    }


def test_the_head_is_the_best_on_the_validation_classes():
    made = judging.choice(measured(0.7, 0.8))
    assert made["2"]["head"] == made["10"]["head"] == "mean, embedding"
    assert made["2"]["thresholds"]["mean, embedding"] == pytest.approx(8.0)


def test_own_scores_judge_each_support_row_by_the_others():
    rng = np.random.default_rng(0)
    s = rng.normal(size=(2, 4, 6))
    own = torch.as_tensor(s @ s.transpose(0, 2, 1))
    found = thresholds.own_scores("mean", own).numpy()
    for i in range(4):
        others = np.delete(s[1], i, axis=0).mean(axis=0)
        assert found[1, i] == pytest.approx(((s[1, i] - others) ** 2).sum())
    # of two rows, each is judged by its distance to the other
    two = thresholds.own_scores("residual", own[:, :2, :2]).numpy()
    np.testing.assert_allclose(two[0], ((s[0, 0] - s[0, 1]) ** 2).sum(), rtol=1e-6)


def test_the_threshold_is_chosen_by_accuracy_on_others_and_judged_everywhere():
    rng = np.random.default_rng(0)

    def scores(gap):
        normal, odd = rng.normal(0, 1, (6, 100)), rng.normal(gap, 1, (6, 100))
        return np.concatenate([normal, odd], axis=1)

    good, poor = ("mean", thresholds.KINDS[1], 2), ("mean", thresholds.KINDS[0], 2)
    episodes = [("others", 0, {good: scores(4), poor: scores(1)})]
    misleading = [("held-out", 0, {good: scores(0), poor: scores(9)})]
    choice = thresholds.chosen(episodes + misleading)
    assert choice["2"]["kind"] == thresholds.KINDS[1]
    assert choice["2"]["threshold"] == pytest.approx(2, abs=0.4)
    found = thresholds.judged(episodes, choice)
    assert found["others-2"]["0"]["accuracy"] > 0.95


def part(classifier, other, ours):
    """A part whose classifier chose `mean, embedding`, which the test may not confirm."""
    chosen = judging.choice(measured(0.7, 0.8))
    own = {
        w: {c: {"auroc": ours, "accuracy": 0.5} for c in ("0", "1")}
        for w in measured(0, 0)
    }
    result = {"chosen": chosen, "heads": measured(other, classifier)}
    steps = {
        "classifier/bent": result | {"training seconds": 3.0},
        "classifier/all": result | {"chosen": judging.choice(measured(0.6, 0.1))},
        "Mahalanobis/all": {"own": own, "training seconds": 5.0},
    }
    return {n: {"result": r, "seconds": 1.0} for n, r in steps.items()}


def test_the_report_judges_the_head_that_was_chosen_and_pairs_by_class():
    found = reporting.block([("MNIST", 0, 0, part(0.9, 0.99, 0.95))])
    results = found["results"]["MNIST"]
    assert results["classifier/bent"]["others-10"]["by_class"] == [0.9, 0.9]
    assert results["classifier/all"]["others-10"]["by_class"] == [0.99, 0.99]
    # bent looked better on the validation classes
    assert results["classifier"]["others-10"]["by_class"] == [0.9, 0.9]
    gains = found["gains"]["MNIST"]
    assert gains["Mahalanobis/all minus classifier"]["others-2"][
        "value"
    ] == pytest.approx(0.05)
    assert not any(name.startswith("classifier minus M") for name in gains)
    heads = found["heads"]["MNIST"]["classifier/bent"]["others-10"]
    assert heads["residual, convolutions"] == 0.99
    assert found["training_seconds"] == {"classifier/bent": 3.0, "Mahalanobis/all": 5.0}


def test_every_method_reads_the_very_same_batches():
    of = fold(n_classes=10, n=30)
    y = of.y
    one_class = OneClassTasks(of.X, y, k=10, n_query=3, dtype=torch.float32)

    class Pairs:
        n_features = 16
        drawn = 0

        def sample(self, n_tasks, rng):
            Pairs.drawn += 1
            return one_class.sample(n_tasks, rng)

    kept = Replayed(Pairs(), 3, 5, seed=0)
    first, second = kept.again(), kept.again((2,))
    rng = np.random.default_rng(0)
    one = [first.sample(5, rng) for _ in range(3)]
    two = [second.sample(5, rng) for _ in range(3)]
    assert Pairs.drawn == 3
    for a, b in zip(one, two, strict=True):
        assert torch.equal(a.support[:, :2], b.support) and torch.equal(
            a.query, b.query
        )
    assert not torch.equal(one[0].query, one[1].query)
    first.sample(1, 0)  # a look at one task takes no batch
    assert Pairs.drawn == 4


def test_a_fold_knows_neither_the_held_out_classes_nor_the_test_images(monkeypatch):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(np.arange(10), 60))
    X = rng.random((600, 28, 28))
    table = SimpleNamespace(X=X, y=y, train=np.arange(600) < 500)
    monkeypatch.setattr(experiment.data, "load", lambda name: table)
    monkeypatch.setattr(experiment, "KEPT", 100)
    of = experiment.Fold("MNIST", 4)
    assert of.held_out == (8, 9) and of.known == (0, 1, 2, 3, 4, 5, 6, 7)
    assert experiment.Fold("MNIST", 4, 3).known == (0, 1, 2)
    assert experiment.Fold("MNIST", 3, 3).known == (0, 8, 9)
    assert of.fitting.sum() == 400 and of.choosing.sum() == 100
    assert not (of.fitting & of.choosing).any() and not (of.choosing & ~of.train).any()
    tasks = of.tasks(of.known, of.train, 0.0).tasks
    assert tasks.normal == list(of.known) and len(tasks.X) == 500


def test_a_small_run_goes_on_where_it_stopped_and_makes_a_report(monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(np.arange(10), 330))
    table = SimpleNamespace(
        X=rng.random((3300, 28, 28)), y=y, train=np.arange(3300) < 1600
    )
    monkeypatch.setattr(experiment.data, "load", lambda name: table)
    monkeypatch.setattr(experiment, "KEPT", 1300)
    monkeypatch.setattr(experiment, "SIZE", experiment.SIZE | {"n_tasks": 8})
    monkeypatch.setattr(experiment, "CLASSES", 8)
    monkeypatch.setattr(judging, "PER_CLASS", 20)
    words = ["--parts", str(tmp_path), "--families", "MNIST", "--splits", "0"]
    words += ["--iterations", "4", "--episodes", "4", "--variants"]
    words += ["classifier/bent", "OC-ANIL/bent"]
    experiment.main(words)
    (path,) = tmp_path.glob("*.json")
    before = path.read_bytes()
    experiment.main(words)
    assert path.read_bytes() == before
    monkeypatch.setattr(experiment, "ITERATIONS", 4)
    monkeypatch.setattr(repro, "results_dir", lambda: tmp_path)
    monkeypatch.setattr(
        reporting, "recorded", lambda name: {"tried": [], "tried_on_pairs": []}
    )
    experiment.main(["--parts", str(tmp_path), "--report"])
    made = json.loads((tmp_path / "few_shot_control.json").read_text())
    assert set(made["results"]["MNIST"]) == {
        "pixels",
        "classifier/bent",
        "classifier/bent, residual",
        "OC-ANIL/bent",
    }
