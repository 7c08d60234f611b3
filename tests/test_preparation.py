"""Columns of any kind as numbers: values by hand and by scikit-learn's transformers, the
same for rows that come later, and the same again from a file.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from metaad import data, saving
from metaad.data import DataError, Preparation
from metaad.detectors import IsolationForest

N = 240
RNG = np.random.default_rng(3)


def table(seed=0, n=N):
    """A table of every kind of column."""
    rng = np.random.default_rng(seed)
    amount = rng.lognormal(3, 1, n).round(2)
    moments = pd.Timestamp("2026-03-01") + pd.to_timedelta(
        rng.integers(0, 9**7, n), "s"
    )
    shops = np.array([f"shop {i}" for i in range(40)])
    notes = [
        " ".join(rng.choice(["red", "blue", "No. 7", "x"], 5)) + str(i)
        for i in range(n)
    ]
    return pd.DataFrame(
        {
            "amount": np.where(rng.random(n) < 0.1, np.nan, amount),
            "count": rng.integers(0, 5, n),
            "when": moments.strftime("%Y-%m-%d %H:%M:%S"),
            "country": rng.choice(["FR", "DE", "NA"], n),
            "shop": shops[(rng.random(n) ** 2 * 40).astype(int)],
            "online": rng.random(n) < 0.5,
            "plan": rng.choice(["gold", "free"], n, p=[0.2, 0.8]),
            "words": notes,
            "id": [f"{i:08x}-aaaa-bbbb-cccc-0123456789ab" for i in range(n)],
            "same": "EUR",
        }
    )


def quietly(preparation, frame):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return preparation.transform(frame)


# --- values


def test_every_number_has_a_name_and_the_column_that_it_comes_from():
    frame = table()
    fitted = Preparation().fit(frame)
    X = quietly(fitted, frame)
    assert X.dtype == np.float64 and np.isfinite(X).all()
    assert X.shape == (N, len(fitted.columns_)) == (N, len(fitted.source_))
    assert set(fitted.source_) == set(frame) - {"id", "same"}
    assert len(set(fitted.columns_)) == len(fitted.columns_)
    assert list(fitted.get_feature_names_out()) == list(fitted.columns_)
    said = " ".join(fitted.notes_)
    assert "dropped 'id': it names the rows" in said
    assert "dropped 'same': it is 'EUR' in every row" in said
    assert fitted.text_ == ["country", "shop", "online", "plan", "words"]


def test_numbers_stay_as_they_are_and_gaps_are_as_scikit_learn_fills_them():
    frame = table()
    fitted = Preparation().fit(frame[["amount", "count"]])
    oracle = SimpleImputer(strategy="median", add_indicator=True).fit(
        frame[["amount", "count"]]
    )
    new = table(1)[["amount", "count"]]
    expected = oracle.transform(new)
    assert fitted.columns_ == ("amount", "amount is empty", "count")
    assert np.array_equal(quietly(fitted, new), expected[:, [0, 2, 1]])


def test_categories_are_as_scikit_learn_encodes_them_and_new_ones_are_none_of_them():
    words = np.array(["a", "b", "c", None], object)[np.arange(40) % 4]
    frame = pd.DataFrame({"k": words})
    fitted = Preparation().fit(frame)
    oracle = OneHotEncoder(sparse_output=False).fit(frame.fillna("empty"))
    assert fitted.columns_ == ("k=a", "k=b", "k=c", "k is empty")
    expected = oracle.transform(frame.fillna("empty"))[:, [0, 1, 2, 3]]
    assert np.array_equal(quietly(fitted, frame), expected)
    assert quietly(fitted, pd.DataFrame({"k": ["zebra"]})).tolist() == [[0, 0, 0, 0]]


def test_rare_categories_and_new_ones_are_one():
    frame = pd.DataFrame({"k": ["a"] * 20 + ["b"] * 19 + ["rare"]})
    fitted = Preparation().fit(frame)
    assert fitted.columns_ == ("k=a", "k=b", "k=other")
    new = pd.DataFrame({"k": ["a", "rare", "new", None]})
    assert quietly(fitted, new).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1]]


@pytest.mark.parametrize(
    ("cells", "name", "expected"),
    [
        ([True, False] * 9 + [True], "k=True", [1, 0, 2]),
        (["gold"] + ["free"] * 18, "k=gold", [1, 0, 2]),
        (["yes", "no"] * 9 + ["yes"], "k=no", [0, 1, 2]),
    ],
)
def test_two_values_are_one_number_and_a_third_is_further_off(cells, name, expected):
    fitted = Preparation().fit(pd.DataFrame({"k": cells}))
    assert fitted.columns_ == (name,)
    first, second = pd.unique(pd.Series(cells))
    new = pd.DataFrame({"k": pd.Series([first, second, "new"], dtype=object)})
    assert quietly(fitted, new).ravel().tolist() == expected


def test_the_rarity_of_a_value_is_its_surprise_in_bits():
    frame = pd.DataFrame(
        {"k": [f"v{i}" for i in range(15) for _ in range(i + 1)] + ["v14"] * 7}
    )
    assert len(frame) == 127
    fitted = Preparation().fit(frame)
    bits = quietly(fitted, pd.DataFrame({"k": ["v0", "v1", "v3", "new"]})).ravel()
    assert bits.tolist() == [7, 6, 5, 7]  # of 128 with the one that may come
    assert fitted.columns_ == ("k: rarity",)


def test_dates_become_days_hours_and_weekdays():
    when = pd.to_datetime(
        ["2026-01-05 06:30:00", "2026-01-04 00:00:00", "2026-01-10 23:59:59"]
    )
    fitted = Preparation().fit(pd.DataFrame({"t": when}))
    X = quietly(fitted, pd.DataFrame({"t": when}))
    assert fitted.columns_[0] == "t: days since 2026-01-04"
    assert np.allclose(X[:, 0], [1 + 6.5 / 24, 0, 7 - 1 / 86_400], atol=1e-12)
    assert np.allclose(X[:, 1], [6.5, 0, 24 - 1 / 3600]) and X[:, 2].tolist() == [
        0,
        6,
        5,
    ]


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S"]
    + ["%m/%d/%Y %I:%M:%S %p", "[%d/%b/%Y:%H:%M:%S +0000]", "%b %d, %Y %H:%M:%S"],
)
def test_every_way_to_write_a_date_gives_the_same_numbers(form):
    moments = pd.Timestamp("2026-01-01") + pd.to_timedelta(
        RNG.integers(0, 9**7, 60), "s"
    )
    expected = Preparation().fit_transform(pd.DataFrame({"t": moments}))
    fitted = Preparation().fit(pd.DataFrame({"t": moments.strftime(form)}))
    assert np.array_equal(
        quietly(fitted, pd.DataFrame({"t": moments.strftime(form)})), expected
    )
    assert not any("first" in note for note in fitted.notes_)


def test_days_and_months_that_can_be_either_are_noted():
    fitted = Preparation().fit(
        pd.DataFrame({"t": ["03/04/2026", "05/06/2026", "01/12/2026"]})
    )
    assert "'t' is read with the day first, which the dates don't show" in fitted.notes_


def test_a_clock_that_runs_with_the_rows_says_the_hour_not_how_late_it_is():
    times = pd.date_range("2026-01-01", periods=100, freq="97min")
    fitted = Preparation().fit(pd.DataFrame({"t": times}))
    assert fitted.columns_ == ("t: hour", "t: weekday (Monday 0)")
    later = quietly(fitted, pd.DataFrame({"t": times + pd.Timedelta(days=700)}))
    assert np.array_equal(later, quietly(fitted, pd.DataFrame({"t": times})))
    fitted = Preparation().fit(pd.DataFrame({"t": times.strftime("%H:%M")}))
    assert fitted.columns_ == ("t: hour",)


def test_text_is_its_length_and_what_it_is_made_of():
    texts = [f"GET /page/{i} in {'x' * i}" for i in range(40)]
    fitted = Preparation().fit(pd.DataFrame({"t": texts}))
    new = pd.DataFrame({"t": ["AB 12-?", "", "zzzz"]})
    X = dict(zip(fitted.columns_, quietly(fitted, new).T, strict=True))
    assert X["t: length"].tolist() == [7, 0, 4]
    for part, share in {"digits": 2 / 7, "capitals": 2 / 7, "signs": 2 / 7}.items():
        assert np.allclose(X[f"t: {part}"], [share, 0, 0], atol=1e-8)
    assert X["t: odd letters (bits)"][2] > X["t: odd letters (bits)"][1] == 0


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.234,5", "2,25", "-3"], [1234.5, 2.25, -3]),
        (["1,234.5", "2.25", "-3"], [1234.5, 2.25, -3]),
        (["1 234,5", "2,25", "7"], [1234.5, 2.25, 7]),
        (["$1,234.50", "$2.25", "-$3"], [1234.5, 2.25, -3]),
        (["12 %", "3%", "0.5%"], [12, 3, 0.5]),
        (["1e3", "2", "3.5E-2"], [1000, 2, 0.035]),
    ],
)
def test_numbers_in_text_are_read_as_they_are_written(cells, expected):
    frame = pd.DataFrame({"a": cells})
    assert np.array_equal(Preparation().fit_transform(frame).ravel(), expected)


def test_words_among_numbers_are_gaps_and_said():
    cells = [str(i * i) for i in range(60)]
    cells[5] = cells[9] = "ERR"
    fitted = Preparation().fit(pd.DataFrame({"a": cells}))
    assert "'a' holds 'ERR' in 2 rows, no number; read as empty" in fitted.notes_
    assert quietly(fitted, pd.DataFrame({"a": ["ERR", "4"]}))[:, 1].tolist() == [1, 0]


def test_everything_is_learned_from_the_rows_that_are_fitted():
    frame = table()
    half = Preparation().fit(frame[: N // 2])
    alone = quietly(half, frame[: N // 2])
    assert np.array_equal(quietly(half, frame)[: N // 2], alone)
    assert np.array_equal(quietly(half, frame[5:6]), alone[5:6])


def test_many_columns_with_gaps_are_one_note():
    frame = pd.DataFrame(RNG.normal(size=(30, 6)), columns=list("abcdef"))
    frame[frame > 1] = np.nan
    (note,) = Preparation().fit(frame).notes_
    assert note.startswith("6 columns are empty in some rows ('a', 'b'")


# --- rows that come later


def test_columns_in_another_order_and_further_ones_change_nothing():
    fitted, new = Preparation().fit(table()), table(1)
    expected = quietly(fitted, new)
    assert np.array_equal(quietly(fitted, new[list(new)[::-1]]), expected)
    with pytest.warns(
        UserWarning, match="not used, since the fitted table lacks them: more"
    ):
        assert np.array_equal(fitted.transform(new.assign(more=1)), expected)
    assert np.array_equal(quietly(fitted, new.drop(columns=["id", "same"])), expected)


def test_the_same_rows_from_a_file_and_from_a_frame(tmp_path):
    frame = table()
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    expected = Preparation().fit_transform(frame)
    for ending in ("csv", "parquet"):
        own = data.read_frame(tmp_path / f"t.{ending}")
        fitted = Preparation().fit(own.frame)
        assert np.array_equal(quietly(fitted, own.frame), expected)
        pieces = data.read_chunks(tmp_path / f"t.{ending}", 37, as_words=fitted.text_)
        X = np.concatenate([quietly(fitted, piece) for piece in pieces])
        assert np.array_equal(X, expected)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns="amount"), "the rows lack amount, which the fitted"),
        (
            lambda f: f.rename(columns={"amount": "Amount"}),
            "lack amount, .* Is it 'Amount', under another name",
        ),
        (
            lambda f: f.assign(amount=["5", "low"] * (N // 2)),
            r"'amount' must hold numbers, as in the fitted table; row 1 .* holds 'low'",
        ),
        (lambda f: f.assign(when="soon"), "'when' must hold dates, .* row 0 .* 'soon'"),
        (lambda f: f.assign(amount=np.inf), "'amount' must hold numbers, .* 'inf'"),
        (lambda f: pd.concat([f, f[["shop"]]], axis=1), "2 columns of the name 'shop'"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_column_and_cell(change, says):
    fitted = Preparation().fit(table())
    with pytest.raises(DataError, match=says):
        fitted.transform(change(table(1)))


def test_gaps_that_the_fitted_table_never_had_are_filled_with_a_word():
    fitted, new = Preparation().fit(table()), table(1)
    new["count"] = new["count"].where(new.index > 3)
    with pytest.warns(UserWarning, match="'count' is empty in 4 rows and never was"):
        X = fitted.transform(new)
    assert (X[:4, fitted.columns_.index("count")] == 2).all()


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame({"a": [1.0]}), "needs two rows or more, got 1"),
        (
            pd.DataFrame({"a": [1, 1], "b": ["x", "x"]}),
            "no column is left .* dropped 'a'",
        ),
        (
            pd.DataFrame(np.ones((3, 10)), columns=["a"] * 10),
            "10 columns of the name 'a'",
        ),
        (
            pd.DataFrame({"a": [1.0, np.inf]}),
            "holds infinity in 1 of 2 rows, first in row 1",
        ),
        (pd.DataFrame({"a": [[1], [2, 3]]}), "'a' holds list, which are no cells"),
        (pd.DataFrame({"a": [1j, 2j]}), "'a' holds complex numbers"),
        (
            np.arange(3.0),
            r"expected a DataFrame or an array \(n, c\), got shape \(3,\)",
        ),
    ],
)
def test_a_table_without_anything_to_learn_from_is_refused(frame, says):
    with pytest.raises(DataError, match=says):
        Preparation().fit(frame)


# --- with the rest of the package


def test_it_stands_before_a_detector_in_a_pipeline():
    frame = table()
    pipeline = make_pipeline(Preparation(), IsolationForest(random_state=0)).fit(frame)
    X = Preparation().fit_transform(frame)
    alone = IsolationForest(random_state=0).fit(X)
    assert np.array_equal(pipeline.score_samples(frame), alone.score_samples(X))


def test_it_is_the_same_from_a_file_bit_for_bit(tmp_path):
    fitted, new = Preparation(categories=5).fit(table()), table(1)
    saving.save(tmp_path / "p.metaad", fitted)
    loaded = saving.load(tmp_path / "p.metaad")
    assert np.array_equal(quietly(loaded, new), quietly(fitted, new))
    assert loaded.columns_ == fitted.columns_ and loaded.source_ == fitted.source_
    assert loaded.notes_ == fitted.notes_ and loaded.text_ == fitted.text_
    saving.save(tmp_path / "q.metaad", loaded)
    assert (tmp_path / "p.metaad").read_bytes() == (tmp_path / "q.metaad").read_bytes()
    saving.save(tmp_path / "p.metaad", Preparation(categories=5))
    assert saving.load(tmp_path / "p.metaad").categories == 5


@pytest.mark.parametrize("kind", ["number", "date", "category", "rarity", "text"])
def test_a_file_whose_content_does_not_fit_is_refused(tmp_path, kind):
    fitted = Preparation().fit(table())
    (part,) = [p for p in fitted.parts_ if p.kind == kind][:1]
    for name, value in part.known.items():
        part.known[name] = [3] if isinstance(value, list) else None
        saving.save(tmp_path / "p.metaad", fitted)
        with pytest.raises(saving.SavedFileError, match="does not fit"):
            saving.load(tmp_path / "p.metaad")
        part.known[name] = value
    part.columns.append("more")
    saving.save(tmp_path / "p.metaad", fitted)
    with pytest.raises(saving.SavedFileError, match="does not fit"):
        saving.load(tmp_path / "p.metaad")
