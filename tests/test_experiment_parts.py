"""What an experiment has done is done again only when code, data or settings change."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from metaad import repro
from metaad.detectors import KNNDetector, anomaly_score
from metaad.experiments import parts
from metaad.experiments.images import architecture, mt_mnist
from metaad.experiments.images import architecture_tables as architecture_tables_module
from metaad.experiments.tables import (
    context_rows,
    do_no_harm,
    few_labels,
    policy_gradients_rewards,
    tuning,
)
from metaad.repro import cache
from metaad.search.tuning.grids import Candidate
from metaad.search.tuning.matrix import compute
from metaad.tasks.tables import LabelledTable

RNG = np.random.default_rng(0)
TABLES = [
    LabelledTable(RNG.normal(size=(30, 3)), np.repeat([0, 1], [24, 6]), n, n)
    for n in ("a", "b")
]


class Calls(list):
    """Counts calls of an expensive function that returns `found`."""

    def counted(self, found):
        def function(*args, **options):
            self.append(args)
            return found(*args) if callable(found) else found

        return function


def architecture_digits(patch, calls, folder):
    rows = RNG.random((10, 60, 50))
    patch.setattr(architecture, "images", lambda *_: (rows, rows[:, :2], rows[:, :4]))
    patch.setattr(architecture, "VALIDATION", 2)
    net = SimpleNamespace(errors=lambda queries: np.ones((10, len(queries))))
    patch.setattr(architecture, "train_together", calls.counted(net))
    return lambda epochs=1: architecture.by_class(
        folder, "mnist", [((3,), 2)], [0], 60, 2 * epochs
    )


def architecture_tables(patch, calls, folder):
    two = [[(t.name, t.X, t.X, t.y) for t in TABLES]]
    patch.setattr(architecture_tables_module, "groups", lambda _: two)
    net = SimpleNamespace(errors=lambda queries: np.ones(queries.shape[:2]))
    patch.setattr(architecture_tables_module, "train_together", calls.counted(net))

    def run(epochs=1):
        steps = {"short": 10 * epochs}
        patch.setattr(architecture_tables_module, "STEPS", steps)
        architecture_tables_module.by_table(folder, "short", nets=[((3,), 2)])

    return run


def few_labels_describe(patch, calls, folder):
    shares = SimpleNamespace(shares=np.ones((30, 2)))
    patch.setattr(few_labels, "LabelFeatures", calls.counted(shares))
    path = folder / "a.npz"
    return lambda trees=5: few_labels.describe(TABLES[0], path, 1, trees)


def mt_mnist_run(patch, calls, folder):
    images = RNG.random((8, 4)), np.arange(8), np.arange(8) < 5
    patch.setattr(mt_mnist, "images", lambda name: images)
    patch.setattr(mt_mnist, "training", lambda *_: None)
    learner = {"ProtoNet": None}
    patch.setattr(mt_mnist, "learn", calls.counted(lambda *_: learner))

    def judged(learner, X, y, result, folder, n):
        where = (result[n] for n in ("protocol", "variant", "split", "seed"))
        repro.write_json(mt_mnist.part(folder, *where), result)

    patch.setattr(mt_mnist, "judge_learner", judged)
    return lambda episodes=2: mt_mnist.run(
        "mt-mnist", "ProtoNet/all", [0, 1], [0], folder, episodes
    )


def steps_of(module):
    def prepared(patch, calls, folder):
        make = calls.counted({"found": (1, 2)})

        def run(rows=3):
            step = module.Steps(folder / "steps.json", [print_rows], rows=rows)
            assert step("one", make) == {"found": [1, 2]} and step.seconds() >= 0

        return run

    return prepared


def print_rows():
    """Code that steps may depend on."""


def policy_gradients(patch, calls, folder):
    patch.setattr(
        policy_gradients_rewards, "made_up", calls.counted(lambda *_: np.ones(3))
    )

    def run(k=3):
        grid = KNNDetector(), [{"n_neighbors": k}], None, None
        patch.setattr(policy_gradients_rewards, "configurations", lambda kind: grid)
        values = policy_gradients_rewards._made_up(TABLES[0], "kNN", folder)
        assert (values == 1).all()

    return run


def context_rows_once(patch, calls, folder):
    task = {"F": np.ones((3, 2)), "y": np.array([0, 0, 1])}
    make = calls.counted([task, None])
    path = folder / "a.npz"

    def run(rows=3):
        context_rows._once(path, (print_rows, rows), make)
        (found,) = context_rows.tasks_of(path)
        assert found["y"].tolist() == [0, 0, 1] and context_rows.seconds_of(path) >= 0

    return run


CASES = {
    "context_rows": context_rows_once,
    "architecture digits": architecture_digits,
    "architecture tables": architecture_tables,
    "few_labels": few_labels_describe,
    "mt_mnist": mt_mnist_run,
    "tuning": steps_of(tuning),
    "do_no_harm": steps_of(do_no_harm),
    "policy_gradients": policy_gradients,
}


@pytest.mark.parametrize("name", CASES)
def test_a_part_is_made_anew_for_other_code_other_settings_and_damage_alone(
    name, tmp_path, monkeypatch
):
    calls = Calls()
    code = {"is": "old"}
    monkeypatch.setattr(cache, "code_version", lambda of: f"{code['is']} {of!r:.20}")
    run = CASES[name](monkeypatch, calls, tmp_path)
    given = set(tmp_path.iterdir())

    def made(*settings):
        calls.clear()
        run(*settings)
        return len(calls)

    first = made()
    assert first > 0 and made() == 0
    code["is"] = "new"
    assert made() == first and made() == 0
    assert made(11) > 0 and made(11) == 0
    for path in set(tmp_path.iterdir()) - given:
        path.write_bytes(path.read_bytes()[:40])
    assert made(11) > 0 and made(11) == 0


def test_policy_gradients_read_what_the_matrix_keeps_and_stop_at_a_seed_that_lacks(
    tmp_path,
):
    found = [Candidate("kNN", KNNDetector(), {"n_neighbors": 3, "method": "mean"})]
    compute(TABLES, found, tmp_path, n_seeds=2)
    (first, _) = policy_gradients_rewards.load(tmp_path, TABLES, found)
    scores = anomaly_score(KNNDetector(3, "mean").fit(TABLES[0].X), TABLES[0].X)
    np.testing.assert_array_equal(first["scores"], [scores])
    assert first["auroc"].shape == (2, 1) and first["kinds"].tolist() == ["kNN"]
    changed = TABLES[0]._replace(X=TABLES[0].X + 1)
    assert policy_gradients_rewards.scores_of(tmp_path, changed, found) == []


def test_parts_from_before_there_were_keys_count_as_absent(tmp_path):
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"seed": 0}))
    assert parts.stored(path, "k") is None and parts.read(path) == {"seed": 0}
    assert parts.keep(path, "k", {"seed": 1}) == {"seed": 1, "key": "k"}
    assert parts.stored(path, "k") and parts.stored(path, "other") is None
    path.write_text("[1, 2")
    assert parts.read(path) == {} and parts.stored(path, "k") is None


def test_every_experiment_that_keeps_parts_is_among_the_cases():
    """A module that looks whether a file is there must know what made it."""
    for path in Path(parts.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.stem in ("mt_mnist_report", "mt_mnist_calibrated", "policy_gradients"):
            continue  # they look for records and for what a report may lack
        assert ".exists()" not in text, path.name
