"""F1 of tags: scikit-learn's numbers by token, entities worked out by hand, and why micro
F1 over all tags is accuracy.
"""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from metaad.scores import (
    entities,
    entity_f1,
    pixel_errors,
    reconstruction_error,
    tag_f1,
)

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def draw(seed, n=60):
    rng = np.random.default_rng(seed)
    return [list(rng.choice(TAGS, n, p=[0.6, 0.1, 0.1, 0.1, 0.1])) for _ in range(2)]


@pytest.mark.parametrize("seed", range(6))
def test_micro_f1_over_all_tags_is_accuracy(seed):
    """Every token has one tag and is given one: a wrong one is one false positive and
    one false negative."""
    true, predicted = draw(seed)
    accuracy = np.mean([t == p for t, p in zip(true, predicted, strict=True)])
    assert tag_f1(true, predicted) == pytest.approx((accuracy,) * 3)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tags", [["B-PER"], TAGS[1:], TAGS])
def test_any_choice_of_tags_gives_scikit_learns_micro_f1(seed, tags):
    true, predicted = draw(seed)
    theirs = f1_score(true, predicted, labels=tags, average="micro")
    assert tag_f1(true, predicted, tags)[2] == pytest.approx(theirs)


def test_the_majority_tag_alone_finds_no_entity():
    true = ["O"] * 8 + ["B-PER", "I-PER"]
    constant = ["O"] * 10
    assert tag_f1(true, constant)[2] == 0.8
    assert tag_f1(true, constant, TAGS[1:])[2] == entity_f1(true, constant)[2] == 0


def test_entities_by_hand():
    tags = ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "I-PER", "I-PER", "O", "I-LOC"]
    assert entities(tags) == {
        *((0, 2, "PER"), (3, 4, "LOC"), (4, 5, "LOC")),
        *((5, 7, "PER"), (8, 9, "LOC")),  # an I- tag without a beginning begins one
    }
    assert entities([]) == entities(["O", "O"]) == set()
    assert entities(["B-A", "I-A"]) == {(0, 2, "A")}


def test_an_entity_counts_only_as_a_whole():
    true = ["B-PER", "I-PER", "O", "B-LOC", "O", "B-PER"]
    predicted = ["B-PER", "O", "O", "B-LOC", "O", "B-LOC"]
    # 4 of 6 tokens; of 3 entities one is right, one too short, one of a wrong kind
    assert tag_f1(true, predicted)[2] == pytest.approx(4 / 6)
    assert entity_f1(true, predicted) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_sentences_end_entities_and_counts_are_pooled():
    true = [["B-PER"], ["I-PER", "O"]]
    assert entity_f1(true, true) == (1, 1, 1)
    assert entity_f1(true, [["B-PER"], ["O", "O"]]) == pytest.approx((1, 0.5, 2 / 3))
    assert entity_f1([t for s in true for t in s], ["B-PER", "I-PER", "O"])[0] == 1


@pytest.mark.parametrize("seed", range(10))
def test_no_more_entities_are_right_than_beginnings(seed):
    """In well-formed tags an entity that is right has its B- tag right, so the recall of
    entities is at most that of B- tags."""
    rng = np.random.default_rng(seed)

    def sentence():
        tags = []
        while len(tags) < 40:
            kind = rng.choice(["PER", "LOC"])
            tags += ["O"] * rng.integers(0, 3)
            tags += [f"B-{kind}"] + [f"I-{kind}"] * rng.integers(0, 3)
        return tags[:40]

    true, predicted = sentence(), sentence()
    begins = tag_f1(true, predicted, ["B-PER", "B-LOC"])
    found = entity_f1(true, predicted)
    assert all(a <= b + 1e-12 for a, b in zip(found, begins, strict=True))


def test_wrong_tags_are_named():
    with pytest.raises(ValueError, match="O, B-kind or I-kind, got 'PER'"):
        entities(["PER"])
    with pytest.raises(ValueError, match="got 'O-PER'"):
        entities(["O-PER"])
    with pytest.raises(ValueError, match="the same tokens, got 1 with 2 .* 1 with 3"):
        entity_f1(["O", "O"], ["O", "O", "O"])


def test_the_mean_over_pixels_is_the_error_of_the_row():
    rng = np.random.default_rng(0)
    x, rebuilt = rng.random((2, 5, 4, 3))
    errors = pixel_errors(x, rebuilt)
    assert errors.shape == x.shape and (errors >= 0).all()
    np.testing.assert_allclose(
        errors.mean(axis=(1, 2)), reconstruction_error(x, rebuilt)
    )
    assert pixel_errors(x, x).max() == 0
    with pytest.raises(ValueError, match="the same shape"):
        pixel_errors(x, rebuilt[0])
