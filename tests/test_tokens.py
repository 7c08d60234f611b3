"""Features of tokens, surprise of words, figures with intervals over sentences, and what
the CoNLL script counts.
"""

import numpy as np
import pytest

from metaad import data, metrics, scores
from metaad.scores import by_sentence as by
from metaad.tasks.entities import MentionTasks, some_mentions
from metaad.tasks.tokens import OWN, TokenFeatures, shape

TRAIN = [["Ann", "met", "Bob", "."], ["The", "cat", "met", "NASA", "."]]


# --- features


def test_numbers_of_a_token_by_hand():
    features = TokenFeatures().fit(TRAIN)
    X = features.transform([["Zed", "met", "K-9", "@bo", "."]])
    assert X.shape == (5, len(features.columns_)) and X.dtype == np.float64
    of = {name: X[:, features.columns_.index(name)] for name in OWN}
    assert of["length"] == pytest.approx(np.log1p([3, 3, 3, 3, 1]))
    assert of["capital"].tolist() == [1, 0, 1, 0, 0]
    assert of["capital_inside"].tolist() == [0, 0, 1, 0, 0]
    assert of["digits"] == pytest.approx([0, 0, 1 / 3, 0, 0])
    assert of["mark"].tolist() == [0, 0, 0, 0, 1]
    assert of["handle"].tolist() == [0, 0, 0, 1, 0]
    assert of["joined"].tolist() == [0, 0, 1, 0, 0]
    assert of["first"].tolist() == [1, 0, 0, 0, 0]
    # nine tokens in fit: "met" came twice, "Zed" never
    assert of["rare"][:2] == pytest.approx(-np.log([0.5 / 10, 2.5 / 10]))
    before = X[:, features.columns_.index("capital before")]
    after = X[:, features.columns_.index("capital after")]
    assert before.tolist() == [0, 1, 0, 1, 0] and after.tolist() == [0, 1, 0, 0, 0]


def test_a_word_that_is_written_large_inside_sentences_has_the_habit():
    features = TokenFeatures().fit(TRAIN)
    at = features.columns_.index("capital_habit")
    assert features.transform([["a", "bob", "cat"]])[:, at] == pytest.approx(
        [0, 0.5, 0]
    )


def test_in_training_a_token_is_counted_without_itself():
    features = TokenFeatures()
    X = features.fit_transform(TRAIN)
    rare = X[:, features.columns_.index("rare")]
    unseen = -np.log(0.5 / 10)
    assert rare[0] == pytest.approx(unseen)  # Ann comes once, so without itself never
    assert rare[1] == pytest.approx(-np.log(1.5 / 10))  # met comes once more
    habit = X[:, features.columns_.index("capital_habit")]
    assert habit[TRAIN[0].index("Bob")] == 0
    new = TokenFeatures().fit(TRAIN).transform(TRAIN)
    same = [
        i
        for i, c in enumerate(features.columns_)
        if "rare" not in c and "habit" not in c
    ]
    assert np.array_equal(X[:, same], new[:, same])


def test_tags_are_not_looked_at_and_sentences_do_not_leak_into_each_other():
    tagged = [[(t, "B-X") for t in s] for s in TRAIN]
    a, b = TokenFeatures(), TokenFeatures()
    assert np.array_equal(a.fit_transform(TRAIN), b.fit_transform(tagged))
    alone = np.vstack([a.transform([s]) for s in TRAIN])
    assert np.array_equal(a.transform(TRAIN), alone)
    strings = a.strings(TRAIN)
    assert strings.shape == (9, 2**15) and set(strings.data) == {1.0}
    assert (strings[:4] != a.strings(TRAIN[:1])).nnz == 0


def test_no_token_is_refused():
    with pytest.raises(ValueError, match="sentences with tokens"):
        TokenFeatures().fit([[]])


@pytest.mark.parametrize(
    ("token", "wanted"),
    [
        ("Ruth", "Xx"),
        ("NASA", "X"),
        ("K-17", "X-d"),
        ("iPhone4s", "xXxdx"),
        ("...", "."),
    ],
)
def test_shapes_by_hand(token, wanted):
    assert shape(token) == wanted


# --- surprise


def test_letters_by_hand():
    """After 'aab' with no context: a twice, b once, the end once; 3 kinds of 4 letters."""
    model = scores.CharacterModel(order=0).fit(["aab"])
    floor = 1 / 4  # two letters, the end, and room for one more

    def p(count):
        return (count + 3 * floor) / (4 + 3)

    wanted = -np.log([p(2), p(1)]).mean()
    assert model.surprise(["a"]) == pytest.approx([wanted])
    assert model.surprise(["z"])[0] == pytest.approx(-np.log([p(0), p(1)]).mean())


