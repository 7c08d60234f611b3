"""What the exercises of lesson 19 compute: right answers, inputs, and wrong answers that
are easy to give.
"""

import numpy as np

KINDS = ("LOC", "PER")

# --- 1: where a name begins


def name_begins(tags):
    before = ["O", *tags]
    return np.array(
        [
            t != "O" and (t[0] == "B" or b == "O" or b[2:] != t[2:])
            for b, t in zip(before, tags)  # noqa: B905
        ]
    )


def iob1(rng):
    """Draw the tags of a sentence in IOB1, names that touch among them."""
    tags = []
    while len(tags) < 12:
        if rng.random() < 0.4:
            tags.append("O")
            continue
        kind = KINDS[int(rng.integers(2))]
        touches = bool(tags) and tags[-1] != "O" and tags[-1][2:] == kind
        size = int(rng.integers(1, 4))
        tags += ["B-" + kind if touches else "I-" + kind, *["I-" + kind] * (size - 1)]
    return (tags,)


IOB1_EDGES = (
    (["I-PER", "I-PER", "B-PER", "I-PER", "I-LOC", "O", "I-LOC"],),
    (["O", "O"],),
)


def every_begins(tags):
    return np.array([t != "O" for t in tags])


def after_o_alone(tags):
    before = ["O", *tags]
    return np.array(
        [
            t != "O" and (t[0] == "B" or b == "O")
            for b, t in zip(before, tags, strict=False)
        ]
    )


def not_the_first(tags):
    found = name_begins(tags)
    found[0] = False
    return found


def touching_joined(tags):
    before = ["O", *tags]
    return np.array([t != "O" and b[2:] != t[2:] for b, t in zip(before, tags)])  # noqa: B905


def b_alone(tags):
    return np.array([t[0] == "B" for t in tags])


def compares_marks_too(tags):
    before = ["O", *tags]
    return np.array(
        [
            t != "O" and (t[0] == "B" or b != t)
            for b, t in zip(before, tags, strict=False)
        ]
    )


# --- 2: F1 of names


def name_f1(true, given):
    hits = len(true & given)
    return 2 * hits / (len(true) + len(given)) if true or given else 0.0


def names(rng):
    """Draw two sets of (start, end, kind) that share some, and nearly share others."""

    def draw(n):
        starts = np.cumsum(rng.integers(3, 6, n))
        return [
            (int(s), int(s + rng.integers(1, 4)), KINDS[int(rng.integers(2))])
            for s in starts
        ]

    true = draw(int(rng.integers(4, 8)))
    given = []
    for start, end, kind in true:
        chance = rng.random()
        if chance < 0.4:
            given.append((start, end, kind))
        elif chance < 0.55:
            given.append((start, end + 1, kind))
        elif chance < 0.7:
            given.append((start - 1, end, kind))
        elif chance < 0.8:
            given.append((start, end, KINDS[1 - KINDS.index(kind)]))
    given.append((90, 92, "PER"))
    return set(true), set(given)


NAME_EDGES = (
    ({(0, 2, "PER")}, {(0, 1, "PER")}),
    ({(0, 3, "PER")}, {(1, 3, "PER")}),
    ({(0, 2, "PER"), (4, 5, "LOC")}, {(0, 2, "PER")}),
    ({(0, 2, "PER")}, set()),
    ({(0, 2, "PER"), (3, 4, "PER"), (5, 6, "LOC")}, {(0, 2, "LOC"), (3, 4, "PER")}),
)


def _matched(true, given, same):
    hits = sum(any(same(t, g) for t in true) for g in given)
    return 2 * hits / (len(true) + len(given)) if true or given else 0.0


def starts_alone(true, given):
    return _matched(true, given, lambda t, g: t[0] == g[0] and t[2] == g[2])


def kinds_left_out(true, given):
    return _matched(true, given, lambda t, g: t[:2] == g[:2])


def overlap_is_enough(true, given):
    def same(t, g):
        return t[2] == g[2] and t[0] < g[1] and g[0] < t[1]

    return _matched(true, given, same)


