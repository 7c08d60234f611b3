"""What the exercises of lesson 19 compute: right answers, inputs, and wrong answers that
are easy to give.
"""

import numpy as np

KINDS = ("LOC", "PER")

# --- 1: IOB1 to IOB2


def to_iob2(tags):
    found, before = [], "O"
    for tag in tags:
        goes_on = before != "O" and before[2:] == tag[2:]
        starts = tag[0] == "I" and not goes_on
        found.append("B" + tag[1:] if starts else tag)
        before = tag
    return found


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
    return ["B" + t[1:] if t != "O" else t for t in tags]


def after_o_alone(tags):
    before = ["O", *tags]
    return ["B" + t[1:] if b == "O" and t != "O" else t for b, t in zip(before, tags)]  # noqa: B905


def not_the_first(tags):
    return [tags[0], *to_iob2(["O", *tags[1:]])[1:]] if tags else []


def touching_joined(tags):
    found, before = [], "O"
    for tag in tags:
        same = before != "O" and before[2:] == tag[2:]
        mark = "I" if same else "B"
        found.append(tag if tag == "O" else mark + tag[1:])
        before = tag
    return found


def nothing_to_do(tags):
    return list(tags)


def compares_marks_too(tags):
    before = ["O", *tags]
    return ["B" + t[1:] if t != "O" and b != t else t for b, t in zip(before, tags)]  # noqa: B905


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
        elif chance < 0.6:
            given.append((start, end + 1, kind))
        elif chance < 0.8:
            given.append((start, end, KINDS[1 - KINDS.index(kind)]))
    given.append((90, 92, "PER"))
    return set(true), set(given)


NAME_EDGES = (
    ({(0, 2, "PER")}, {(0, 1, "PER")}),
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


def runs(flags, sentence):
    found, start = [], None
    for i, flag in enumerate(flags):
        begins = i == 0 or sentence[i] != sentence[i - 1]
        if start is not None and (not flag or begins):
            found.append((start, i))
            start = None
        if flag and start is None:
            start = i
    if start is not None:
        found.append((start, len(flags)))
    return found


def flagged_tokens(rng):
    sizes = rng.integers(2, 6, int(rng.integers(3, 6)))
    sentence = np.repeat(np.arange(len(sizes)), sizes)
    return rng.random(len(sentence)) < 0.6, sentence


FLAG_EDGES = (
    (np.array([True, True, True, False, True]), np.array([0, 0, 1, 1, 1])),
    (np.array([False, False]), np.array([0, 1])),
)


def across_sentences(flags, sentence):
    return runs(flags, np.zeros(len(flags), int))


def one_token_each(flags, sentence):
    return [(int(i), int(i) + 1) for i in np.flatnonzero(flags)]


def last_included(flags, sentence):
    return [(a, b - 1) for a, b in runs(flags, sentence)]


def last_run_lost(flags, sentence):
    return [(a, b) for a, b in runs(flags, sentence) if b < len(flags)]


def starts_only(flags, sentence):
    return [a for a, _ in runs(flags, sentence)]


def one_per_sentence(flags, sentence):
    found = []
    for s in np.unique(sentence):
        at = np.flatnonzero(np.asarray(flags) & (sentence == s))
        if len(at):
            found.append((int(at[0]), int(at[-1]) + 1))
    return found


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
