"""The experiment few_shot_head: what the head may learn from, and what it is judged on."""

import json
import types

import numpy as np
import pytest
import torch

from metaad import repro
from metaad.experiments import parts
from metaad.experiments.images import few_shot_head as experiment
from metaad.experiments.images import few_shot_head_numbers as made
from metaad.experiments.images import few_shot_head_report as reporting
from metaad.meta.few_shot import trunk
from metaad.meta.learned_head import LearnedHead
from metaad.meta.support_numbers import NAMES

KNOWN = tuple(range(2, 10))
F = len(NAMES)


def episode(rng, tells, n=6):
    """Numbers (n, 200, 17): noise, and one that tells anomalies."""
    x = rng.normal(size=(n, 200, F)).astype(np.float32)
    x[:, 100:, tells] += 3.0
    return x


def numbers_of(tells=experiment.ENERGY, seed=0):
    rng, found = np.random.default_rng(seed), {}
    for k in made.SHOTS:
        for prefix, classes in (
            ("short-0", (2, 3)),
            ("short-1", (4, 5)),
            ("test", (0, 1)),
        ):
            for where in made.WHERES:
                for c in classes:
                    found[f"{prefix}-{where}-{c}-{k}"] = episode(rng, tells)
            found[f"{prefix}-invented-0-{k}"] = episode(rng, tells)
    return found


def test_every_known_class_is_left_out_once():
    pairs = made.pairs(KNOWN)
    assert len(pairs) == 4
    assert sorted(c for pair in pairs for c in pair) == list(KNOWN)


def test_a_short_network_never_learns_what_it_is_asked_about(monkeypatch):
    n = 600
    fold = types.SimpleNamespace(known=KNOWN, held_out=(0, 1), X=np.zeros((n, 4)))
    fold.y = np.arange(n) % 10
    fold.fitting = np.arange(n) < 400
    fold.choosing = ~fold.fitting
    asked = []

    def network(fold, known, rows, iterations, seed):
        asked.append({"known": set(known), "rows": rows, "steps": iterations})
        return "network"

    def everything(net, fold, known, rows, classes, n_episodes, seed):
        asked[-1] |= {"classes": set(classes), "seen": set(rows.y.tolist())}
        return {"others-2-2": np.zeros(1)}

    monkeypatch.setattr(made, "network", network)
    monkeypatch.setattr(made, "everything", everything)
    found = made.short(fold, 800, 0)
    assert len(asked) == len(found) == 4
    for of in asked:
        assert not of["known"] & of["classes"]
        assert of["known"] | of["classes"] == set(KNOWN)
        assert not of["seen"] & {0, 1}  # the held-out ones, not even as anomalies
        assert of["rows"] is fold.fitting
        assert of["steps"] == 800 // made.SHORT


@pytest.fixture
def net():
    torch.manual_seed(0)
    found = trunk(out=8, side=8)
    found.append(torch.nn.Linear(8, 4))
    return found


def images(n_classes=4, each=140):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(n_classes), each)
    X = rng.random((len(y), 64)) * 0.3
    X[np.arange(len(y)), 8 * y + 3] += 1.0
    return X.astype(np.float32), y


def fold_of():
    X, y = images()
    choosing = np.ones(len(y), bool)
    return types.SimpleNamespace(X=X, y=y, choosing=choosing, fitting=~choosing)


def test_what_a_network_says_is_named_and_complete(net, monkeypatch):
    monkeypatch.setattr(made, "KNOWN_EPISODES", 2)
    monkeypatch.setattr(made, "INVENTED", 3)
    fold = fold_of()
    rows = made.Rows(fold, fold.choosing)
    found = made.everything(net, fold, (0, 1), rows, (2, 3), 4, 0)
    for k in made.SHOTS:
        for where in made.WHERES:
            for c in (2, 3):
                assert found[f"{where}-{c}-{k}"].shape == (4, 200, F)
        assert found[f"invented-0-{k}"].shape == (3, 200, F)
    assert all(np.isfinite(a).all() for a in found.values())


