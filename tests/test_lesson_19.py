"""What lesson 19 builds and measures, and the record that it quotes."""

import json
from pathlib import Path

import numpy as np
import pytest

from metaad import data, metrics, repro, scores
from metaad.experiments import record
from metaad.experiments.lessons import lesson_19
from metaad.experiments.text import new_kind, rare_entities, rare_tables, rare_tokens
from metaad.scores import by_sentence as by

ROOT = Path(__file__).resolve().parents[1]
TAGS = ["O", "B-A", "I-A", "B-B", "I-B"]


@pytest.fixture(scope="module")
def corpus():
    return rare_tokens.described(data.own_sentences(3, train=150, dev=1, test=60))


# --- build cells


@pytest.fixture(scope="module")
def built():
    names = {"np": np, "lesson_19": lesson_19, "repro": repro}
    path = ROOT / "notebooks" / "19_rare_entities_in_text.ipynb"
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if "build" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), names)
    return names


@pytest.mark.parametrize("seed", range(5))
def test_the_built_counts_and_resamples_are_the_packages(built, seed):
    rng = np.random.default_rng(seed)
    true, given = ([list(rng.choice(TAGS, 9)) for _ in range(8)] for _ in range(2))
    assert [built["entities"](t) for t in true] == [scores.entities(t) for t in true]
    ours = scores.entity_counts(true, given)
    assert np.array_equal(built["entity_counts"](true, given), ours)
    counts = by.redrawn(8, 30, seed)
    assert np.array_equal(built["redrawn"](8, 30, seed), counts)
    assert np.array_equal(
        built["f1_redrawn"](ours, counts), by.f1_redrawn(ours, counts)
    )


# --- tokens as rows


def test_a_corpus_is_scaled_by_train_and_marks_the_tokens_of_names(corpus):
    train, test = corpus.train, corpus.test
    spread = train.X.std(axis=0)
    np.testing.assert_allclose(train.X.mean(axis=0), 0, atol=1e-9)
    assert set(np.round(spread, 6)) <= {0.0, 1.0}
    assert len(test.X) == len(test.y) == sum(map(len, test.sentences))
    flat = [tag for tags in test.tags for tag in tags]
    assert np.array_equal(test.y == 1, np.array(flat) != "O")
    assert np.array_equal(np.bincount(test.sentence), [*map(len, test.sentences)])


def test_detectors_see_no_tag(corpus):
    """The same tokens with other tags get the same scores."""
    blind = [[(t, "O") for t, _ in s] for s in corpus.train.sentences]
    other = corpus._replace(train=corpus.train._replace(sentences=blind))
    a, b = (rare_tokens.without_labels(c, 0) for c in (corpus, other))
    assert list(a) == [*rare_tokens.SINGLE, *rare_tokens.UNLABELLED]
    assert all(np.array_equal(a[n], b[n]) for n in a)


def test_measures_are_those_of_the_packages_own_functions(corpus):
    test, values = corpus.test, rare_tokens.with_labels(corpus)
    counts = by.redrawn(len(test.sentences), 20)
    found = rare_tokens.measured(corpus, values, counts)
    assert found["auroc"].value == pytest.approx(metrics.auroc(test.y, values))
    ap = metrics.average_precision(test.y, values)
    assert found["ap"].value == pytest.approx(ap)
    flags = rare_tokens.flagged(values, corpus.train.y.mean())
    answers, true = rare_tokens.as_names(flags, test), rare_tokens.one_kind(test)
    assert found["entity"].value == pytest.approx(scores.entity_f1(true, answers)[2])
    plain = [["O" if t == "O" else "I-NAME" for t in tags] for tags in true]
    assert found["micro"].value == pytest.approx(scores.tag_f1(plain, answers)[2])
    inside = scores.tag_f1(plain, answers, ["I-NAME"])[2]
    assert found["names"].value == pytest.approx(inside)


