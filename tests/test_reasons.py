"""Reasons say of a value what a reader can check by counting."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from metaad import plots, saving
from metaad.detectors import KNNDetector
from metaad.metrics import Interval
from metaad.plots.rates import realised_rates
from metaad.plots.reasons import row_reasons
from metaad.practice import Facts, reasons
from metaad.practice.facts import text
from metaad.practice.pairs import Pairs
from metaad.practice.words import NOTHING, named_columns, place, sentence

RNG = np.random.default_rng(0)
DAY = pd.Timestamp("2024-03-01")
FRAME = pd.DataFrame(
    {
        "amount": np.r_[np.arange(100.0), np.arange(200.0, 300.0)],
        "city": ["Bonn"] * 120 + ["Ulm"] * 77 + ["Jena"] * 3,
        "when": DAY + pd.to_timedelta(np.arange(200), unit="h"),
        "age": [np.nan] * 4 + [30.0] * 196,
        "remark": [f"note {k}" for k in range(200)],
        "ok": [True] * 198 + [False] * 2,
    }
)
FACTS = Facts().fit(FRAME, np.zeros((200, 6)), list(FRAME.columns))


def said(column, value):
    return place(FACTS, list(FRAME.columns).index(column), value)


def test_numbers_are_placed_by_counting():
    assert said("amount", 300.5) == "above all 200 rows read"
    assert said("amount", -1) == "below all 200 rows read"
    assert said("amount", 294.5) == "above 97.5 % of the rows read"
    assert said("amount", 2.5) == "below 98.5 % of the rows read"
    assert said("amount", 50) == said("amount", 220) == ""
    assert said("amount", 150) == "no row read lies between 99 and 200"


def test_words_dates_and_gaps_are_placed_by_counting():
    assert said("city", "Jena") == "in 3 of the 200 rows read"
    assert said("city", "Rome") == "in none of the 200 rows read"
    assert said("city", "Bonn") == said("remark", "never read") == ""
    assert said("ok", False) == "in 2 of the 200 rows read"
    assert said("when", DAY - pd.Timedelta("1h")) == "earlier than all 200 rows read"
    assert said("when", DAY + pd.Timedelta("198.5h")) == (
        "later than 99.5 % of the rows read"
    )
    assert said("age", np.nan) == said("age", None) == "as in 4 of the 200 rows read"
    assert said("amount", pd.NA) == "as in none of the 200 rows read"


def test_a_share_is_never_rounded_up_to_all():
    facts = Facts().fit(pd.DataFrame({"a": np.arange(100_000.0)}))
    assert place(facts, 0, 99_950.5) == "above 99.9 % of the rows read"
    assert place(facts, 0, 99_998.5) == "above 99.9 % of the rows read"
    assert place(facts, 0, 100_001) == "above all 100,000 rows read"


def test_values_are_written_as_a_reader_writes_them():
    shown = [text(v) for v in (9400, 0.25, 1 / 3, -7.0, "Bonn", True, np.nan, DAY)]
    wanted = ["9,400", "0.25", "0.33333", "-7", "Bonn", "True", "missing", "2024-03-01"]
    assert shown == wanted
    assert len(text("long " * 50)) == 40 and text("long " * 50).endswith("…")


def pair_table():
    age = RNG.integers(1, 18, 400).astype(float)
    frame = pd.DataFrame({"age": age, "height": 80 + 6 * age, "noise": RNG.random(400)})
    frame["school"] = np.where(age > 6, "yes", "no")
    return frame


def numbers(frame):
    yes = (frame["school"] == "yes").to_numpy(float)
    return np.c_[frame[["age", "height", "noise"]].to_numpy(), yes, 1 - yes]


SOURCE = ["age", "height", "noise", "school", "school"]


def test_a_usual_value_is_named_with_the_column_that_makes_it_unusual():
    frame = pair_table()
    facts = Facts().fit(frame, numbers(frame), SOURCE)
    new = pd.DataFrame(
        {
            "age": [3.0, 3.0],
            "height": [170.0, 98.0],
            "noise": 0.5,
            "school": ["no", "yes"],
        }
    )
    pairs, X = Pairs(facts), numbers(new)
    found = sentence(facts, new, X, 0, 1, pairs)
    assert found == (
        "height 170: unusual together with age 3 (above all of the 50 rows nearest in age)"
    )
    assert sentence(facts, new, X, 1, 3, pairs).startswith(
        "school yes: unusual together with "
    )
    assert sentence(facts, new, X, 0, 2, pairs) == ""
    detector = KNNDetector().fit(facts.background_ / facts.background_.std(axis=0))
    parts = np.array([[0.1, 3.0, 0.0, 0.2], [0, 0, 0, -1.0]])
    told = reasons(detector, new, X, facts, parts=parts)
    assert told == [found, NOTHING]
    vague = reasons(detector, new, X, facts, parts=np.array([[0, 0, 1.0, 0]] * 2))
    assert vague[0] == "noise 0.5: unusual together with the others"


def test_a_date_is_odd_by_its_hour():
    when = DAY + pd.to_timedelta(
        24 * np.arange(300) + RNG.integers(8, 18, 300), unit="h"
    )
    frame = pd.DataFrame({"when": when})
    X = np.c_[frame["when"].dt.hour, frame["when"].dt.day_of_week].astype(float)
    names = ["when: hour", "when: weekday"]
    facts = Facts().fit(frame, X, ["when", "when"], names)
    new = pd.DataFrame({"when": [DAY + pd.Timedelta(100, "D") + pd.Timedelta("3h")]})
    found = sentence(facts, new, np.array([[3.0, 2.0]]), 0, 0, Pairs(facts))
    assert found == "when 2024-06-09 03:00:00: its hour, 3, is below all those read"


def test_a_date_whose_lateness_no_score_sees_is_not_called_late():
    when = DAY + pd.to_timedelta(np.arange(300), unit="h")
    frame = pd.DataFrame({"when": when, "load": RNG.normal(size=300)})
    hours = frame["when"].dt.hour.to_numpy(dtype=float)
    X = np.c_[hours, frame["when"].dt.day_of_week, frame["load"]]
    new = pd.DataFrame({"when": [DAY + pd.Timedelta("999D 12h")], "load": [0.0]})
    row = np.array([[12.0, 2.0, 0.0]])
    for parts, expected in {
        ("hour", "weekday (Monday 0)"): "",
        ("hour", "days since 2024-03-01"): "when 2026-11-25 12:00:00: later than all "
        "300 rows read",
    }.items():
        names = [*(f"when: {part}" for part in parts), "load"]
        facts = Facts().fit(frame, X, ["when", "when", "load"], names)
        assert sentence(facts, new, row, 0, 0) == expected
    single = Facts().fit(frame, X[:, [0, 2]], ["when", "load"], ["when: hour", "load"])
    assert sentence(single, new, np.array([[-1.0, 0.0]]), 0, 0).endswith(
        "its hour, -1, is below all those read"
    )


def test_all_is_not_said_of_rows_that_were_drawn():
    when = DAY + pd.to_timedelta(np.arange(600), unit="h")
    frame = pd.DataFrame({"when": when, "load": RNG.normal(size=600)})
    X = np.c_[24.0 + np.arange(600), frame["load"]]
    facts = Facts(most_rows=50).fit(frame, X, ["when", "load"], ["when: hour", "load"])
    new = frame.iloc[:1]
    found = sentence(facts, new, np.array([[0.0, 0.0]]), 0, 0)
    assert found.endswith("its hour, 0, is below all of 50 rows read")


def test_rows_near_in_a_date_are_called_near_in_what_was_made_of_it():
    hours = np.repeat(np.arange(24.0), 20)
    frame = pd.DataFrame(
        {
            "when": DAY + pd.to_timedelta(24 * np.arange(480) + hours, unit="h"),
            "load": hours + RNG.uniform(0, 1, 480),
        }
    )
    names = ["when: hour", "load"]
    facts = Facts().fit(frame, np.c_[hours, frame["load"]], ["when", "load"], names)
    new = pd.DataFrame({"when": [DAY + pd.Timedelta("3h")], "load": [20.5]})
    found = sentence(facts, new, np.array([[3.0, 20.5]]), 0, 1, Pairs(facts))
    assert found.endswith("(above all of the 50 rows nearest in hour of when)")


def test_columns_are_named_oddest_first_and_small_parts_are_not():
    assert named_columns(np.array([0.1, 4.0, 1.0, 2.0, 0.9])) == [1, 3, 2]
    assert named_columns(np.array([0.1, 4.0, 1.0, 2.0]), most=1) == [1]
    assert named_columns(np.array([-1.0, 0.0])) == []


def test_reasons_name_the_planted_column_of_the_readers_table():
    frame = pair_table()
    facts = Facts().fit(frame, numbers(frame), SOURCE, None)
    detector = KNNDetector().fit(numbers(frame))
    new = frame.iloc[:2].copy()
    new.loc[0, "height"] = 900.0
    told = reasons(detector, new[list(frame.columns)[::-1]], numbers(new), facts)
    assert told[0].startswith("height 900: above all 400 rows read")
    plain = reasons(KNNDetector().fit(numbers(frame)), None, numbers(new),
                    Facts().fit(numbers(frame)))  # fmt: skip
    assert plain[0].startswith("column 1 900: above all 400 rows read")
    with pytest.raises(ValueError, match="have no column 'age'"):
        reasons(detector, new.drop(columns="age"), numbers(new), facts)


def test_facts_come_back_from_a_file_bit_for_bit(tmp_path):
    saving.save(tmp_path / "a", FACTS)
    back = saving.load(tmp_path / "a")
    saving.save(tmp_path / "b", back)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert back.background_.tobytes() == FACTS.background_.tobytes()
    for j, column in enumerate(FRAME):
        for value in FRAME[column]:
            assert place(back, j, value) == place(FACTS, j, value)
    back.kinds_ = back.kinds_[:2]
    saving.save(tmp_path / "c", back)
    with pytest.raises(saving.SavedFileError, match="columns do not fit"):
        saving.load(tmp_path / "c")


def test_facts_refuse_rows_that_are_not_the_same():
    with pytest.raises(ValueError, match="same rows"):
        Facts().fit(FRAME, np.zeros((3, 6)), list(FRAME.columns))
    with pytest.raises(ValueError, match="each of the 5 numbers"):
        Facts().fit(FRAME, np.zeros((200, 5)), list(FRAME.columns))


def test_the_figure_shows_each_columns_part_with_its_words_oddest_first():
    plots.style()
    texts = ["amount 3: usual", "city Jena: in 3 of the 200 rows read", "age 4: usual"]
    figure = row_reasons([0.5, 2.0, -1.0], texts, title="row 3")
    axis = figure.axes[0]
    assert [p.get_width() for p in axis.patches] == [2.0, 0.5, -1.0]
    assert [t.get_text() for t in axis.texts] == [texts[1], texts[0], texts[2]]
    assert len(row_reasons(np.arange(9.0), list("abcdefghi")).axes[0].patches) == 6
    plt.close("all")


def test_the_figure_of_rates_shows_every_table_the_law_and_what_was_asked():
    plots.style()
    rows = {"one": Interval(0.05, 0.04, 0.06, 3), "two": Interval(0.1, 0.08, 0.12, 3)}
    spread = {"one": [0.03, 0.05, 0.07], "two": [0.05, 0.1, 0.15]}
    axis = realised_rates(rows, spread, 0.05, (0.02, 0.09)).axes[0]
    drawn = [list(line.get_xdata()) for line in axis.lines]
    assert [0.05, 0.05] in drawn and spread["one"] in drawn and spread["two"] in drawn
    band = axis.patches[0]
    assert (band.get_x(), band.get_width()) == pytest.approx((0.02, 0.07))
    assert [t.get_text() for t in axis.get_yticklabels()] == ["one", "two"]
    plt.close("all")
