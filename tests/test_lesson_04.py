"""The loops behind lesson 04, and what it says about a published table."""

import numpy as np
import pytest

from metaad import data
from metaad.experiments.lessons import distances, published_tags
from metaad.scores import entity_f1, tag_f1


def test_a_sign_without_a_change_exceeds_its_bar_as_often_as_said():
    rng = np.random.default_rng(0)
    signs = {"mean": lambda r, b: b.mean() - r.mean(), "nothing": lambda r, b: 0.0}
    found = distances.seen(
        signs, distances.made_up, ("none", "shift"), rng, nulls=2000, draws=1000
    )
    assert found["none"]["mean"].mean() == pytest.approx(0.05, abs=0.025)
    assert found["shift"]["mean"].mean() > 0.3  # 0.7 in one column of four
    assert not found["shift"]["nothing"].any()  # a tie with the bar is not above it


def test_changes_are_what_they_are_called():
    drawn = {
        c: distances.made_up(c, np.random.default_rng(1), 5000)
        for c in distances.CHANGES
    }
    for reference, _ in drawn.values():
        np.testing.assert_array_equal(reference, drawn["none"][0])
    plain = drawn["none"][1]
    np.testing.assert_allclose(drawn["shift"][1] - plain, [[0.7, 0, 0, 0]] * 5000)
    np.testing.assert_allclose(drawn["spread"][1], 1.25 * plain)
    np.testing.assert_allclose(drawn["too narrow"][1], 0.75 * plain)
    assert np.linalg.norm(drawn["one far row"][1][0]) == pytest.approx(8)
    np.testing.assert_array_equal(drawn["one far row"][1][1:], plain[1:])
    lump = drawn["rare cluster"][1][:500]
    assert np.linalg.norm(lump.mean(axis=0)) == pytest.approx(2.5, abs=0.1)
    with pytest.raises(ValueError, match="change must be one of none, shift"):
        distances.made_up("other", np.random.default_rng(0))


def test_a_mixed_batch_shares_no_row_with_its_reference_and_holds_its_share():
    normal, odd = np.arange(300.0)[:, None], -np.arange(1.0, 40.0)[:, None]
    for share in (0.0, 0.05, 0.2):
        reference, batch = distances.mixed(normal, odd, share, np.random.default_rng(2))
        assert len(reference) == 150 and len(batch) == 60
        assert (batch < 0).sum() == round(60 * share) and (reference >= 0).all()
        assert len(np.unique(np.r_[reference, batch])) == 210


def test_the_clinics_rows_are_split_in_units_that_no_exchange_of_rows_moves():
    table = data.rarer(data.load("breast-cancer"), 0.1, 0)
    *parts, odd = distances.clinic(table, 60, np.random.default_rng(0))
    assert [len(p) for p in parts] == [150, 60, 147] and len(odd) == 39
    normal = np.concatenate(parts)
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(normal.std(axis=0), 1)
    *again, _ = distances.clinic(table, 60, np.random.default_rng(1))
    assert not np.array_equal(parts[0], again[0])
    np.testing.assert_allclose(  # the same rows, in the same unit, dealt otherwise
        np.sort(np.concatenate(again), axis=0), np.sort(normal, axis=0), atol=1e-9
    )


def test_row_scores_are_distances_to_the_kth_reference_row():
    reference = np.array([[0.0], [1.0], [3.0]])
    np.testing.assert_array_equal(
        distances.row_scores(reference, np.array([[0.0], [10.0]]), k=2), [1, 9]
    )


# --- the published table


def made_report(seed, n=4000):
    """A report with three digits from tags that we know, and the tags."""
    rng = np.random.default_rng(seed)
    tags = ["O", "B-PER", "B-LOC", "I-PER", "I-LOC"]
    true = rng.choice(tags, n, p=[0.8, 0.08, 0.05, 0.04, 0.03])
    given = np.where(rng.random(n) < 0.9, true, rng.choice(tags, n))
    report = {}
    for t in tags:
        hits = ((true == t) & (given == t)).sum()
        answered, there = (given == t).sum(), (true == t).sum()
        report[t] = (round(hits / answered, 3), round(hits / there, 3), int(there))
    return report, list(true), list(given)


@pytest.mark.parametrize("seed", range(8))
def test_rows_of_a_report_imply_its_micro_f1(seed):
    report, true, given = made_report(seed)
    for tags in (None, ["B-PER", "B-LOC"]):
        low, middle, high = published_tags.micro_from_rows(report, tags)
        assert low < middle < high
        assert low <= tag_f1(true, given, tags)[2] <= high


@pytest.mark.parametrize("seed", range(8))
def test_no_tagging_with_this_report_has_a_higher_entity_f1_than_the_ceiling(seed):
    report, true, given = made_report(seed)
    # an I- tag that goes on with nothing begins an entity; well-formed tags have none
    for tags in (true, given):
        for i, tag in enumerate(tags):
            if tag[0] == "I" and (i == 0 or tags[i - 1][1:] != tag[1:]):
                tags[i] = "B" + tag[1:]
    report = {}
    for t in sorted({*true, *given}):
        hits = sum(a == b == t for a, b in zip(true, given, strict=True))
        report[t] = (
            hits / max(given.count(t), 1),
            hits / max(true.count(t), 1),
            true.count(t),
        )
    assert entity_f1(true, given)[2] <= published_tags.ceiling_of_entities(report)


def test_the_published_table_adds_up_to_the_test_part_of_conll_2003():
    tokens = {t: n for t, (*_, n) in published_tags.REPORT.items()}
    assert sum(tokens.values()) == 46_435
    assert sum(n for t, n in tokens.items() if t[0] == "B") == 5_648  # its entities
    micro, macro, entity = published_tags.constant_answer()
    assert micro == 38_323 / 46_435 and entity == 0
    assert macro == pytest.approx(2 * 38_323 / (46_435 + 38_323) / 9)
    # what was answered in all, from the rows: as many as there are, up to rounding
    answered = sum(r * n / p for p, r, n in published_tags.REPORT.values())
    assert answered == pytest.approx(46_435, rel=0.003)


def test_neither_leaving_out_o_nor_weighting_by_tokens_gives_the_printed_number():
    report, printed = published_tags.REPORT, published_tags.PRINTED
    all_tags = published_tags.micro_from_rows()
    without = published_tags.micro_from_rows(tags=[t for t in report if t != "O"])
    f1 = {t: 2 * p * r / (p + r) for t, (p, r, _) in report.items()}
    weighted = sum(f1[t] * report[t][2] for t in report) / 46_435
    for low, high in ((all_tags[0], all_tags[2]), (without[0], without[2])):
        assert not low - 0.0005 <= printed <= high + 0.0005
    assert abs(weighted - printed) > 0.005
    assert np.mean(list(f1.values())) == pytest.approx(0.909, abs=0.0015)  # as printed


def test_a_dictionary_answers_the_most_frequent_tag_of_a_token():
    learn = [[("Paris", "B-LOC"), ("is", "O")], [("Paris", "B-LOC")], [("Paris", "O")]]
    tagger = published_tags.dictionary_tagger(learn)
    assert tagger([("Paris", "?"), ("is", "?"), ("new", "?")]) == ["B-LOC", "O", "O"]
    text = data.records.Text(
        learn, [], [[("Paris", "B-LOC"), ("Rio", "B-LOC")]], "made up", "", ""
    )
    found, share = published_tags.on_a_corpus(text)
    assert share == 0 and found["always O"] == {"token": 0, "entity": 0}
    assert found["a dictionary"]["entity"] == pytest.approx(2 / 3)
