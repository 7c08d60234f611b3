"""Tables of tagged text: every tag as a rare class of its own, methods side by side, and
names counted in other ways.
"""

import numpy as np

from metaad import metrics, repro
from metaad.scores import by_sentence as by
from metaad.scores.tags import entities, entity_report, tag_f1

FIGURES = ("auroc", "ap", "micro", "names", "entity")
HEADS = ("AUROC", "AP", "F1, tokens", "F1 without O", "F1, entities")


def by_tag(part, answers, probabilities):
    """Return one row for each tag: {tag: (precision, recall, f1, tokens, auroc, ap)}.

    The last two take the tag for the anomaly and its probability for the score: they
    need no threshold. NaN where the test part has no such token.

    part : Part. answers : tags, lists of str. probabilities : {tag: float64 (n,)}."""
    true = np.array([t for tags in part.tags for t in tags])
    found = {}
    for tag in sorted(set(true) | set(probabilities), key=_order):
        p, r, f = tag_f1(part.tags, answers, [tag])
        y, score = (
            (true == tag).astype(int),
            probabilities.get(tag, np.zeros(len(true))),
        )
        known = 0 < y.sum() < len(y)
        ranked = metrics.auroc(y, score) if known else np.nan
        ap = metrics.average_precision(y, score) if known else np.nan
        found[tag] = p, r, f, int(y.sum()), ranked, ap
    return found


def _order(tag):
    """Kind by kind, B- first, O last."""
    mark, _, kind = tag.partition("-")
    return mark == "O", kind, mark


def tag_table(part, answers, probabilities):
    """Return the report of a tagger in Markdown: each tag, then what is made of them
    all, micro with and without O, macro and weighted, then whole entities.

    Arguments as `by_tag`."""
    rows = by_tag(part, answers, probabilities)
    n = np.array([row[3] for row in rows.values()], dtype=float)
    each = np.array([row[:3] for row in rows.values()])
    tags, inside = list(rows), [t for t in rows if t != "O"]
    total = int(n.sum())
    lines = [
        (tag, *_three(row[:3]), row[3], *_three(row[4:])) for tag, row in rows.items()
    ]
    sums = {
        "micro, all tags": tag_f1(part.tags, answers, tags),
        "micro without O": tag_f1(part.tags, answers, inside),
        "macro": each.mean(axis=0),
        "weighted": (each * n[:, None]).sum(axis=0) / total,
    }
    there = {"micro without O": total - rows["O"][3] if "O" in rows else total}
    lines += [
        (f"*{name}*", *_three(v), there.get(name, total), "", "")
        for name, v in sums.items()
    ]
    *whole, there = entity_report(part.tags, answers)[None]
    lines.append(("**entities**", *_three(whole), there, "", ""))
    head = ["", "precision", "recall", "F1", "there", "AUROC", "AP"]
    return repro.number_table(head, lines)


def _three(values):
    return ["–" if np.isnan(v) else f"{v:.3f}" for v in values]


def methods_table(found):
    """Return a table of methods from {method: {figure: Interval}}, intervals of AP and of
    entities written out, in Markdown.
    """
    rows = []
    for name, figures in found.items():
        cells = [
            str(figures[f]) if f in ("ap", "entity") else f"{figures[f].value:.3f}"
            for f in FIGURES
        ]
        rows.append([name, *cells])
    return repro.number_table(["", *HEADS], rows)


def strict_entities(tags):
    """Return the entities that begin with B- alone, {(start, end, kind)}: a name that
    begins with I- is thrown away, as some libraries do; the CoNLL script keeps it.
    """
    return {e for e in entities(tags) if tags[e[0]].startswith("B-")}


def strict_f1(true, predicted):
    """Return F1 of entities counted strictly: float in [0, 1]."""
    hits = given = there = 0
    for a, b in zip(true, predicted, strict=True):
        wanted, found = strict_entities(a), strict_entities(b)
        hits += len(wanted & found)
        given, there = given + len(found), there + len(wanted)
    return 2 * hits / max(given + there, 1)


def recall_redrawn(part, answers, seen, counts):
    """Return the recall of names that train knows and of new ones, and of their
    resamples: two arrays (1 + resamples,).

    A name is known if each of its words, small letters or capital, came in a name of
    train. seen : set of such words in small letters."""
    found = np.zeros((len(answers), 4))  # known: right, there; new: right, there
    for i, (sentence, given) in enumerate(zip(part.sentences, answers, strict=True)):
        answered = entities(given)
        for start, end, kind in entities([tag for _, tag in sentence]):
            new = any(word.lower() not in seen for word, _ in sentence[start:end])
            found[i, 2 * new : 2 * new + 2] += (start, end, kind) in answered, 1
    right_old, old, right_new, new = (counts @ found).T
    return by.ratio(right_old, old), by.ratio(right_new, new)


def words_in_names(part):
    """Return the words of all names of a Part, in small letters: a set."""
    return {t.lower() for s in part.sentences for t, tag in s if tag != "O"}


def always_o(part):
    """Return the answer "no name anywhere"."""
    return [["O"] * len(s) for s in part.sentences]
