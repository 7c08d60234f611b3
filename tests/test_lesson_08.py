"""What lesson 08 measures: curvature on the way, company in a batch, ink, and what it reads
from its record.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from metaad import metrics
from metaad.experiments.lessons import lesson_08 as kit
from metaad.experiments.lessons import lesson_08_judge as judge_of
from metaad.experiments.lessons import lesson_08_reading as reading
from metaad.experiments.lessons import lesson_08_record as record_of
from metaad.meta import MAML, Classifier, evaluate
from metaad.meta.subspace import Subspace
from metaad.nets import ConvNet
from metaad.tasks import AllPairs, ClassPool, MadeUpTasks, OneClassTasks, Task


def tasks(**sizes):
    """Images of 8 x 8 pixels; a class is the place of a bright square."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(4), 40)
    X = 0.2 * rng.random((160, 8, 8))
    for i, c in enumerate(y):
        X[i, 4 * (c // 2) : 4 * (c // 2) + 3, 4 * (c % 2) : 4 * (c % 2) + 3] += 0.7
    sizes = {"k": 5, "n_query": 5} | sizes
    return OneClassTasks(X, y, dtype=torch.float64, **sizes)


def test_quick_images_are_means_of_blocks_of_four_pixels():
    table, X, side = kit.images(True)
    assert X.shape == (5000, 196) and side == 14
    image = table.X[7]
    assert X[7, 15] == pytest.approx(image[2:4, 2:4].mean())


@pytest.mark.parametrize("quick", [True, False])
def test_every_method_gets_the_same_settings_and_the_reader_may_choose_the_steps(quick):
    network, outer = kit.settings(quick, 14, 0, "cpu")
    assert network["side"] == 14 and outer["device"] == "cpu"
    assert kit.settings(quick, 14, 33, "cpu")[1] == outer | {"iterations": 33}


def test_both_orders_start_alike_and_report_the_curvature_where_they_looked():
    found = kit.both_orders(tasks(), 8, 4, "cpu", 0)
    full, first = found["full"], found["first order"]
    assert full["loss"][0] == first["loss"][0] and full["loss"][1:] != first["loss"][1:]
    assert full["at"] == [1, 2, 3, 4] and len(full["curvature"]) == 4
    assert not full["learner"].first_order and first["learner"].first_order
    assert all(-1 <= c <= 1 for c in full["cosine"] + first["cosine"])


class Loaded:
    """A learner that is nothing but its network."""

    def __init__(self, net):
        self.module_ = nn.ModuleDict({"net": net})

    def prepared(self, task):
        return task


def test_with_batch_statistics_the_company_moves_a_logit_and_without_it_does_not():
    torch.manual_seed(0)
    net = ConvNet((4, 4), side=8, batch_norm=True, dtype=torch.float64)
    before = {n: v.clone() for n, v in net.state_dict().items()}
    task = tasks().sample(1, 0)
    found = kit.moved_by_company(Loaded(net), task)
    assert found["running"] == 0 and found["batch"] > 1e-3
    assert all(torch.equal(v, before[n]) for n, v in net.state_dict().items())
    plain = ConvNet((4, 4), side=8, dtype=torch.float64)
    still = kit.moved_by_company(Loaded(plain), task)
    assert still["running"] == 0 and still["batch"] == 0


def test_ink_is_the_score_with_it_minus_the_score_without():
    weights = np.arange(16.0).reshape(4, 4)
    detector = SimpleNamespace(
        score_samples=lambda X: -(X * weights.ravel()).sum(axis=1)
    )
    found = kit.ink(detector, np.ones((4, 4)), 2)
    assert found.shape == (3, 3)
    assert found[0, 0] == pytest.approx(0 + 1 + 4 + 5)
    assert found[2, 1] == pytest.approx(9 + 10 + 13 + 14)
    left, right = kit.halves(found[None])
    assert left[0] == pytest.approx(found[:, :1].mean())
    assert right[0] == pytest.approx(found[:, -1:].mean())


def test_training_rows_are_those_of_the_protocol():
    y = np.tile(np.arange(10), 20)
    table = SimpleNamespace(y=y, train=None)
    rows = kit.training_rows(table)
    assert rows.sum() == 160 and all(rows[y == c].sum() == 16 for c in range(10))
    assert rows[:160].all()
    given = SimpleNamespace(y=y, train=y > 3)
    assert kit.training_rows(given) is given.train


def test_measure_puts_the_classes_of_all_folds_in_order():
    of = tasks(normal=(0, 1))
    other = tasks(normal=(2, 3))
    folds = [
        (("train", None, part, part, held), None)
        for part, held in ((of, (0, 1)), (other, (2, 3)))
    ]
    folds = [(Held(*protocol), learned) for protocol, learned in folds]
    named = {"nearest": kit.SupportAlone("nearest")}
    found = kit.measure(kit.judge(folds, lambda learned: named, 10, 0))
    assert found["others"]["nearest"].shape == (4,)
    assert found["others"]["nearest"].min() > 0.95


def test_judged_together_detectors_score_what_they_score_alone():
    of = tasks(normal=(0, 1))
    torch.manual_seed(0)
    net = ConvNet((4, 4), side=8, dtype=torch.float64)
    outer = {"iterations": 2, "n_tasks": 2, "device": "cpu", "random_state": 0}
    alone = Classifier(net, "residual", **outer).fit(ClassPool(MadeUpTasks(tasks())))
    named = kit.with_heads(alone, ("residual", "nearest", "mean"))
    folds = [(Held("train", None, of, tasks(), (0, 1)), None)]
    judged = kit.judge(folds, lambda learned: named, 30, 5)
    decided = kit.accuracies(judged["others"], named, "mean")
    for head in named:
        found = evaluate(alone.set_params(head=head), of, 30, 5)
        by_class = list(found.by_class().values())
        assert kit.measure(judged)["others"][head].tolist() == by_class
        if head != "mean":
            by_class = list(found.by_class("accuracy").values())
            assert decided[head].tolist() == by_class


def test_every_detector_scores_a_row_by_its_number_as_it_scores_the_row():
    """And an image passes once through the layers that no episode changes."""
    of, outer = tasks(), {"iterations": 2, "n_tasks": 2, "device": "cpu"}

    def net(**options):
        torch.manual_seed(0)
        shape = {"side": 8, "batch_norm": True, "dtype": torch.float64}
        return ConvNet((4, 4), **shape | options)

    many, one = MadeUpTasks(of, share=0.0), {"random_state": 0, **outer}
    last = MAML(net(), layers="last", **one).fit(of)
    every = MAML(net(batch_norm=False), **one).fit(of)
    flat = Subspace(net(out=None), classify=1.0, **one).fit(AllPairs(many))
    plain = Classifier(net(), "residual", **one).fit(ClassPool(many))
    named = {"last": last, "not adapted": kit.unadapted(last), "every": every}
    named |= {"flat": flat, "plain": plain, "pixels": kit.SupportAlone("residual")}
    named |= kit.with_heads(plain, ("nearest", "mean"))
    seen = judge_of.by_number(named, of.X)
    assert seen["last"].module_ is seen["not adapted"].module_
    passed = []
    for learner in (last, flat, plain):
        first = learner.module_["net"][0]
        first.register_forward_hook(lambda m, x, out: passed.append(len(out)))
    task, by_number = of.sample(6, 1), judge_of.numbered(of).sample(6, 1)
    scores = {n: d.scores(by_number) for n, d in seen.items()}
    assert not passed
    for name, detector in named.items():
        np.testing.assert_allclose(
            scores[name], detector.scores(task), rtol=1e-9, atol=1e-12, err_msg=name
        )
    assert passed


def test_the_control_gets_the_best_single_threshold_and_others_their_own():
    of, other = tasks(normal=(0, 1)), tasks(normal=(2, 3))
    folds = [
        (Held("train", None, of, of, (0, 1)), None),
        (Held("train", None, other, other, (2, 3)), None),
    ]
    nearest = kit.SupportAlone("nearest")
    named = {"own": nearest, "control": nearest}
    judged = kit.judge(folds, lambda learned: named, 8, 0)
    found = kit.accuracies(judged["others"], ["own"], "control")
    # a distance is never below 0, so all is called anomalous
    assert found["own"].tolist() == [0.5] * 4
    assert found["control"].min() > 0.95


def test_the_one_threshold_is_the_same_for_all_classes():
    inliers = np.array([[0.0, 0.0], [2.0, 2.0]])
    odd = np.array([[1.0, 1.0], [3.0, 3.0]])  # no number parts both classes
    found = judge_of._best_of_one_threshold(inliers, odd, np.array([4, 7]))
    assert sorted(found) == [0.5, 1.0]


class Held(tuple):
    """A protocol of four tasks and the classes held out."""

    def __new__(cls, *parts):
        return super().__new__(cls, parts)

    @property
    def held_out(self):
        return self[4]

    @property
    def test(self):
        return self[2]


def test_a_table_of_pairs_has_a_value_for_every_other_class():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(10), 70)
    X = rng.random((700, 16)) + 3 * np.eye(10, 16)[y]
    named = {"nearest": kit.SupportAlone("nearest")}
    folds = [(SimpleNamespace(held_out=(2 * i, 2 * i + 1)), named) for i in range(5)]
    grid = kit.pair_table(folds, "nearest", X, y, 5, torch.float64, 0, n_tasks=2)
    values = np.array(grid, dtype=float)
    assert np.isnan(np.diag(values)).all() and np.nanmin(values) > 0.95


def test_an_episode_is_about_the_digit_that_was_asked_for():
    of = tasks()
    task = kit.episode(of, 2, 0)
    assert isinstance(task, Task) and len(task.support) == 1
    seen = task.support[0].view(-1, 8, 8)
    assert (seen[:, 4:7, :3].mean(dim=(1, 2)) > 0.6).all()


def made_up_record(gaps):
    """A record in which each variant is ahead of the classifier by a gap of its own."""
    rng = np.random.default_rng(0)
    level = 0.9 + 0.01 * rng.random(10)
    results = {record_of.CONTROL: {w: {"by_class": level} for w in record_of.WHERES}}
    for variant, gap in gaps.items():
        moved = level + gap + 0.001 * rng.normal(size=10)
        results[variant] = {w: {"by_class": moved} for w in record_of.WHERES}
    return {"results": {"A": results, "B": results}}


def test_the_headline_names_who_is_ahead_and_who_behind():
    gaps = {"OC-ANIL/bent": -0.02, "Mahalanobis/all": 0.03, "Subspace/all": 0.0}
    record = made_up_record(gaps)
    lead = record_of.leads(record)
    found = lead["A"]["others-10"]["Mahalanobis/all"]
    assert isinstance(found, metrics.Interval) and found.low > 0.02
    said = record_of.headline(lead)
    of_one = "**Mahalanobis network, made-up classes** ahead and OC-ANIL behind"
    assert said.count(f"A: {of_one}; B: {of_one}.") == 4
    lead["B"]["others-2"] = {"Subspace/all": metrics.Interval(0.0, -0.1, 0.1, 10)}
    assert "B: none ahead, none behind." in record_of.headline(lead)
    both = record_of.together(record)["held-out-2"]["OC-ANIL/bent"]
    assert both.n == 20 and both.value == pytest.approx(-0.02, abs=0.001)


def test_not_adapted_leaves_the_learner_as_it_was():
    learner = MAML(ConvNet((4,), side=8), steps=3)
    assert kit.unadapted(learner).steps == 0 and learner.steps == 3


@pytest.mark.parametrize(
    ("gap", "word"),
    [((0.2, 0.1), "left"), ((-0.1, -0.2), "right"), ((0.1, -0.1), "not")],
)
def test_the_zeros_are_read_by_their_interval(gap, word):
    high, low = gap
    assert word in kit.side_of(metrics.Interval(0.0, low, high, 20))


def read_record(gaps):
    """A record of few_shot_head in which each rival is behind by a gap of its own."""
    rng = np.random.default_rng(1)
    level, results = 0.9 + 0.01 * rng.random(10), {}
    for name in reading.NAMES:
        values = (level - gaps.get(name, 0.0) + 0.001 * rng.normal(size=10)).tolist()
        of = {"by_class": values, "interval": {"value": float(np.mean(values))}}
        results[name] = dict.fromkeys(record_of.WHERES, of)
    longer = {"value": 0.03, "low": 0.02, "high": 0.04, "n": 10}
    name = f"{reading.OURS} minus {reading.LONGER}"
    gains = {"A": {name: dict.fromkeys(record_of.WHERES, longer)}, "B": {}}
    both = dict.fromkeys(record_of.WHERES, longer | {"n": 20})
    both = {f"{reading.OURS} minus {r}": both for r in reading.RIVALS}
    return {"results": {"A": results, "B": results}, "gains": gains, "together": both}


def test_a_reading_is_ahead_of_each_rival_by_its_own_gap():
    record = read_record({"residual": 0.02, "with energy": 0.0})
    lead = reading.leads(record)["A"]["others-2"]
    assert lead["residual"].value == pytest.approx(0.02, abs=0.002)
    assert lead["residual"].low > 0.01
    assert lead["with energy"].low < 0 < lead["with energy"].high


def test_the_figure_shows_what_each_reading_adds_to_the_residual():
    lines = reading.lines(
        read_record({"residual": 0.02, "with energy": 0.01}), "others-2"
    )
    assert list(lines) == [
        f"{f}, {n}" for f in "AB" for n in ("energy too", "learned weights")
    ]
    interval, gaps = lines["A, energy too"]
    assert len(gaps) == 10 and interval.value == pytest.approx(0.01, abs=0.002)


def test_the_tables_have_a_row_for_each_family_and_reading():
    record = read_record({"residual": 0.02})
    levels = reading.level_table(record).splitlines()
    assert len(levels) == 2 + 2 * len(reading.NAMES)
    table = reading.lead_table(record, reading.leads(record)).splitlines()
    # family A alone was trained for longer
    assert len(table) == 2 + 3 * len(reading.RIVALS) + 1
    assert "A: residual, trained twice as long" in table[-1] and "0.030" in table[-1]


def test_the_record_s_tables_name_what_they_compare():
    gaps = {"OC-ANIL/bent": -0.02, "Subspace/all": 0.01}
    record = made_up_record(gaps)
    table = record_of.gap_table(record_of.together(record)).splitlines()
    assert len(table) == 4 and table[2].startswith("| OC-ANIL |")
