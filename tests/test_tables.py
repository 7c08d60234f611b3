"""Tables as tasks: which rows stay, which tables are held out together, what made-up
anomalies are made of.
"""

import numpy as np
import pytest

from metaad.tasks.tables import LabelledTable, TableTasks, adbench_names, class_tables


def numbered(n, anomalies, name="t", family="f", d=2):
    """Row i holds i in every column; the first rows are the anomalies."""
    X = np.repeat(np.arange(float(n))[:, None], d, axis=1)
    return LabelledTable(X, (np.arange(n) < anomalies).astype(int), name, family)


def test_a_cut_table_keeps_the_share_of_anomalies_and_the_order_of_rows():
    (table,) = TableTasks([numbered(2000, 200)], max_rows=1000, scale=None)
    assert table.X.shape == (1000, 2) and table.y.sum() == 100
    assert (np.diff(table.X[:, 0]) > 0).all()
    assert ((table.X[:, 0] < 200) == (table.y == 1)).all()


def test_few_anomalies_all_stay_and_some_more_stay_than_their_share():
    (few,) = TableTasks([numbered(5000, 12)], max_rows=500)
    (more,) = TableTasks([numbered(5000, 100)], max_rows=500)  # their share would be 10
    assert few.y.sum() == 12 and len(few.y) == 500
    assert more.y.sum() == 30 and len(more.y) == 500


def test_which_rows_stay_depends_on_the_seed_and_the_name_and_on_nothing_else():
    a, b = numbered(500, 50, "a"), numbered(500, 50, "b")
    alone, beside = (
        TableTasks([a], 100, scale=None)[0],
        TableTasks([b, a], 100, scale=None)[1],
    )
    np.testing.assert_array_equal(alone.X, beside.X)
    assert not np.array_equal(alone.X, TableTasks([b, a], 100, scale=None)[0].X)
    assert not np.array_equal(
        alone.X, TableTasks([a], 100, random_state=1, scale=None)[0].X
    )


def test_columns_are_standardised_and_constant_ones_stay_finite():
    rng = np.random.default_rng(0)
    X = np.c_[rng.normal(5, 3, 50), np.full(50, 0.1), 1e6 * rng.random(50)]
    (table,) = TableTasks([LabelledTable(X, np.arange(50) % 5 == 0, "t", "t")])
    np.testing.assert_allclose(table.X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(table.X.std(axis=0), [1, 0, 1], atol=1e-12)
    assert table.X.dtype == np.float64 and table.y.dtype == np.int64


def test_families_are_held_out_whole_and_nothing_is_cut_twice():
    tables = [
        numbered(60, 6, n, f)
        for n, f in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "z")]
    ]
    tasks = TableTasks(tables, max_rows=50)
    splits = list(tasks.hold_out())
    assert [f for f, _, _ in splits] == ["x", "y", "z"]
    assert [test.names for _, _, test in splits] == [["a", "c"], ["b"], ["d"]]
    for family, train, test in splits:
        assert family not in train.families and set(test.families) == {family}
        assert sorted(train.names + test.names) == tasks.names
        assert test[0].X is tasks[tasks.names.index(test.names[0])].X


def test_every_table_is_drawn_equally_often():
    tasks = TableTasks([numbered(20, 2, n) for n in "abc"])
    drawn = [t.name for t in tasks.sample(30, 0)]
    assert [drawn.count(n) for n in "abc"] == [10, 10, 10]
    assert (
        drawn
        == [t.name for t in tasks.sample(30, 0)]
        != [t.name for t in tasks.sample(30, 1)]
    )


