"""What lesson 12 measures with: numbers that mean the same on every table, rows left
out exactly, tables divided without overlap, records read as they are.
"""

import numpy as np
import pytest

from metaad import metrics
from metaad.experiments.lessons import lesson_12 as lesson
from metaad.experiments.lessons import lesson_12_report as report
from metaad.meta.context.rows import surprise
from metaad.repro import ParameterError
from metaad.repro.run import Run
from metaad.tasks.labelled import LabelledTable

RNG = np.random.default_rng(0)
X, ROWS = RNG.normal(size=(30, 4)), RNG.normal(size=(12, 4)) * 2


def test_the_surprise_is_minus_the_logarithm_of_a_p_value_counted_by_hand():
    own = np.array([[1.0], [2.0], [2.0], [5.0]])
    p = np.exp(-surprise(own, np.array([[2.0], [9.0], [0.0]])))[:, 0]
    np.testing.assert_allclose(p, [4 / 5, 1 / 5, 5 / 5])


def test_a_new_normal_row_is_surprising_as_often_as_a_p_value_promises():
    """Exchangeable numbers: P(p <= k / (n + 1)) = k / (n + 1), for every n."""
    rng = np.random.default_rng(1)
    drawn = rng.normal(size=(4000, 10))
    p = [np.exp(-surprise(np.sort(d[:9, None], 0), d[9:, None]))[0, 0] for d in drawn]
    for k in (1, 5, 9):
        share = np.mean(np.array(p) <= k / 10 + 1e-9)
        assert share == pytest.approx(k / 10, abs=4 * (0.25 / 4000) ** 0.5)


def test_each_row_of_the_context_is_judged_as_if_it_were_not_in_it():
    """All that does not go through the scale of the columns is left out exactly."""
    own = lesson.ways(X)
    for i in (0, 17):
        others = np.delete(X, i, axis=0)
        by_hand = lesson.ways(others, X[i : i + 1])[0]
        for way in ("nearest row", "fifth nearest row", "leverage"):
            k = lesson.WAYS.index(way)
            assert own[i, k] == pytest.approx(by_hand[k], rel=1e-9)


def test_six_ways_by_hand_on_a_line():
    A = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0], [3.0]])
    found = dict(zip(lesson.WAYS, lesson.ways(A, np.array([[7.0]]))[0], strict=True))
    assert found["nearest row"] == 4 and found["fifth nearest row"] == 8
    # fifth nearest of 3, 2, 1, 0, -1: 5, 4, 3, 3, 4
    assert found["density ratio"] == pytest.approx(8 / np.mean([5, 4, 3, 3, 4]))
    assert found["leverage"] == pytest.approx(49 / ((A**2).sum() + 1))
    assert found["farthest column"] == found["mean of columns"] == 7


def test_order_and_units_change_nothing():
    wanted = lesson.described(X, ROWS)
    columns, rows = [2, 0, 3, 1], RNG.permutation(30)
    unit, zero = np.array([1e-3, 5.0, 1.0, 700.0]), np.array([0, -9.0, 1e3, 3.0])
    found = lesson.described((X[rows] * unit + zero)[:, columns],
                             (ROWS * unit + zero)[:, columns])  # fmt: skip
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_weights_do_not_depend_on_how_large_a_table_is():
    rng = np.random.default_rng(2)

    def table(n):
        y = np.repeat([0, 1], [3 * n, n])
        return rng.normal(size=(4 * n, 6)) + y[:, None] * [2, 0, 0, 0, 0, 0], y

    one, two = table(40), table(40)
    many = np.tile(two[0], (5, 1)), np.tile(two[1], 5)
    weights = lesson.learn([one, two])
    assert weights.argmax() == 0 and weights[0] > 3 * np.abs(weights[1:]).max()
    # as much data again weakens the penalty a little, and moves no weight by more
    np.testing.assert_allclose(lesson.learn([one, many]), weights, atol=0.1)


def divided_table():
    y = np.repeat([0, 1], [60, 20])
    rows = np.arange(80.0)[:, None] + np.zeros(3)
    return LabelledTable(rows, y, "made", "family")


def test_no_row_is_read_and_judged_and_the_share_is_that_of_the_rows_read():
    table = divided_table()
    clean, mixed = (lesson.divided(table, 0, s) for s in (0.0, 0.2))
    for part in (clean, mixed):
        assert not set(part.X[:, 0]) & set(part.rows[:, 0])
    assert len(clean.X) == len(mixed.X) == 30
    assert (clean.X[:, 0] < 60).all() and (mixed.X[:, 0] >= 60).sum() == 6
    normal = [p.rows[p.y == 0, 0].tolist() for p in (clean, mixed)]
    assert normal[0] == normal[1]
    assert clean.y.sum() == 20 and mixed.y.sum() == 14
    assert len(lesson.divided(table, 0, 0.1, most=10).X) == 10


