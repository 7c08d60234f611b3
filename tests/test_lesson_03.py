"""What lesson 03 measures and says: its experiments on cases with a known answer."""

import os
from pathlib import Path

import numpy as np
import pytest

from metaad import data, metrics
from metaad.detectors import IsolationForest
from metaad.exercises.isolation import most_columns
from metaad.experiments.lessons import lesson_03
from metaad.repro import recorded

RECORD = recorded(lesson_03.RECORD)


def test_the_points_outward_are_as_far_from_the_clusters_as_the_corners():
    centres = np.array([[0.0, 10.0], [10.0, 0.0]])
    for places in (lesson_03.CORNERS, lesson_03.OUTWARD):
        far = np.linalg.norm(places[:, None] - centres, axis=2).min(axis=1)
        np.testing.assert_allclose(far, 10.0)


def test_ghosts_are_there_along_the_axes_and_gone_from_random_angles():
    along = lesson_03.ghost_gaps(4, 7)
    turned = lesson_03.ghost_gaps(4, 7, turned=True)
    assert along.shape == (4,) and along.min() > 0.05
    assert np.abs(turned.mean()) < 0.05
    np.testing.assert_array_equal(along, lesson_03.ghost_gaps(4, 7))


def test_small_samples_unmask_a_clump_and_do_not_help_where_nothing_hides():
    auroc, swamped = lesson_03.sample_sizes((16, 1000), 2, 3, n_trees=30)
    gain = {k: np.mean(v[16]) - np.mean(v[1000]) for k, v in auroc.items()}
    assert gain["a clump"] > 0.05 > 0 > gain["scattered"]
    assert np.mean(swamped[1000]) > 0.6 > 0.3 > np.mean(swamped[16])


def test_a_wrong_cell_is_seen_alone_and_lost_among_many_columns():
    clinic = data.rarer(data.load("breast-cancer"), 0.1, 0)
    before = clinic.X.copy()
    found = lesson_03.wrong_cell(clinic, (1, 30), 3, 5, n_trees=40)
    np.testing.assert_array_equal(clinic.X, before)
    assert found["forest"][1] == [0.0] * 3
    assert found["kNN"][1] == found["kNN"][30] == [0.0] * 3
    assert np.mean(found["forest"][30]) > 0.03
    assert len(found["ten times the trees"]) == len(found["all rows in each tree"]) == 3


def test_measuring_one_table_gives_what_the_record_holds():
    table = data.load("wine")
    found = lesson_03.measure(table, n_trees=20, psi=64, repeats=2, seed=0, few=1)
    assert found.keys() == RECORD["tables"]["wine"].keys()
    forest = IsolationForest(20, max_samples=64, random_state=1).fit(table.X)
    paths = forest.path_lengths(table.X)
    auroc = metrics.auroc(table.y, -paths.mean(axis=0))
    assert found["ours"][1] == pytest.approx(auroc, abs=1e-12)
    log_auroc = metrics.auroc(table.y, -np.log(paths).mean(axis=0))
    assert found["log_depth"][1] == pytest.approx(log_auroc, abs=1e-12)


@pytest.mark.parametrize("file", ["39_vertebral", "38_thyroid"])
def test_the_present_code_gives_the_figures_of_the_record(file):
    if not (
        Path(os.environ.get("METAAD_DATA", "")) / "adbench" / f"{file}.npz"
    ).exists():
        pytest.skip("the table is not on this machine")
    name = file.split("_")[1]
    table, kept = data.load(f"adbench:{name}"), RECORD["tables"][name]
    found = lesson_03.measure(table, RECORD["n_trees"], RECORD["psi"], 2, 0, few=1)
    for key in ("ours", "log_depth", "log_depth_rank_correlation"):
        np.testing.assert_allclose(found[key], kept[key][:2], atol=1e-9)
    for size, values in found["psi"].items():
        np.testing.assert_allclose(values, kept["psi"][size][:1], atol=1e-9)
    np.testing.assert_allclose(found["sklearn"], kept["sklearn"][:2], atol=0.02)


def test_all_twelve_tables_of_the_paper_are_named_and_those_at_hand_compared():
    compared = lesson_03.against_paper(RECORD["tables"])
    assert len(compared) == 12
    without = {name for name, (_, both) in compared.items() if not both}
    assert without >= set(lesson_03.NOT_IN_ADBENCH)
    assert without - set(lesson_03.NOT_IN_ADBENCH) <= set(RECORD["left_out"])
    for name, (paper, both) in compared.items():
        if both:
            ours = RECORD["tables"][name]["ours"]
            assert both["our forest"].value == pytest.approx(np.mean(ours))
            assert abs(paper - np.mean(ours)) < 0.05


def test_a_printed_figure_agrees_if_its_rounding_reaches_the_interval():
    interval = metrics.Interval(0.9, 0.887, 0.913, 10)
    assert lesson_03.agrees(0.885, interval) and lesson_03.agrees(0.915, interval)
    assert not lesson_03.agrees(0.88, interval)
    assert not lesson_03.agrees(0.92, interval)


@pytest.mark.parametrize("distinct", [1, 2, 40])
def test_no_path_length_is_below_1_though_bare_depths_may_be_0(distinct):
    rng = np.random.default_rng(distinct)
    X = np.zeros((300, 2))
    X[: distinct - 1] = rng.normal(size=(distinct - 1, 2))
    forest = IsolationForest(30, max_samples=16, random_state=0).fit(X)
    assert forest.path_lengths(X).min() >= 1.0
    if distinct == 1:
        assert np.isinf(forest.threshold_).all(), "no tree cuts anything: depth 0"


def test_the_numbers_in_the_praise_of_exercise_2_are_right():
    assert (most_columns(0.6, 256), most_columns(0.7, 256)) == (15, 6)
