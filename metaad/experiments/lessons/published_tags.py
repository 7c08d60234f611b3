"""A published table of tags, taken apart: what its own rows imply, and what no detector
at all would score.

The table gives precision, recall and the number of tokens for each tag of the test part
of CoNLL-2003 (English), 46,435 tokens, and a "micro average" of 0.973 that an article on
meta-learning for anomaly detection calls its F1. Numbers there have three digits, so
each may be off by half a thousandth."""

import collections

import numpy as np

from metaad.scores import entity_f1, tag_f1

# tag: (precision, recall, tokens)
REPORT = {
    "B-LOC": (0.926, 0.906, 1668),
    "I-LOC": (0.900, 0.805, 257),
    "B-MISC": (0.875, 0.856, 702),
    "I-MISC": (0.838, 0.782, 216),
    "B-ORG": (0.914, 0.898, 1661),
    "I-ORG": (0.911, 0.894, 835),
    "B-PER": (0.964, 0.957, 1617),
    "I-PER": (0.983, 0.980, 1156),
    "O": (0.993, 0.995, 38323),
}
PRINTED = 0.973
HALF = 0.0005


def micro_from_rows(report=REPORT, tags=None):
    """Return micro F1 as the rows of a report imply it, over some tags or all:
    (lowest, middle, highest), for all roundings of three digits.

    Hits of a tag are recall times its tokens; what was answered is hits / precision."""
    rows = [report[t] for t in (report if tags is None else tags)]
    ends = []
    for shift in (-HALF, 0.0, HALF):
        hits = sum((recall + shift) * n for _, recall, n in rows)
        answered = sum((r + shift) * n / (p + shift) for p, r, n in rows)
        # over all tags every token is answered once
        answered = sum(n for *_, n in rows) if tags is None else answered
        ends.append(2 * hits / (answered + sum(n for *_, n in rows)))
    return tuple(ends)


def ceiling_of_entities(report=REPORT):
    """Return the largest F1 of whole entities that a report allows: an entity is right
    only if its B- tag is, so the B- rows alone bound it.
    """
    return micro_from_rows(report, [t for t in report if t.startswith("B-")])[2]


def constant_answer(report=REPORT):
    """Return what "always the most frequent tag" scores: micro F1, macro F1, F1 of
    entities.
    """
    tokens = np.array([n for *_, n in report.values()])
    share = tokens.max() / tokens.sum()
    return share, 2 * share / (1 + share) / len(tokens), 0.0


def dictionary_tagger(sentences):
    """Return a function sentence -> tags that answers each known token's most frequent
    tag, and O for unknown ones.

    sentences : list of lists of (token, tag), to learn from."""
    seen = collections.defaultdict(collections.Counter)
    for sentence in sentences:
        for token, tag in sentence:
            seen[token][tag] += 1
    best = {token: max(sorted(c), key=c.get) for token, c in seen.items()}
    return lambda sentence: [best.get(token, "O") for token, *_ in sentence]


def on_a_corpus(text):
    """Return F1 by token and by entity of two taggers that understand nothing, on the
    test part of a `data.Text`: {name: {"token": …, "entity": …}}, and the share of O.
    """
    true = [[tag for _, tag in sentence] for sentence in text.test]
    answers = {
        "always O": [["O"] * len(s) for s in text.test],
        "a dictionary": [*map(dictionary_tagger(text.train), text.test)],
    }
    found = {
        name: {"token": tag_f1(true, given)[2], "entity": entity_f1(true, given)[2]}
        for name, given in answers.items()
    }
    tags = [t for sentence in true for t in sentence]
    return found, tags.count("O") / len(tags)
