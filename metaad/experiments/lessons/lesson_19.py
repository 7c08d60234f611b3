"""What lesson 19 runs: a corpus by its parameters, sentences to look at, tables."""

import numpy as np

from metaad import data, metrics, repro
from metaad.experiments.text import new_kind, rare_entities, rare_tokens

SHORT = 48  # characters of a sentence that is shown
LEAST = 200  # sentences of train
OFTEN = 25  # tokens of a kind that is studied


def text_of(seed, conll_path=""):
    """Return the Text that a run reads: own sentences, or those of a folder, and say
    then what is in it.

    Raises DataError for a folder that can't be read, or is too small for the lesson."""
    if not conll_path:
        return data.own_sentences(seed)
    text = data.conll_folder(conll_path)
    if len(text.train) < LEAST:
        raise data.DataError(
            f"the lesson labels up to {LEAST} sentences of train; {text.name} has "
            f"{len(text.train):,}. Bring a larger corpus, or leave conll_path out."
        )
    for part in ("train", "test"):
        if not any(tag != "O" for s in getattr(text, part) for _, tag in s):
            raise data.DataError(f"{part} of {text.name} has no name: every tag is O.")
    repro.say(told(text))
    return text


def told(text):
    """Say what a Text holds, in Markdown: a line for each part and a column for each
    kind of name, with its mentions."""
    parts = {part: getattr(text, part) for part in ("train", "dev", "test")}
    tags = {p: [t for s in of for _, t in s] for p, of in parts.items()}
    kinds = sorted({t[2:] for t in tags["train"] if t != "O"})
    lines = []
    for part, of in parts.items():
        share = np.mean([t != "O" for t in tags[part]])
        counts = [f"{tags[part].count(f'B-{kind}'):,}" for kind in kinds]
        lines.append(
            [part, f"{len(of):,}", f"{len(tags[part]):,}", f"{share:.3f}", *counts]
        )
    head = ["part", "sentences", "tokens", "share in names", *kinds]
    return (
        f"**This run reads {text.name}** ({text.source}). The text of the lesson speaks of "
        f"the invented coast; its findings are shown and not judged. Names:\n\n"
        + repro.number_table(head, lines)
    )


def examples(corpus, scores, count=4):
    """Choose short test sentences with names, and give each token its place among all.

    scores : {method: float64 (n,)}. Returns {method: sentences}, as
    `plots.tokens.sentences` takes them."""
    test, panels = corpus.test, {}
    short = [
        i
        for i, s in enumerate(test.sentences)
        if len(s) >= 5
        and sum(len(t) + 1 for t, _ in s) <= SHORT
        and any(tag != "O" for _, tag in s)
    ][:count]
    for name, values in scores.items():
        places = metrics.share_below(values, values)
        panels[name] = []
        for i in short:
            rows = np.flatnonzero(test.sentence == i)
            told = zip(test.sentences[i], places[rows], strict=True)
            panels[name].append([(t, tag != "O", float(p)) for (t, tag), p in told])
    return panels


def schemes(sentence="Ann Lee met Bo in New York ."):
    """Return a table of one sentence in three schemes, in Markdown."""
    rows = {
        "IOB1": "I-PER I-PER O I-PER O I-LOC I-LOC O",
        "IOB2": "B-PER I-PER O B-PER O B-LOC I-LOC O",
        "BIOES": "B-PER E-PER O S-PER O B-LOC E-LOC O",
    }
    lines = [[name, *tags.split()] for name, tags in rows.items()]
    return repro.markdown_table(["", *sentence.split()], lines)


def broken():
    """Return pairs (true, given) of tags of one sentence, each with what is wrong:
    dict name -> (list of str, list of str).
    """
    told = {
        "I- after O": ("B-PER I-PER O O", "I-PER I-PER O O"),
        "the kind changes inside": ("B-ORG I-ORG I-ORG O", "B-ORG I-LOC I-LOC O"),
        "one token missing": ("B-PER I-PER O O", "B-PER O O O"),
        "two names become one": ("B-PER B-PER O O", "B-PER I-PER O O"),
    }
    return {n: (a.split(), b.split()) for n, (a, b) in told.items()}


