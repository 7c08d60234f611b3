"""What the first two exercises of lesson 19 compute: right answers, inputs, and wrong answers that
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
    (["I-PER", "O", "I-PER"],),  # the last token does not stand before the first
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


def wraps_round(tags):
    before = [tags[-1], *tags[:-1]]
    pairs = zip(before, tags, strict=True)
    return np.array([t != "O" and (t[0] == "B" or b[2:] != t[2:]) for b, t in pairs])


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
    (set(), set()),
    ({(0, 2, "PER"), (3, 4, "PER"), (5, 6, "LOC")}, {(0, 2, "LOC"), (3, 4, "PER")}),
)


def _matched(true, given, same):
    hits = sum(any(same(t, g) for t in true) for g in given)
    return 2 * hits / (len(true) + len(given)) if true or given else 0.0


def no_names_at_all(true, given):
    return 2 * len(true & given) / (len(true) + len(given))


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