@pytest.mark.parametrize("order", [0, 1, 3])
def test_letters_after_any_context_have_probabilities_that_sum_to_one(order):
    model = scores.CharacterModel(order).fit(["banana", "bandana", "cab"])
    letters = [*"abcdn", "\x03", "unseen"]  # all seen ones, and the room for others
    for context in ("\x02" * order, "ban"[:order], "zzz"[:order]):
        total = sum(
            model.mixture_.probability(context, letter, 1 / 7) for letter in letters
        )
        assert total == pytest.approx(1.0)


def test_a_word_that_comes_after_another_is_expected_there():
    model = scores.ContextModel().fit(
        [["New", "York"], ["New", "York"], ["a", "new", "day"]]
    )
    york, day, odd = (model.surprise([["new", w]])[1] for w in ("York", "day", "zebra"))
    assert york < day < odd
    assert len(model.surprise([["a"], ["b", "c"]])) == 3


def test_strange_letters_are_more_surprising_than_common_ones():
    text = data.own_sentences(0, train=200, dev=1, test=1)
    model = scores.CharacterModel().fit([t.lower() for s in text.train for t, _ in s])
    usual, odd = model.surprise(["harbour", "xqzzkv"])
    assert odd > usual + 1


# --- figures over sentences


@pytest.mark.parametrize("seed", range(4))
def test_the_first_row_is_the_sample_and_the_rest_are_its_resamples(seed):
    rng = np.random.default_rng(seed)
    sentence = np.repeat(np.arange(12), rng.integers(2, 6, 12))
    y = (rng.random(len(sentence)) < 0.4).astype(int)
    y[:2] = 0, 1
    values = rng.integers(0, 5, len(y)) / 7  # many ties
    counts = by.redrawn(12, 20, seed)
    assert counts.shape == (21, 12) and (counts.sum(axis=1) == 12).all()
    auroc = by.auroc_redrawn(y, values, sentence, counts)
    ap = by.precision_redrawn(y, values, sentence, counts)
    for k, row in enumerate(counts):
        rows = np.repeat(np.arange(len(y)), row[sentence].astype(int))
        if len(set(y[rows])) == 1:
            continue
        assert auroc[k] == pytest.approx(metrics.auroc(y[rows], values[rows]))
        wanted = metrics.average_precision(y[rows], values[rows])
        assert ap[k] == pytest.approx(wanted)


def test_blocks_of_resamples_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    y, values = np.tile([0, 1], 20), rng.random(40)
    sentence, counts = np.repeat(np.arange(10), 4), by.redrawn(10, 30)
    whole = by.precision_redrawn(y, values, sentence, counts)
    monkeypatch.setattr(by, "CHUNK", 90)
    assert np.array_equal(whole, by.precision_redrawn(y, values, sentence, counts))


def test_f1_of_resamples_is_that_of_the_pooled_counts():
    found = np.array([[1, 2, 1], [0, 0, 3], [2, 2, 2]])
    counts = np.array([[1.0, 1, 1], [2, 0, 1], [0, 1, 0]])
    assert by.f1_redrawn(found, counts) == pytest.approx([6 / 10, 8 / 10, 0])


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    rng, held = np.random.default_rng(0), 0
    for seed in range(120):
        right = rng.random((80, 1)) < rng.beta(2, 2, (80, 1))
        found = np.hstack([right, np.ones((80, 2))])
        got = by.interval(by.f1_redrawn(found, by.redrawn(80, 200, seed)))
        held += got.low <= 0.5 <= got.high
    assert 0.88 <= held / 120 <= 0.99


def test_resamples_without_any_case_are_left_out_and_none_at_all_is_refused():
    got = by.interval(np.array([0.5, np.nan, 0.4, 0.6]))
    assert got.n == 2 and got.value == 0.5 and 0.4 <= got.low < got.high <= 0.6
    with pytest.raises(ValueError, match="resamples"):
        by.interval(np.array([0.5, np.nan]))


# --- what the CoNLL script counts


def script(true, predicted):
    """The shared task's way: two questions at each step, does a chunk end, does one
    begin, of the tag before and the tag here; written from its description.
    """

    def ends(was, now):
        if was[0] == "O":
            return False
        return now[0] in "BO" or was[1] != now[1]

    def begins(was, now):
        return now[0] == "B" or now[0] == "I" and (was[0] == "O" or was[1] != now[1])

    right = given = there = 0
    for a, b in zip(true, predicted, strict=True):
        open_right, last = False, (("O", ""), ("O", ""))
        for x, y in zip([*a, "O"], [*b, "O"], strict=True):
            now = tuple((t[0], t[2:]) for t in (x, y))
            over = [ends(w, n) for w, n in zip(last, now, strict=True)]
            new = [begins(w, n) for w, n in zip(last, now, strict=True)]
            if open_right:
                if all(over) and last[0][1] == last[1][1]:
                    right += 1
                    open_right = False
                elif over[0] != over[1] or now[0][1] != now[1][1]:
                    open_right = False
            if all(new) and now[0][1] == now[1][1]:
                open_right = True
            there, given, last = there + new[0], given + new[1], now
    return right, given, there