def test_tags_are_counted_as_the_package_counts_them(corpus):
    test, counts = corpus.test, by.redrawn(len(corpus.test.sentences), 10)
    answers, chances = rare_tokens.tagger(corpus)
    found = rare_tokens.tag_scores(test, answers, counts)
    assert found["micro"].value == pytest.approx(scores.tag_f1(test.tags, answers)[2])
    inside = sorted({t for tags in [*test.tags, *answers] for t in tags} - {"O"})
    names = scores.tag_f1(test.tags, answers, inside)[2]
    assert found["names"].value == pytest.approx(names)
    entity = scores.entity_f1(test.tags, answers)[2]
    assert found["entity"].value == pytest.approx(entity)
    np.testing.assert_allclose(sum(chances.values()), 1)


def test_a_share_of_the_tokens_is_flagged_the_highest_scores():
    flags = rare_tokens.flagged(np.array([0.1, 0.9, 0.5, 0.5, 0.2]), 0.4)
    assert flags.tolist() == [False, True, True, False, False]


def test_the_curve_of_labels_draws_sentences_that_hold_a_name(corpus):
    found = rare_tokens.by_labelled(corpus, (1, 3), draws=2, seed=0)
    assert [len(v) for v in found.values()] == [2, 2]
    assert all(s.shape == corpus.test.y.shape for v in found.values() for s in v)


# --- tables


def part_of(lines):
    sentences = [[tuple(t.rsplit("/", 1)) for t in line.split()] for line in lines]
    return rare_tokens._part(np.zeros((sum(map(len, sentences)), 1)), sentences)


def test_a_name_that_begins_with_an_inner_tag_counts_in_one_way_alone():
    true, given = [["B-A", "I-A", "O"]], [["I-A", "I-A", "O"]]
    assert (
        scores.entity_f1(true, given)[2] == 1
        and rare_tables.strict_f1(true, given) == 0
    )
    both = [["B-A", "O", "B-B"]], [["B-A", "I-B", "O"]]
    assert rare_tables.strict_f1(*both) == pytest.approx(2 / 3)


def test_recall_is_parted_by_whether_train_knows_the_words():
    part = part_of(["Ann/B-P saw/O Rome/B-L", "Zed/B-P saw/O Ann/B-P Zed/I-P"])
    answers = [["B-P", "O", "B-L"], ["B-P", "O", "B-P", "O"]]
    counts = np.array([[1.0, 1], [2, 0], [0, 2]])
    old, new = rare_tables.recall_redrawn(part, answers, {"ann", "rome"}, counts)
    assert old[:2] == pytest.approx([1, 1]) and np.isnan(old[2])
    assert new[0] == pytest.approx(1 / 2) and np.isnan(new[1])


def test_the_table_of_tags_has_each_tag_the_sums_and_whole_names():
    part = part_of(["Ann/B-P Lee/I-P saw/O Rome/B-L ./O"])
    answers = [["B-P", "O", "O", "B-L", "O"]]
    chances = {t: np.full(5, 0.1) for t in ("B-L", "B-P", "I-P")}
    chances |= {"O": np.array([0.1, 0.6, 0.9, 0.2, 0.9])}
    rows = rare_tables.by_tag(part, answers, chances)
    assert list(rows) == ["B-L", "B-P", "I-P", "O"]
    assert rows["B-P"][:4] == (1, 1, 1, 1) and rows["I-P"][2] == 0
    assert rows["O"][:2] == (pytest.approx(2 / 3), 1) and rows["O"][4] == 1
    assert rows["B-P"][4] == 0.5
    shown = rare_tables.tag_table(part, answers, chances).splitlines()
    cells = {line.split("|")[1].strip(): line.split("|")[2:6] for line in shown[2:]}
    assert [c.strip() for c in cells["*micro, all tags*"]] == ["0.800"] * 3 + ["5"]
    assert cells["*micro without O*"][2].strip() == "0.800"
    inside = [t for tags in part.tags for t in tags if t != "O"]
    assert int(cells["*micro without O*"][3]) == len(inside) < 5
    assert [c.strip() for c in cells["**entities**"]] == ["0.500"] * 3 + ["2"]