def test_weights_are_never_learned_on_the_family_that_judges(monkeypatch):
    tables = [lesson.divided(divided_table()._replace(family=f), 0) for f in "aabc"]
    seen = []
    monkeypatch.setattr(lesson, "learn", lambda of: seen.append(len(of)) or np.ones(6))
    found = lesson.reached(tables)
    assert seen == [2, 2, 3, 3]
    np.testing.assert_allclose(found[lesson.LEARNED], found[lesson.AVERAGE])
    S, y = tables[0].surprises, tables[0].y
    assert found["leverage"][0] == metrics.auroc(y, S[:, 3])


def test_every_detector_reads_what_was_spoilt():
    table = LabelledTable(
        np.r_[RNG.normal(size=(40, 3)), RNG.normal(size=(20, 3)) + 4],
        np.repeat([0, 1], [40, 20]), "made", "made",
    )  # fmt: skip
    found = lesson.spoilt([table], 0, shares=(0.0, 0.2))
    assert {v.shape for v in found.values()} == {(2, 1)}
    assert found[lesson.NEAREST][0, 0] > found[lesson.NEAREST][1, 0]


def test_a_table_of_classes_is_refused_with_a_sentence():
    given = {"data": "digits", "label": "y", "anomaly": ""}
    run = Run("12_detecting_in_context", "quick", 0, "cpu", given)
    with pytest.raises(ParameterError, match="rows are normal or anomalous"):
        lesson.followed(run)
    run.parameters["data"] = ""
    assert lesson.followed(run).name == "breast-cancer"


def of(*values):
    return {"auroc": list(values), "ap": list(values)}


RECORD = {
    "clean": {
        "rivals": {w: {"a": of(0.5, 0.7), "b": of(0.4, 0.6)} for w in report.WORLDS},
        "context": dict.fromkeys(report.WORLDS, of(0.7, 0.8)),
        "real tables only": dict.fromkeys(report.WORLDS, of(0.6, 0.8)),
        "scale": [
            {"tables": n, "draw": d} | dict.fromkeys(report.WORLDS, of(v, v + 0.1))
            for n, d, v in ((14, 0, 0.4), (14, 1, 0.5), (28, 0, 0.7))
        ],
    }
}


CHOICE = {
    "control": {"clean": dict.fromkeys(report.WORLDS, of(0.6, 0.6))},
    "clean": {
        "tried": {report.AVERAGE: of(0.6, 0.6), "a": of(0.8, 0.9), "b": of(0.7, 0.9)}
    },
}


def test_gains_are_taken_over_the_best_rival_and_over_the_average():
    name, base = report.best_single(RECORD, "clean", "oddbench", "auroc")
    assert name == "a" and base.tolist() == [0.5, 0.7]
    found = report.gains(RECORD, CHOICE, "clean", "adbench")
    wanted = {"learned": 0.15, "average": 0.0, "learning": 0.15}
    assert {n: round(i.value, 9) for n, i in found.items()} == wanted
    assert report.gains_table(RECORD, CHOICE, "clean").count("0.150 [") == 8
    assert report.made_tasks(RECORD, "adbench").value == pytest.approx(0.05)


def test_a_size_is_the_mean_over_its_draws_minus_the_average():
    sizes, gains = report.curves(RECORD, CHOICE, "clean")["AUROC"]["OddBench"]
    assert sizes == [14, 28]
    assert [round(i.value, 6) for i in gains] == [-0.1, 0.15]


def test_what_was_tried_is_shown_best_first_and_over_the_average():
    lines = report.tried_table(CHOICE).splitlines()[2:]
    assert [line.split("|")[1].strip() for line in lines] == ["a", "b"]
    assert "0.250 [" in lines[0] and "0.200 [" in lines[1]


def test_a_second_reading_is_compared_with_the_first_table_by_table():
    part = {"tried": {report.ONCE: of(0.5, 0.7, 0.6), report.TWICE: of(0.6, 0.8, 0.6)}}
    found = report.second_reading({"validate": part, "looks": {"adbench": part}})
    assert list(found) == ["the tables that choose", "ADBench"]
    for gains in found.values():
        assert [g.value for g in gains] == pytest.approx([0.2 / 3] * 2)


def test_the_best_blend_is_that_of_the_largest_sum_of_both_measures():
    def measured(a, p):
        means = {"auroc": a, "ap": p}
        return {m: {"mean": v, "gain": [v - 0.5, -0.1, 0.2]} for m, v in means.items()}

    blend = {"clean": {"all": {"0.25": measured(0.8, 0.5), "0.5": measured(0.7, 0.7)}}}
    weight, gains = report.best_blend(blend, "all")
    assert weight == 0.5 and gains == ["0.200 [-0.100, 0.200]"] * 2