def test_in_its_own_units_a_network_varies_by_one(net):
    fold = fold_of()
    unit = made.units(net, fold, (0, 1, 2))
    rows = made.Rows(fold, np.isin(fold.y, (0, 1, 2)))
    found = made.real(net, rows, (0, 1, 2), made.KNOWN_EPISODES, ("others",))
    for k in made.SHOTS:
        numbers = torch.cat([n for (*_, kk), n in found.items() if kk == k])
        spread = (numbers / unit[k]).double().flatten(0, 1).std(0)
        varied = unit[k] != 1.0
        torch.testing.assert_close(
            spread[varied], torch.ones(int(varied.sum()), dtype=torch.float64),
            atol=1e-4, rtol=1e-4,
        )  # fmt: skip


def test_arrays_are_found_by_the_networks_that_made_them():
    found = numbers_of()
    assert len(experiment.episodes_of(found, "short-", 2)) == 8
    assert len(experiment.episodes_of(found, "short-", 10, ("invented",))) == 2
    assert len(experiment.episodes_of(found, "test-", 2, ("others",))) == 2


def test_the_test_s_own_numbers_change_no_reading():
    found = numbers_of()
    changed = {n: x + 5.0 if n.startswith("test") else x for n, x in found.items()}
    for k in made.SHOTS:
        assert experiment.learning(found, k) == experiment.learning(changed, k)


def test_a_number_that_tells_is_learned_and_the_multiple_that_helps_is_chosen():
    made_of = numbers_of(experiment.ENERGY)
    about = experiment.learning(made_of, 2)
    assert np.argmax(about["learned"]) == experiment.ENERGY
    assert about["with energy"] == max(experiment.MULTIPLES)
    about = experiment.learning(numbers_of(experiment.RESIDUAL), 2)
    assert about["chosen"] == "residual, third"
    assert about["with energy"] == 0.0


def test_left_out_and_made_up_classes_weigh_alike():
    rng = np.random.default_rng(3)
    real, made_up = (episode(rng, i) for i in (experiment.ENERGY, experiment.RESIDUAL))
    once = experiment.learned([[real], [made_up]])
    thrice = experiment.learned([[real], [made_up] * 3])
    np.testing.assert_allclose(once, thrice, atol=1e-4)


def test_only_real_classes_of_the_test_are_judged():
    found = numbers_of()
    by_shots = {k: {"r": lambda x: x[..., 0]} for k in made.SHOTS}
    judged = experiment.judged(experiment.scored(found, by_shots))
    assert set(judged["r"]) == {"others-2", "others-10", "held-out-2", "held-out-10"}
    assert set(judged["r"]["others-2"]) == {0, 1}


def test_every_reading_is_the_formula_it_is_called_by():
    x = np.random.default_rng(0).normal(size=(3, F))
    weights = np.arange(F, dtype=float)
    about = {"learned": weights.tolist(), "chosen": "mean, second", "with energy": 0.3}
    found = {n: f(x) for n, f in experiment.readings(about).items()}
    of = dict(zip(NAMES, x.T, strict=True))
    np.testing.assert_allclose(found["learned"], x @ weights)
    np.testing.assert_allclose(found["residual"], of["residual, third"])
    np.testing.assert_allclose(found["chosen"], of["mean, second"])
    with_energy = of["residual, third"] + 0.3 * of["energy"]
    np.testing.assert_allclose(found["with energy"], with_energy)


def test_several_networks_are_judged_by_their_mean_score():
    rng, key = np.random.default_rng(0), ("r", "others-2", 0)
    noise = rng.normal(size=(5, 200))
    tells = experiment.LABELS * 1.0
    members = [{key: tells + noise}, {key: tells - noise}]
    assert experiment.together(members) == {"r": {"others-2": {0: 1.0}}}
    assert experiment.judged(members[0])["r"]["others-2"][0] < 1.0