def test_broken_answers_of_the_lesson_show_one_hit_and_three_misses():
    hits = [
        int(scores.entity_counts([a], [b])[0, 0])
        for a, b in lesson_19.broken().values()
    ]
    assert hits == [1, 0, 0, 0]


# --- a new kind


def test_what_is_studied_before_a_kind_comes_holds_no_sentence_with_it(corpus):
    train = corpus.train
    kinds = new_kind.kinds_of(train)
    assert kinds == ["LOC", "MISC", "ORG", "PER", "SHIP"]
    study = new_kind.study_without(train, "SHIP")
    assert set(study.classes) == {0, 1, 2, 3, 4}
    without = [s for s in train.tags if not any(t.endswith("SHIP") for t in s)]
    assert len(study.classes) == sum(map(len, without))
    some = new_kind.balanced(study, 0)
    assert (
        (some.classes > 0).sum()
        == (study.classes > 0).sum()
        == (some.classes == 0).sum()
    )


@pytest.fixture(scope="module")
def ten(corpus):
    return new_kind.over_kinds(corpus, ["LOC"], draws=1, seed=0, steps=2, count=4)


def test_every_method_judges_every_test_token_and_repeats_itself(corpus, ten):
    (found,) = ten["LOC"]
    names = {*new_kind.EPISODES, *new_kind.PLAIN, new_kind.AS_IT_IS, new_kind.BOTH}
    assert set(found) == names
    for values in found.values():
        assert values.shape == corpus.test.y.shape and np.isfinite(values).all()
    again = new_kind.over_kinds(corpus, ["LOC"], draws=1, seed=0, steps=2, count=4)
    assert all(np.array_equal(again["LOC"][0][n], v) for n, v in found.items())


def test_precisions_of_a_kind_are_the_packages_and_no_skill_is_its_share(corpus, ten):
    test, counts = corpus.test, by.redrawn(len(corpus.test.sentences), 5)
    mean, each = new_kind.precisions(test, ten, counts)
    y = new_kind.of_kind(test, "LOC")
    for name, values in ten["LOC"][0].items():
        wanted = metrics.average_precision(y, values)
        assert mean[name][0] == each["LOC"][name][0] == pytest.approx(wanted)
    assert mean[new_kind.CHANCE][0] == pytest.approx(y.mean())
    auroc, _ = new_kind.precisions(test, ten, counts, by.auroc_redrawn)
    assert auroc[new_kind.CHANCE][0] == 0.5


def test_the_features_of_a_classifier_are_what_its_last_layer_sees(corpus):
    study = new_kind.balanced(new_kind.study_without(corpus.train, "LOC"), 0)
    network = new_kind.MLPClassifier((8, 5), max_iter=2, random_state=0)
    network = new_kind._quietly(network, study)
    last = (
        new_kind.inside(network, study.X) @ network.coefs_[-1] + network.intercepts_[-1]
    )
    classes = network.classes_[last.argmax(axis=1)]
    assert np.array_equal(classes, network.predict(study.X))


# --- a licensed corpus, in its format


def as_conll_2003(sentences):
    """Text in four columns and IOB1, as CoNLL-2003 is given out."""
    lines = ["-DOCSTART- -X- O O", ""]
    for sentence in sentences:
        before = "O"
        for token, tag in sentence:
            touches = tag[0] == "B" and before != "O" and before[2:] == tag[2:]
            own = tag if tag == "O" or touches else "I" + tag[1:]
            lines.append(f"{token} NN I-NP {own}")
            before = tag
        lines.append("")
    return "\n".join(lines)