def jaccard(true, given):
    return len(true & given) / len(true | given) if true or given else 0.0


def precision_alone(true, given):
    return len(true & given) / len(given) if given else 0.0


def recall_alone(true, given):
    return len(true & given) / len(true) if true else 0.0


def plain_mean(true, given):
    return (precision_alone(true, given) + recall_alone(true, given)) / 2


# --- 3: rarity without the token itself


def others_alike(tokens):
    low = [t.lower() for t in tokens]
    return np.array([low.count(t) - 1 for t in low])


def some_tokens(rng):
    stock = ["the", "The", "Ann", "met", "MET", "Bob", ".", "boat", "Boat", "tin"]
    size = int(rng.integers(12, 25))
    return ([stock[int(i)] for i in rng.integers(0, len(stock), size)],)


TOKEN_EDGES = ((["The", "the", "Ann"],),)


def with_itself(tokens):
    return others_alike(tokens) + 1


def as_written(tokens):
    return np.array([tokens.count(t) - 1 for t in tokens])


def those_before(tokens):
    low = [t.lower() for t in tokens]
    return np.array([low[:i].count(t) for i, t in enumerate(low)])


def share_of_all(tokens):
    return others_alike(tokens) / len(tokens)


def seen_or_not(tokens):
    return (others_alike(tokens) > 0).astype(int)


def as_logarithm(tokens):
    return np.log1p(others_alike(tokens))


# --- 4: from flags to names


def name_numbers(flags, sentence):
    found, count = np.zeros(len(flags), int), 0
    for i, flag in enumerate(flags):
        goes_on = i and flags[i - 1] and sentence[i] == sentence[i - 1]
        count += bool(flag) and not goes_on
        found[i] = count if flag else 0
    return found


def flagged_tokens(rng):
    sizes = rng.integers(2, 6, int(rng.integers(3, 6)))
    sentence = np.repeat(np.arange(len(sizes)), sizes)
    return rng.random(len(sentence)) < 0.6, sentence


FLAG_EDGES = (
    (np.array([True, True, True, False, True]), np.array([0, 0, 1, 1, 1])),
    (np.zeros(6, dtype=bool), np.repeat([0, 1], 3)),
)


def across_sentences(flags, sentence):
    return name_numbers(flags, np.zeros(len(flags), int))


def one_token_each(flags, sentence):
    return np.cumsum(flags) * np.asarray(flags)


def one_per_sentence(flags, sentence):
    have = np.unique(sentence[flags])
    return np.array(
        [
            1 + list(have).index(s) if f else 0
            for f, s in zip(flags, sentence, strict=False)
        ]
    )


def new_in_each_sentence(flags, sentence):
    parts = [
        name_numbers(flags[sentence == s], sentence[sentence == s])
        for s in np.unique(sentence)
    ]
    return np.concatenate(parts)


def from_zero(flags, sentence):
    return name_numbers(flags, sentence) - 1


def begins_alone(flags, sentence):
    found = name_numbers(flags, sentence)
    return found * (np.diff(found, prepend=0) > 0)


# --- 5: the figure that may be printed


def honest_figure(dev, test):
    return float(test[np.argmax(dev)])


def two_parts(rng):
    skill = rng.uniform(0.1, 0.5, int(rng.integers(4, 9)))
    dev, test = (skill + rng.normal(0, 0.15, len(skill)) for _ in range(2))
    return dev, test


PART_EDGES = ((np.array([0.5, 0.4, 0.3]), np.array([0.2, 0.6, 0.3])),)


def best_on_test(dev, test):
    return float(np.max(test))


def best_on_dev(dev, test):
    return float(np.max(dev))


def mean_of_test(dev, test):
    return float(np.mean(test))


def which_one(dev, test):
    return int(np.argmax(dev))


def best_of_both(dev, test):
    return float(test[np.argmax((dev + test) / 2)])


def mean_of_parts(dev, test):
    k = np.argmax(dev)
    return float((dev[k] + test[k]) / 2)


def worst_on_dev(dev, test):
    return float(test[np.argmin(dev)])
