"""What lesson 18 builds and measures."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from metaad.experiments.lessons import lesson_18
from metaad.experiments.practice import applications_lists
from metaad.experiments.practice.applications_fields import FIELDS
from metaad.practice import budget
from metaad.repro import ParameterError
from metaad.repro.run import Run

ROOT = Path(__file__).resolve().parents[1]


def run(seed=0, **given):
    given = {"data": "", "label": "y", "anomaly": ""} | given
    return Run("18_applications", "quick", seed, "cpu", given)


@pytest.fixture(scope="module")
def built():
    names = {"np": np}
    path = ROOT / "notebooks" / "18_applications.ipynb"
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if "build" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), names)
    return names


@pytest.mark.parametrize("seed", range(6))
def test_the_built_curves_are_the_package_s(built, seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(80) < 0.2).astype(int)
    scores = np.round(rng.normal(size=80), seed % 3)  # with ties, and without
    prices = budget.Currency("€", *rng.uniform(0.1, 5, 3))
    hits = built["hit_curve"](y, scores)
    np.testing.assert_array_equal(hits, budget.hit_curve(y, scores))
    ours = built["saving_curve"](y, scores, prices)
    np.testing.assert_array_equal(ours, budget.saving_curve(y, scores, prices))


def test_the_clinic_s_table_is_divided_and_named():
    place = lesson_18.place(run(seed=1))
    assert place.name == "the clinic's table" and len(place.columns) == 30
    assert place.rows.y.mean() < 0.06 and place.rows.y.sum() >= 8


def test_a_file_of_the_reader_s_own_stands_in_for_the_clinic(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["amount,colour,bad"]
    for i in range(200):
        bad = "yes" if i % 25 == 0 else "no"
        label = "" if i % 40 == 1 else bad  # some that nobody has looked at
        amount = rng.normal(100 if bad == "yes" else 10)
        lines.append(f"{amount:.2f},{rng.choice(['red', 'blue', 'green'])},{label}")
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    place = lesson_18.place(run(data=str(path), label="bad", anomaly="yes"))
    assert place.columns[0] == "amount" and len(place.columns) == 4
    detector = IsolationForest(random_state=0).fit(place.rows.past)
    at = np.flatnonzero(place.rows.y == 1)[:1]
    (why,) = lesson_18.reasons(place, detector, at, most=1)
    assert re.match(r"amount [\d.]+: above .* rows read", why)
    assert list(place.judged.columns) == ["amount", "colour"]
    assert set(place.past["colour"]) == {"red", "blue", "green"}
    amount = place.columns.index("amount")
    for frame, rows in ((place.past, place.rows.past), (place.judged, place.rows.X)):
        np.testing.assert_array_equal(frame["amount"], rows[:, amount])
    with pytest.raises(ParameterError, match="-p label COLUMN"):
        lesson_18.place(run(data=str(path), label=""))


def test_a_file_with_too_few_anomalies_is_refused(tmp_path):
    rows = "\n".join(f"{i * i % 37},{int(i < 2)}" for i in range(100))
    path = tmp_path / "few.csv"
    path.write_text("a,y\n" + rows, encoding="utf-8")
    with pytest.raises(ParameterError, match="has 2 and 98"):
        lesson_18.place(run(data=str(path)))


def test_a_reason_is_given_in_the_table_s_own_words():
    rng = np.random.default_rng(0)
    past, X = rng.normal(size=(300, 3)), rng.normal(size=(20, 3))
    X[4, 1] = -9.0
    rows = applications_lists.Rows(past, None, X, None)
    place = lesson_18.Place("made up", ("height", "weight", "age"), rows)
    detector = IsolationForest(random_state=0).fit(past)
    (why,) = lesson_18.reasons(place, detector, np.array([4]), most=1)
    assert why == "weight -9: below all 300 rows read"


def test_a_world_s_blocks_events_and_kinds_go_with_its_judged_rows():
    world = lesson_18.world("simulated:supply-chain", 2, (lesson_18.PLAIN,))
    assert set(np.unique(world.block)) == set(range(13, 26))
    np.testing.assert_array_equal(world.events > 0, world.rows.y == 1)
    kinds = lesson_18.kinds_of("supply-chain")
    everything = np.ones(len(world.rows.y), dtype=bool)
    for found, there in lesson_18.found_by_kind(world, everything, kinds).values():
        assert found == there
    road = lesson_18.world("simulated:road-traffic", 2, (lesson_18.PLAIN,))
    assert set(np.unique(road.block)) == set(range(14, 21))


def test_the_perfect_list_is_above_all_and_chance_is_a_line():
    rng = np.random.default_rng(3)
    y = rng.permutation(np.repeat([0, 1], [90, 10]))
    rows = applications_lists.Rows(None, None, None, y)
    prices = FIELDS["finance"].currency
    curves = lesson_18.curves(rows, {"ours": rng.normal(size=100) + y}, prices)
    assert (curves["a perfect list"] >= curves["ours"]).all()
    np.testing.assert_allclose(np.diff(curves["by lot"], 2), 0, atol=1e-9)
    assert curves["by lot"][-1] == pytest.approx(curves["ours"][-1])


def test_courses_show_an_anomaly():
    from metaad.data.simulated import road_traffic, supply_chain

    for seed in range(3):
        x, lines, kind, _ = lesson_18.item_course(supply_chain.simulate(seed=seed))
        assert kind.any() and all(len(v) == len(x) == 60 for v in lines.values())
        x, lines, kind, _ = lesson_18.road_course(road_traffic.simulate(seed=seed))
        assert (kind == 1).any() and all(len(v) == 288 for v in lines.values())