def test_a_folder_in_the_format_of_conll_2003_gives_the_table_of_tags(tmp_path):
    own = data.own_sentences(4, train=200, dev=10, test=40)
    for name, part in (("train", own.train), ("testa", own.dev), ("testb", own.test)):
        (tmp_path / f"eng.{name}").write_text(as_conll_2003(part), encoding="utf-8")
    assert data.read_conll(tmp_path / "eng.train").scheme == "IOB1"
    text = lesson_19.text_of(0, str(tmp_path))
    assert (text.train, text.dev, text.test) == (own.train, own.dev, own.test)
    corpus = rare_tokens.described(text)
    shown = rare_tables.tag_table(
        corpus.test, *rare_tokens.tagger(corpus, strings=True)
    )
    head = [c.strip() for c in shown.splitlines()[0].split("|")[2:8]]
    assert head == ["precision", "recall", "F1", "there", "AUROC", "AP"]
    for row in (
        "B-PER",
        "I-ORG",
        "| O |",
        "micro, all tags",
        "macro",
        "weighted",
        "entities",
    ):
        assert row in shown


# --- the lesson's helpers and the record


def test_examples_are_short_sentences_with_names_and_places_in_the_ranking(corpus):
    values = np.arange(len(corpus.test.y), dtype=float)
    (shown,) = lesson_19.examples(corpus, {"a": values}, 3).values()
    assert len(shown) == 3
    for sentence in shown:
        assert any(is_name for _, is_name, _ in sentence)
        assert all(0 <= place <= 1 for *_, place in sentence)
        places = [place for *_, place in sentence]
        assert places == sorted(places)


def test_intervals_become_lists_that_a_record_gives_back():
    kept = rare_entities.plain(
        {"a": metrics.Interval(0.123456, 0.1, 0.2, 9), 1: np.nan}
    )
    assert kept == {"a": [0.1235, 0.1, 0.2], "1": None}
    assert lesson_19.of_record({"x": kept}, "x", "a")[:3] == (0.1235, 0.1, 0.2)


def test_the_command_measures_and_writes_a_record(tmp_path, monkeypatch, capsys):
    small = data.own_sentences(0, train=150, dev=1, test=30)
    monkeypatch.setattr(data, "load", {"wnut17": small}.get)
    monkeypatch.setattr(rare_entities, "RESAMPLES", 5)
    monkeypatch.setattr(rare_entities.new_kind, "MENTIONS", 2)
    measured = rare_entities.measured

    def quick(text, seeds, draws):
        kinds = rare_entities.new_kinds
        monkeypatch.setattr(
            rare_entities, "new_kinds", lambda *a: kinds(*a[:4], 1, ["LOC"])
        )
        return measured(text, seeds, draws, 5, 1)

    monkeypatch.setattr(rare_entities, "measured", quick)
    monkeypatch.setenv("METAAD_RESULTS", str(tmp_path))
    rare_entities.main(["--seeds", "0", "--draws", "1"])
    assert "rare_entities.json" in capsys.readouterr().out
    kept = json.loads((tmp_path / "rare_entities.json").read_text())
    assert kept["command"] == [f"{record.DOOR} rare_entities --seeds 0 --draws 1"]
    found = lesson_19.wnut17(False)
    assert found == kept["wnut17"]
    assert found["settings"] == {"seeds": [0], "draws": 1, "steps": 1}
    ordered = [v.value for v in lesson_19.read_new_kind(found).values()]
    assert ordered == sorted(ordered, reverse=True)
    assert set(lesson_19.read_methods(found)["kNN"]) == set(rare_tables.FIGURES)


def test_the_record_says_what_the_lesson_tells():
    kept = repro.recorded("rare_entities")["wnut17"]
    assert kept["sizes"]["sentences"] == [3394, 1287]
    assert kept["sizes"]["tokens"] == [62730, 23394]
    ap = {n: found["ap"][0] for n, found in kept["detection"].items()}
    capital, best = rare_tokens.SINGLE[0], max(ap, key=ap.get)
    assert best == rare_entities.LABELS
    assert all(ap[capital] > ap[n] for n in rare_tokens.UNLABELLED)
    tagger, empty = (kept["tags"][n] for n in ("tagger", "always O"))
    assert tagger["micro"][0] - empty["micro"][0] < 0.01
    assert tagger["entity"][0] < 0.2 and empty["entity"][0] == 0
    assert len(kept["new kind"]["by kind"]) == 6


# --- the reader's own corpus in CoNLL-2003's layout