def of_record(kept, *path):
    """Return an entry of a record as an Interval: [value, low, high] of n resamples."""
    for name in path:
        kept = kept[name]
    return metrics.Interval(*kept, n=rare_entities.RESAMPLES)


def compared(kept):
    """Return the differences of a record that the findings judge: dict of Interval."""
    best = "the best detector without labels minus a capital inside"
    minus = "new kind", "MAML minus"
    return {
        "no label": of_record(kept, "differences", best),
        "against all": of_record(kept, *minus, new_kind.PLAIN[1]),
        "finder": of_record(kept, *minus, new_kind.AS_IT_IS),
        "recall": of_record(kept, "tags", "recall", "known minus new"),
    }


def read_methods(kept):
    """Turn the detection part of a record into {method: {figure: Interval}}."""
    return {
        name: {figure: of_record(found, figure) for figure in found}
        for name, found in kept["detection"].items()
    }


def read_new_kind(kept):
    """Turn the AP of a new kind in a record into {method: Interval}, best first."""
    found = {
        name: of_record(kept, "new kind", "ap", name) for name in kept["new kind"]["ap"]
    }
    order = metrics.best_first([v.value for v in found.values()])
    return {list(found)[i]: list(found.values())[i] for i in order}


def wnut17(full):
    """Return what is known of WNUT-17: measured now, or read from the record."""
    if full:
        return rare_entities.measured(data.load("wnut17"))
    return repro.recorded("rare_entities")["wnut17"]


def ways(answers):
    """Name three ways of counting for a figure: {answer: {way: Interval}}."""
    words = {"micro": "all tokens", "names": "tokens but O", "entity": "whole names"}
    return {
        name: {words[way]: found[way] for way in words}
        for name, found in answers.items()
    }


def kinds_that_can_be_new(corpus, count):
    """Return the kinds of names that can play the new one, and those that can't with the
    reason: list, and dict of str.

    A kind needs `count` mentions in train and one in test, and two other kinds that
    remain when its sentences are taken out, with `OFTEN` tokens each."""
    train, test, able, unable = corpus.train, corpus.test, [], {}
    for kind in new_kind.kinds_of(train):
        there = sum(tags.count(f"B-{kind}") for tags in train.tags)
        study = new_kind.study_without(train, kind).classes
        others = int((np.bincount(study)[1:] >= OFTEN).sum())
        if there < count:
            unable[kind] = f"{there} mentions in train, {count} are needed"
        elif not new_kind.of_kind(test, kind).any():
            unable[kind] = "none in test"
        elif others < 2:
            unable[kind] = f"{others} other kinds with {OFTEN} tokens, 2 are needed"
        else:
            able.append(kind)
    return able, unable


def ten_mentions(corpus, counts, seed, count, quick):
    """Take each kind for new: ({method: AP and its resamples}, {kind: the same}). Kinds
    that can't be are named. Raises DataError where none can."""
    steps, draws = (40, 1) if quick else (new_kind.STEPS, 3)
    kinds, unable = kinds_that_can_be_new(corpus, count)
    why = "; ".join(f"{kind}: {reason}" for kind, reason in unable.items())
    if not kinds:
        raise data.DataError(
            f"no kind of name can play the new one ({why}). Bring a larger corpus, or "
            f"lower mentions."
        )
    if unable:
        repro.say(f"Left out as a new kind: {why}.")
    scores = new_kind.over_kinds(corpus, kinds, draws, seed, steps, count)
    return new_kind.precisions(corpus.test, scores, counts)


def best_without_labels(precision):
    """Return the name of the detector without labels that has the highest AP on test:
    a choice that favours them.
    """
    return max(rare_tokens.UNLABELLED, key=lambda name: precision[name][0])