@pytest.mark.parametrize("seed", range(20))
def test_counts_are_those_of_the_shared_tasks_script_broken_sequences_too(seed):
    rng = np.random.default_rng(seed)
    tags = ["O", "B-A", "I-A", "B-B", "I-B"]
    true, predicted = (
        [list(rng.choice(tags, 12)) for _ in range(15)] for _ in range(2)
    )
    predicted = [
        [t if rng.random() < 0.7 else p for t, p in zip(a, b, strict=True)]
        for a, b in zip(true, predicted, strict=True)
    ]
    ours = scores.entity_counts(true, predicted).sum(axis=0)
    assert tuple(ours) == script(true, predicted)
    p, r, f, there = scores.entity_report(true, predicted)[None]
    assert (p, r, f) == scores.entity_f1(true, predicted) and there == ours[2]


@pytest.mark.parametrize(
    ("true", "given", "hits"),
    [
        ("B-A I-A O", "I-A I-A O", 1),  # I- after O begins: IOB1 or broken, it counts
        ("B-A B-B O", "B-A I-B O", 2),  # the kind changes inside: a new one begins
        ("B-A I-A O", "B-A B-A O", 0),  # two where one is
        ("B-A B-A O", "B-A I-A O", 0),  # one where two are
        ("B-A I-A O", "B-A O I-A", 0),
        ("I-A B-A O", "B-A B-A O", 2),  # IOB1 against IOB2
    ],
)
def test_hits_by_hand(true, given, hits):
    counts = scores.entity_counts([true.split()], [given.split()])
    assert counts.shape == (1, 3) and counts[0, 0] == hits


def test_a_report_has_each_kind_and_all_of_them():
    true = [["B-A", "O", "B-B", "I-B"], ["B-A", "O", "O"]]
    given = [["B-A", "O", "B-B", "O"], ["O", "O", "B-C"]]
    report = scores.entity_report(true, given)
    assert list(report) == ["A", "B", "C", None]
    assert report["A"] == (1.0, 0.5, pytest.approx(2 / 3), 2)
    assert report["B"][:3] == (0, 0, 0) and report["C"][3] == 0
    assert report[None] == (
        pytest.approx(1 / 3),
        pytest.approx(1 / 3),
        *(pytest.approx(1 / 3), 3),
    )
    of_a = scores.entity_counts(true, given, "A")
    assert of_a.tolist() == [[1, 1, 1], [0, 0, 1]]


# --- tasks of mentions


def tagged(text):
    return [[tuple(t.split("/")) for t in line.split()] for line in text.splitlines()]


CORPUS = tagged("""Ann/B-P came/O
to/O Old/B-L Rome/I-L with/O Bo/B-P
No/O name/O
Cy/B-P saw/O Di/B-P""")


def test_mentions_come_with_their_sentences_and_nothing_else():
    found = some_mentions(CORPUS, "L", 1)
    assert found.rows.tolist() == [2, 3, 4, 5, 6] and found.y.tolist() == [
        0,
        1,
        1,
        0,
        0,
    ]
    every = some_mentions(CORPUS, "P", 4)
    assert sorted(every.rows) == [0, 1, 2, 3, 4, 5, 6, 9, 10, 11] and every.y.sum() == 4
    with pytest.raises(
        ValueError, match="5 mentions of 'P' are asked for, and there are 4"
    ):
        some_mentions(CORPUS, "P", 5)


def test_tasks_of_mentions_mark_tokens_of_their_kind():
    classes = np.repeat([0, 1, 2, 3], [50, 30, 30, 4])
    X = np.c_[classes, np.arange(len(classes))].astype(float)
    tasks = MentionTasks(X, classes, k=3, others=8, n_query=5, n_others=6)
    assert tasks.kinds == [1, 2] and tasks.n_features == 2
    task = tasks.sample(4, 0)
    assert sorted(task.normal.tolist()) == [1, 1, 2, 2]
    assert task.support.shape == (4, 11, 2) and task.query.shape == (4, 11, 2)
    for rows, y in ((task.support, task.support_y), (task.query, task.y)):
        own = rows[..., 0].numpy() == task.normal[:, None]
        assert np.array_equal(own, y.numpy() == 1)
    for i in range(4):
        members = task.support[i, :3, 1].tolist() + task.query[i, :5, 1].tolist()
        assert len(set(members)) == 8
    again = tasks.sample(4, 0)
    assert (again.query == task.query).all()


def test_tasks_need_two_kinds_and_one_class_per_row():
    X = np.zeros((60, 2))
    with pytest.raises(ValueError, match="two kinds or more with 20 rows"):
        MentionTasks(X, np.repeat([0, 1], 30))
    with pytest.raises(ValueError, match="one number for each of 60 rows"):
        MentionTasks(X, np.zeros(5))
