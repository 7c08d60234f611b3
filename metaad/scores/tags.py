"""F1 of tagged tokens, counted by token and counted by entity.

Tags are in the B-I-O form: B-PER begins a person's name, I-PER goes on with it, O is no
name. A sentence is a list of tags; several sentences are a list of such lists.

[1] Tjong Kim Sang and De Meulder, Introduction to the CoNLL-2003 shared task:
language-independent named entity recognition, CoNLL 2003."""

import numpy as np


def tag_f1(true, predicted, tags=None):
    """Return precision, recall and F1 of tags, token by token, counts pooled over tags
    (micro).

    Parameters
    ----------
    true, predicted : sequences of n tags, or of sentences.
    tags : the tags that count; None for all that occur. Over all tags a wrong token is
        one false positive (of the tag given) and one false negative (of the tag
        missed), so precision, recall, F1 and accuracy are one number.

    Returns
    -------
    (precision, recall, f1) : floats in [0, 1], larger = better; 0 where nothing is
    found.

    Raises
    ------
    ValueError
        if the two don't have the same tokens."""
    pairs = [
        (t, p)
        for a, b in _sentences(true, predicted)
        for t, p in zip(a, b, strict=True)
    ]
    if tags is None:
        tags = {t for pair in pairs for t in pair}
    hits = sum(t == p and t in tags for t, p in pairs)
    return _f1(hits, sum(p in tags for _, p in pairs), sum(t in tags for t, _ in pairs))


def entities(tags):
    """Return the entities of one sentence: set of (start, end, kind), end exclusive.

    An I- tag that goes on with nothing, or with another kind, begins an entity, as in
    the shared task's own script [1].

    tags : list of str, each "O", "B-kind" or "I-kind"; another one raises ValueError."""
    found, start, kind = set(), None, None
    for i, tag in enumerate([*tags, "O"]):
        mark, _, name = tag.partition("-")
        if mark not in ("B", "I", "O") or (mark == "O") != (not name):
            raise ValueError(
                f"a tag is O, B-kind or I-kind, got {tag!r}; turn other schemes into "
                f"this one first."
            )
        if start is not None and (mark != "I" or name != kind):
            found.add((start, i, kind))
            start = None
        if mark != "O" and start is None:
            start, kind = i, name
    return found


def entity_f1(true, predicted):
    """Return precision, recall and F1 of whole entities [1]: one is right if its first
    token, its last token and its kind are. "O" counts nowhere.

    Parameters
    ----------
    true, predicted : sequences of n tags, or of sentences.

    Returns
    -------
    (precision, recall, f1) : floats in [0, 1], larger = better; 0 where no entity is
    found.

    Raises
    ------
    ValueError
        if the two don't have the same tokens, or a tag has another form."""
    hits = given = there = 0
    for a, b in _sentences(true, predicted):
        wanted, found = entities(a), entities(b)
        hits += len(wanted & found)
        given += len(found)
        there += len(wanted)
    return _f1(hits, given, there)


def entity_counts(true, predicted, kind=None):
    """Count entities sentence by sentence, as `entity_f1` does: int array (sentences, 3)
    of those that are right, those answered and those there.

    true, predicted : lists of sentences (lists of tags). kind : count one kind only.
    Raises ValueError as `entity_f1`."""
    found = []
    for a, b in _sentences(true, predicted):
        wanted, answered = (
            {e for e in entities(tags) if kind in (None, e[2])} for tags in (a, b)
        )
        found.append([len(wanted & answered), len(answered), len(wanted)])
    return np.array(found, dtype=np.int64).reshape(-1, 3)


def entity_report(true, predicted):
    """Return what the CoNLL script prints: {kind: (precision, recall, f1, there)}, and
    the same over all kinds under None; arguments and errors as `entity_f1`.
    """
    pairs = _sentences(true, predicted)
    kinds = sorted({e[2] for pair in pairs for tags in pair for e in entities(tags)})
    report = {}
    for kind in (*kinds, None):
        hits, given, there = entity_counts(*zip(*pairs, strict=True), kind).sum(axis=0)
        report[kind] = (*_f1(int(hits), int(given), int(there)), int(there))
    return report


def _f1(hits, given, there):
    precision, recall = hits / max(given, 1), hits / max(there, 1)
    return precision, recall, 2 * hits / max(given + there, 1)


def _sentences(true, predicted):
    """Pairs of sentences; one flat list is one sentence."""
    true, predicted = (
        [s] if len(s) and isinstance(s[0], str) else s for s in (true, predicted)
    )
    lengths = [[len(s) for s in each] for each in (true, predicted)]
    if lengths[0] != lengths[1]:
        raise ValueError(
            f"both need the same sentences with the same tokens, got "
            f"{len(lengths[0])} with {sum(lengths[0])} tokens and {len(lengths[1])} "
            f"with {sum(lengths[1])}."
        )
    return list(zip(true, predicted, strict=True))