def test_what_was_learned_is_kept(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(made, "of_fold", lambda *a: numbers_of())
    learning = experiment.learning
    monkeypatch.setattr(
        experiment, "learning", lambda *a: calls.append(a) or learning(*a)
    )
    path = tmp_path / "heads.json"
    found = []
    for _ in range(2):
        steps = parts.Steps(path, [LearnedHead])
        result, scores = experiment.fold(steps, tmp_path, "MNIST", 0, 0, 80, 20)
        found.append((result, scores["learned", "others-2", 0]))
    assert len(calls) == len(made.SHOTS)
    assert found[0][0] == found[1][0] and "longer" not in found[0][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


def judgements():
    auroc = {
        "learned": {"others-2": {0: 0.9, 1: 0.8}},
        "residual": {"others-2": {0: 0.8, 1: 0.75}},
    }
    other = {
        "learned": {"others-2": {0: 1.0, 1: 0.8}},
        "residual": {"others-2": {0: 0.7, 1: 0.75}},
    }
    about = {2: {"learned": [1.0] * F, "chosen": NAMES[0], "with energy": 0.3}}
    longer = {"residual": {"others-2": {0: 0.85, 1: 0.75}}}
    return [
        ("MNIST", 0, 0, {"auroc": auroc, "about": about, "longer": longer}),
        ("MNIST", 0, 1, {"auroc": other, "about": about}),
    ]


def test_a_rival_of_one_seed_meets_that_seed_alone():
    found = reporting.collected(judgements())
    assert found["MNIST"]["learned"]["others-2"] == {0: [0.9, 1.0], 1: [0.8, 0.8]}
    gaps = reporting.differences(found["MNIST"], "longer, residual")["others-2"]
    np.testing.assert_allclose(gaps, [0.05, 0.05])
    gaps = reporting.differences(found["MNIST"], "residual")["others-2"]
    np.testing.assert_allclose(gaps, [0.2, 0.05])


def test_the_record_holds_gains_weights_and_what_was_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(repro, "results_dir", lambda: tmp_path)
    several = {("MNIST", 0): {"learned": {"others-2": {0: 0.97, 1: 0.95}}}}
    about = experiment.settings(), experiment.commands()
    reporting.report(judgements(), several, *about, 3.0)
    kept = json.loads((tmp_path / "few_shot_head.json").read_text())
    assert kept["gains"]["MNIST"]["learned minus residual"]["others-2"]["n"] == 2
    assert kept["several"]["MNIST"]["learned"]["others-2"]["by_class"] == [0.97, 0.95]
    assert kept["weights"]["MNIST"]["2"] == [1.0] * F
    assert kept["tried"] == reporting.TRIED


@pytest.mark.parametrize(
    ("options", "n"),
    [([], 3 * 10), (["--longer"], 10), (["--families", "MNIST", "--seeds", "1"], 5)],
)
def test_the_folds_that_are_asked_for(options, n):
    asked = experiment.parser().parse_args(["--parts", "x", *options])
    assert len(experiment.folds(asked)) == n


def test_what_lies_in_the_folder_is_not_made_again(tmp_path, monkeypatch):
    calls = []
    fold = types.SimpleNamespace(X=np.zeros((2, 2)))
    monkeypatch.setattr(made, "Fold", lambda family, split: fold)
    monkeypatch.setattr(made, "short", lambda *a: calls.append("short") or {"a": [1.0]})
    monkeypatch.setattr(made, "tested", lambda *a: calls.append("test") or {"b": [2.0]})
    for _ in range(2):
        found = made.of_fold(tmp_path, "MNIST", 0, 0)
        assert {n: list(a) for n, a in found.items()} == {"a": [1.0], "b": [2.0]}
    assert calls == ["short", "test"]
    made.longer(tmp_path, "MNIST", 0)
    assert calls == ["short", "test", "test"]