def test_made_up_anomalies_mix_features_of_real_rows():
    X = np.arange(300.0).reshape(100, 3)
    tasks = TableTasks.resampled(X, n_tables=4, random_state=0, rate=0.2)
    assert len(tasks) == 4 and set(tasks.families) == {"resampled"}
    rows = {tuple(r) for r in X}
    for t in tasks:
        assert (t.y == 0).sum() == 50 and t.y.mean() == pytest.approx(0.2, abs=0.01)
        normal, made_up = t.X[t.y == 0], t.X[t.y == 1]
        assert {tuple(r) for r in normal} <= rows and len(
            np.unique(normal, axis=0)
        ) == 50
        assert sum(tuple(r) in rows for r in made_up) <= 1
        assert all(set(made_up[:, j]) <= set(X[:, j]) for j in range(3))
    assert len(TableTasks.resampled(np.tile(X, (50, 1)), 1, max_rows=200)[0].y) == 200


def test_class_tables_have_one_normal_class_and_the_wanted_share_of_others():
    tables = class_tables("digits", rate=0.1, n_normal=90, pool=2)
    assert (
        len(tables) == 10
        and tables[3].name == "digits:3"
        and tables[3].family == "characters 3"
    )
    for t in tables:
        assert t.X.shape == (100, 16) and t.y.sum() == 10
    assert class_tables("mnist-5k", pool=4, n_normal=50)[3].family == tables[3].family
    from metaad import data

    whole = {
        tuple(x.ravel()): c
        for x, c in zip(*(lambda d: (d.X, d.y))(data.load("digits")), strict=True)
    }
    for c, t in enumerate(class_tables("digits")):
        assert [whole[tuple(x)] != c for x in t.X] == t.y.astype(bool).tolist()


def test_anomalies_of_one_class_lie_together():
    from metaad import data

    digits = data.load("digits")
    whole = {tuple(x.ravel()): c for x, c in zip(digits.X, digits.y, strict=True)}
    for c, t in enumerate(class_tables("digits", rate=0.2, n_normal=100, others="one")):
        classes = {whole[tuple(x)] for x in t.X[t.y == 1]}
        assert len(classes) == 1 and c not in classes and t.y.sum() == 25


def test_bundled_tables_by_name_and_adbench_tables_that_are_at_hand(
    tmp_path, monkeypatch
):
    tasks = TableTasks(["breast-cancer", "wine"], max_rows=200)
    assert tasks.families == ["wisconsin", "wine"] and len(tasks[0].X) == 200
    folder = tmp_path / "adbench"
    folder.mkdir()
    (folder / "10_cover.npz").touch()
    (folder / "2_annthyroid.npz").touch()
    monkeypatch.setenv("METAAD_DATA", str(tmp_path))
    assert adbench_names() == ["adbench:annthyroid", "adbench:cover"]
    assert len(adbench_names(download=True)) > 40


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: TableTasks([]), "at least one table"),
        (
            lambda: TableTasks([numbered(20, 2), numbered(20, 2)]),
            "t comes more than once",
        ),
        (lambda: TableTasks([numbered(20, 0)]), "both labels"),
        (
            lambda: TableTasks([numbered(20, 2)._replace(X=np.full((20, 2), np.nan))]),
            "NaN or infinity",
        ),
        (lambda: TableTasks([numbered(20, 2)._replace(X=np.zeros(20))]), r"X \(n, d\)"),
        (lambda: TableTasks([np.zeros((3, 3))]), "LabelledTable; got ndarray"),
        (lambda: TableTasks(["digits"]), "class_tables"),
        (lambda: TableTasks([numbered(20, 2)], scale="robust"), "scale must be"),
        (lambda: list(TableTasks([numbered(20, 2)]).hold_out()), "at least 2 families"),
        (lambda: TableTasks.resampled(np.zeros((10, 1))), "2 features"),
        (
            lambda: TableTasks.resampled(np.zeros((10, 2)), rate=1.5),
            "share of made-up anomalies",
        ),
        (lambda: class_tables("wine"), "has anomalies already"),
        (lambda: class_tables("digits", pool=3), "pool must divide"),
        (lambda: class_tables("digits", rate=0), "share of anomalies"),
        (lambda: class_tables("digits", others="two"), 'must be "all" or "one"'),
    ],
)
def test_bad_input_is_told_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
