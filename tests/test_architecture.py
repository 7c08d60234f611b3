"""Architecture search: counts by hand, budgets to the last network, closed forms,
and a known optimum.
"""

from itertools import combinations

import numpy as np
import pytest
import torch
from sklearn.base import clone

from metaad.detectors import AutoencoderDetector, anomaly_score
from metaad.nets import Autoencoder
from metaad.search import architecture
from metaad.search.architecture import (
    ArchitectureSearch,
    Trials,
    architectures,
    distinct,
    expected_best,
    n_parameters,
)
from metaad.search.architecture.batched import train_together
from metaad.tasks.tables import LabelledTable

SMALL = {
    "depths": (0, 1, 2),
    "widths": (4, 8),
    "tapers": (1.0, 0.5),
    "code_sizes": (1, 2),
}


def known(name, task=0):
    """A reward with one best network, (8, 8) -> 2, that decisions add up to."""
    hidden, code_size = name
    return len(hidden) + code_size + sum(hidden) / 10


def table(seed=0, n=60, d=5):
    """Normal rows on a plane, anomalies off it."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2)) @ rng.normal(size=(2, d))
    X = np.concatenate([X, rng.normal(size=(10, d)) * 3])
    return LabelledTable(X, np.repeat([0, 1], [n, 10]), f"plane-{seed}", "plane")


def quick(**options):
    return AutoencoderDetector(epochs=3, device="cpu", dtype="float64", **options)


def test_the_articles_network_has_the_parameters_counted_by_hand():
    # 784-128-64-32-10-32-64-128-784: weights 2 (784·128 + 128·64 + 64·32 + 32·10),
    # biases 128+64+32+10+32+64+128+784
    assert (
        n_parameters(784, (128, 64, 32), 10)
        == 2 * (100352 + 8192 + 2048 + 320) + 1242
        == 223066
    )


@pytest.mark.parametrize(
    ("hidden", "code_size"), [((), 1), ((), 7), ((5,), 2), ((8, 4), 2), ((3, 9, 3), 4)]
)
def test_the_formula_counts_what_the_module_holds(hidden, code_size):
    module = Autoencoder(6, hidden, code_size)
    assert n_parameters(6, hidden, code_size) == sum(
        p.numel() for p in module.parameters()
    )


def test_decisions_that_stand_for_one_network_count_once():
    # depth 0: 2 codes. Depth 1: 2 widths x 2 codes, the taper means nothing. Depth 2: 2
    # x 2 x 2.
    names = distinct(architectures(**SMALL))
    assert len(names) == len(set(names)) == 2 + 4 + 8
    assert len(distinct(architectures())) == 6 + 18 + 36 + 36
    assert architecture.network(3, 128, 0.5, 10) == ((128, 64, 32), 10), (
        "the article's network is in the space"
    )


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_expected_best_is_the_mean_over_all_samples(n):
    values = [0.3, 0.9, 0.1, 0.5, 0.9]
    exact = np.mean([max(s) for s in combinations(values, n)])
    assert expected_best(values, n) == pytest.approx(exact, abs=1e-15)


def test_expected_best_wants_a_size_that_can_be_drawn():
    with pytest.raises(ValueError, match="between 1 and the number of values, 3"):
        expected_best([1, 2, 3], 4)


def test_random_search_reaches_its_closed_form():
    names = distinct(architectures(**SMALL))
    values, found = {n: known(n) for n in names}, []
    for seed in range(2000):
        trials = Trials(lambda name, task: values[name], 1, 3, architectures(**SMALL))
        architecture.random_search(trials, names, seed)
        assert len(trials.scores) == trials.spent == 3
        found.append(trials.best()[1])
    error = np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(
        expected_best(list(values.values()), 3), abs=4 * error
    )


@pytest.mark.parametrize("method", ["reinforce", "trpo"])
@pytest.mark.parametrize("budget", [1, 5, 8])
def test_no_controller_trains_more_than_its_budget_nor_the_same_twice(method, budget):
    asked = []

    def score(name, task):
        asked.append((name, task))
        return known(name)

    trials = Trials(score, 3, 3 * budget, architectures(**SMALL))
    architecture.controlled(trials, method, 0)
    assert len(asked) == len(set(asked)) == trials.spent <= 3 * budget
    assert len(trials.scores) <= budget


@pytest.mark.parametrize("method", ["reinforce", "trpo"])
def test_both_controllers_reach_the_known_optimum(method):
    options = {"reinforce": {"learning_rate": 0.2}, "trpo": {"max_kl": 0.3}}[method]
    for seed in range(3):
        trials = Trials(known, 1, 14, architectures(**SMALL))
        # patient: with all networks known a policy goes on learning from rewards that
        # cost nothing
        policy = architecture.controlled(
            trials, method, seed, batch=8, patience=40, **options
        )
        assert trials.best()[0] == ((8, 8), 2)
        assert trials.named(policy.mode().tolist()) == ((8, 8), 2)


def test_a_policy_that_asks_for_nothing_new_is_stopped():
    # a single network
    one = architectures(
        depths=(0, 0), widths=(4, 8), tapers=(1.0, 0.5), code_sizes=(2, 2)
    )
    asked = []
    trials = Trials(lambda name, task: asked.append(name) or 0.5, 1, 9, one)
    architecture.controlled(trials, "reinforce", 0, patience=3)
    assert asked == [((), 2)] and trials.spent == 1


@pytest.mark.parametrize(
    ("budget", "n_tasks", "start"), [(8, 8, 1), (40, 8, 14), (4, 1, 4), (16, 5, 7)]
)
def test_halving_stays_within_its_budget_and_starts_as_wide_as_it_can(
    budget, n_tasks, start
):
    # 8 tasks: n networks on 1 task, n/2 on 1 more, n/4 on 2 more, n/8 on 4 more; 2 + 1
    # + 2·1 + 4·1 = 9 > 8, so 1 5 tasks: 1, 1, 2, 1 are new on each rung; 7 + 4 + 2·2 +
    # 1·1 = 16
    trials = Trials(known, n_tasks, budget, architectures(**SMALL))
    architecture.halving(trials, distinct(architectures(**SMALL)), 0)
    assert trials.spent <= budget
    judged = sorted((len(s) for s in trials.scores.values()), reverse=True)
    assert judged[0] == n_tasks and len(judged) == start


def test_halving_keeps_the_best_where_all_tasks_agree():
    names = distinct(architectures(**SMALL))
    trials = Trials(known, 8, 8 * 5, architectures(**SMALL))
    architecture.halving(trials, names, 0)
    assert len(trials.scores) == 14 and trials.best()[0] == ((8, 8), 2)
    assert trials.spent == 14 * 1 + 7 * 1 + 4 * 2 + 2 * 4


@pytest.mark.parametrize("controller", architecture.CONTROLLERS)
def test_a_search_over_tables_gives_a_fitted_detector_of_the_space(controller):
    space, tasks = architectures(**SMALL), [table(0), table(1)]
    detector = quick()
    search = ArchitectureSearch(
        detector, controller, budget=4, space=space, random_state=0
    ).fit(tasks)
    assert (search.best_["hidden"], search.best_["code_size"]) in distinct(space)
    assert search.trials_.spent <= 8 and 0.5 < search.reward_ <= 1.0
    new = table(2)
    tuned = search.optimize(detector, new.X, new.y)
    assert {n: tuned.get_params()[n] for n in search.best_} == search.best_
    assert tuned.n_features_in_ == 5 and np.isfinite(anomaly_score(tuned, new.X)).all()
    assert detector.get_params() == quick().get_params(), (
        "the detector handed in stays as it is"
    )
    assert clone(search).get_params()["budget"] == 4


def test_the_same_seed_finds_the_same():
    space = architectures(**SMALL)
    both = [
        ArchitectureSearch(quick(), "reinforce", 5, space, random_state=3).fit(
            [table()]
        )
        for _ in range(2)
    ]
    assert (
        both[0].trials_.scores == both[1].trials_.scores
        and both[0].best_ == both[1].best_
    )


def test_without_labels_the_reward_is_minus_the_error_on_rows_held_back():
    X = table().X[:60]
    search = ArchitectureSearch(
        quick(), "random", budget=14, space=architectures(**SMALL), random_state=1
    ).fit(X)
    order = np.random.default_rng(1).permutation(60)
    errors = {}
    for name in search.trials_.scores:
        fitted = quick(hidden=name[0], code_size=name[1], random_state=1).fit(
            X[order[:30]]
        )
        errors[name] = anomaly_score(fitted, X[order[30:]]).mean()
    assert len(errors) == 14
    best = (search.best_["hidden"], search.best_["code_size"])
    assert best == min(errors, key=errors.get) and search.reward_ == pytest.approx(
        -errors[best]
    )


@pytest.mark.parametrize(
    ("change", "tasks", "said"),
    [
        (
            {"controller": "magic"},
            [table()],
            "controller must be one of reinforce, trpo, random, halving; got 'magic'",
        ),
        ({"budget": 0}, [table()], "budget must be ≥ 1"),
        ({}, [], "at least one task"),
        (
            {},
            [table()._replace(y=np.zeros(70, int))],
            "without any, pass the array of its rows alone",
        ),
        ({}, table().X[:3], "at least 4 normal rows"),
    ],
)
def test_what_cannot_be_searched_is_said(change, tasks, said):
    search = ArchitectureSearch(quick()).set_params(**change)
    with pytest.raises(ValueError, match=said):
        search.fit(tasks)


def test_a_detector_of_another_type_is_refused():
    from metaad.detectors import KMeansDetector

    search = ArchitectureSearch(
        quick(), "random", 1, architectures(**SMALL), random_state=0
    ).fit([table()])
    with pytest.raises(
        TypeError,
        match="about AutoencoderDetector, and was asked to optimize KMeansDetector",
    ):
        search.optimize(KMeansDetector(), table().X)
    with pytest.raises(ValueError, match="needs hidden and code_size"):
        ArchitectureSearch(KMeansDetector()).fit([table()])


@pytest.mark.parametrize(("hidden", "code_size"), [((), 2), ((6,), 3), ((8, 4), 2)])
def test_networks_trained_together_are_the_detectors_trained_alone(hidden, code_size):
    rng = np.random.default_rng(0)
    rows, queries = rng.random((3, 50, 7)), rng.random((20, 7))
    options = {
        "epochs": 4,
        "batch_size": 16,
        "learning_rate": 1e-2,
        "dtype": "float64",
        "device": "cpu",
    }
    together = train_together(
        rows, hidden, code_size, seeds=[5, 6, 7], **options
    ).errors(queries)
    for i, seed in enumerate((5, 6, 7)):
        alone = AutoencoderDetector(
            hidden, code_size, scale=None, random_state=seed, **options
        ).fit(rows[i])
        np.testing.assert_allclose(
            together[i], anomaly_score(alone, queries), rtol=1e-10
        )


def test_networks_trained_together_do_not_touch_each_other_or_the_global_generator():
    rows = np.random.default_rng(0).random((2, 30, 4))
    changed = np.stack([rows[0], rows[1] * 0.1])
    state = torch.random.get_rng_state()
    a, b = (
        train_together(r, (3,), 2, epochs=2, dtype="float64").errors(rows)
        for r in (rows, changed)
    )
    np.testing.assert_array_equal(a[0], b[0])
    assert not np.allclose(a[1], b[1])
    assert torch.equal(state, torch.random.get_rng_state())


def test_rows_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="n networks, r rows, d features"):
        train_together(np.zeros((5, 4)), (), 2)
    with pytest.raises(ValueError, match="one for each of the 2 networks"):
        train_together(np.zeros((2, 5, 4)), (), 2, seeds=[1, 2, 3])
