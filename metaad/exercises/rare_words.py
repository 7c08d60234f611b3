"""What the last three exercises of lesson 19 compute: words counted, flags turned into
names, a figure chosen; right answers, inputs, and wrong answers that are easy to give.
"""

import numpy as np

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