def as_conll(folder, text, kinds=None):
    """Write the parts of a Text into a folder as `as_conll_2003` does, kinds renamed."""
    folder.mkdir(exist_ok=True)
    for part, name in (("train", "train"), ("dev", "testa"), ("test", "testb")):
        sentences = [
            [(w, f"{t[:2]}{(kinds or {}).get(t[2:], t[2:])}") for w, t in s]
            for s in getattr(text, part)
        ]
        sentences = [[(w, t if t[0] != "O" else "O") for w, t in s] for s in sentences]
        written = as_conll_2003(sentences)
        (folder / f"eng.{name}").write_text(written, encoding="utf-8")
    return str(folder)


def test_a_folder_in_the_layout_of_conll_2003_is_read_and_told_of(
    tmp_path, monkeypatch
):
    said = []
    monkeypatch.setattr(repro, "say", said.append)
    own = data.own_sentences(4, train=210, dev=15, test=40)
    text = lesson_19.text_of(0, as_conll(tmp_path / "conll2003", own))
    assert (text.train, text.dev, text.test) == (own.train, own.dev, own.test)
    lines = said[0].splitlines()
    assert "reads conll2003" in lines[0] and "tagged in IOB1" in lines[0]
    row = [c.strip() for c in lines[-1].strip("|").split("|")]
    tags = [t for s in own.test for _, t in s]
    assert row[:3] == ["test", "40", str(len(tags))]
    assert row[-1] == str(tags.count("B-SHIP")) and "SHIP" in lines[2]
    # every cell that reads the corpus, on this one
    corpus = rare_tokens.described(text)
    counts = by.redrawn(40, 20)
    found, precision = rare_entities.detection(corpus, counts, 0)
    assert lesson_19.best_without_labels(precision) in found
    ten, _ = lesson_19.ten_mentions(corpus, counts, 0, 3, True)
    assert new_kind.EPISODES[1] in ten and all(0 <= v[0] <= 1 for v in ten.values())


def test_a_folder_that_is_too_small_or_has_no_names_is_refused(tmp_path):
    small = data.own_sentences(4, train=30, dev=5, test=10)
    with pytest.raises(data.DataError, match="up to 200 sentences of train; a has 30"):
        lesson_19.text_of(0, as_conll(tmp_path / "a", small))
    own = data.own_sentences(4, train=200, dev=5, test=10)
    path = as_conll(tmp_path / "b", own)
    lines = (tmp_path / "b" / "eng.testb").read_text(encoding="utf-8").split("\n")
    plain = [line and line.rsplit(" ", 1)[0] + " O" for line in lines]
    (tmp_path / "b" / "eng.testb").write_text("\n".join(plain), encoding="utf-8")
    with pytest.raises(data.DataError, match="test of b has no name"):
        lesson_19.text_of(0, path)


def test_a_kind_that_is_too_rare_is_no_new_kind(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(repro, "say", said.append)
    own = data.own_sentences(4, train=210, dev=5, test=40)
    corpus = rare_tokens.described(own)
    able, unable = lesson_19.kinds_that_can_be_new(corpus, 3)
    assert able == new_kind.kinds_of(corpus.train) and not unable
    there = {k: sum(t.count(f"B-{k}") for t in corpus.train.tags) for k in able}
    count = there["SHIP"] + 1
    able, unable = lesson_19.kinds_that_can_be_new(corpus, count)
    assert "SHIP" not in able
    assert unable["SHIP"] == f"{there['SHIP']} mentions in train, {count} are needed"
    with pytest.raises(data.DataError, match="no kind of name can play the new one"):
        lesson_19.ten_mentions(corpus, None, 0, 10_000, True)
    two = {"PER": "LOC", "ORG": "LOC", "SHIP": "LOC"}  # LOC and MISC remain
    text = lesson_19.text_of(0, as_conll(tmp_path / "two", own, two))
    able, unable = lesson_19.kinds_that_can_be_new(rare_tokens.described(text), 3)
    assert not able and "2 are needed" in unable["LOC"]
