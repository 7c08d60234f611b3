"""Tagged sentences of our own: the news of an invented coast, made by a small grammar.

Real corpora are large or licensed. This one is drawn in a moment, from a seed, and shows
what theirs show: names are rare; half of those in the test part were never met before,
and a third of its sentence frames; some names are common words (Rose, Mark, Stone); some
are written small; ordinary words are rare, misspelt, written LARGE or With a Capital, too.
"""

import numpy as np

from metaad.data import sentence_words as w
from metaad.data.records import DataError, Text

KINDS = ("PER", "LOC", "ORG", "MISC", "SHIP")
SHIPS, PLAIN = 0.08, 0.55  # share of sentences about ships, without any name
SMALL = 0.3  # share of names in small letters
LARGE, TYPO, CAPITAL = 0.04, 0.04, 0.06  # of longer words: what is done to them
MADE = ("noun", "goods", "thing")  # ordinary words that are made up, sometimes
OLD = 0.1  # share of names in train that are made up


def own_sentences(random_state=0, *, train=700, dev=150, test=500, new=0.5):
    """Draw the corpus: sentences with names of five kinds, tagged in IOB2.

    Kinds are PER (people), LOC (places), ORG (firms, councils), MISC (events and works)
    and, rarer, SHIP.

    Parameters
    ----------
    random_state : int, seed; the same one gives the same sentences.
    train, dev, test : int, numbers of sentences.
    new : share of names in dev and test that are made from syllables, and so, but for
        chance, unseen in train. Above a tenth, which is the share in train, ordinary words are
        made up too, and frames come that train does not have.

    Returns
    -------
    Text

    Raises
    ------
    DataError
        for fewer than one sentence in a part, or a share outside [0, 1]."""
    sizes = {"train": train, "dev": dev, "test": test}
    if min(sizes.values()) < 1 or not 0 <= new <= 1:
        raise DataError(
            f"each part needs 1 sentence or more and `new` is a share in [0, 1]; got "
            f"{sizes} and {new}."
        )
    rng = np.random.default_rng(random_state)
    parts = {
        part: [_sentence(rng, OLD if part == "train" else new) for _ in range(size)]
        for part, size in sizes.items()
    }
    return Text(
        **parts, name="own-sentences", source="made by metaad's grammar", licence="CC0"
    )


def _sentence(rng, new):
    """One sentence: list of (token, tag)."""
    chance = rng.random()
    frames = w.SHIP_FRAMES if chance < SHIPS else w.FRAMES
    frames = w.PLAIN_FRAMES if SHIPS <= chance < SHIPS + PLAIN else frames
    # what stands last in a list comes in dev and test alone
    frames = frames if new > OLD else frames[: -len(frames) // 3]
    found = []
    for slot in _pick(rng, frames).split():
        kind = slot.strip("{}")
        if kind in KINDS:
            name = NAME[kind](rng, new)
            if rng.random() < SMALL:
                name = [word.lower() for word in name]
            tags = [f"B-{kind}", *[f"I-{kind}"] * (len(name) - 1)]
            found += zip(name, tags, strict=True)
        else:
            words = _plain(rng, kind, new) if slot[0] == "{" else [slot]
            found += [(_noisy(rng, word), "O") for word in words]
    first, tag = found[0]
    return [(first[:1].upper() + first[1:], tag), *found[1:]]


def _plain(rng, kind, new):
    """What fills a slot that is no name: list of str."""
    if kind == "n":
        return [str(int(rng.integers(2, 3000)))]
    if kind == "code":
        letter = _pick(rng, "ABCDEFGHKLMPRSTX")
        return [f"{letter}{'-' * int(rng.integers(2))}{int(rng.integers(10, 9999))}"]
    if kind in MADE and rng.random() < new / 4:
        return [_made(rng, "word").lower()]
    return _pick(rng, w.WORDS[kind]).split()


def _noisy(rng, word):
    """A word as people write it: LARGE at times, or with a letter lost."""
    chance = rng.random()
    if not word.isalpha() or len(word) < 4:
        return word
    if chance < LARGE:
        return word.upper()
    if chance < LARGE + TYPO:
        at = int(rng.integers(1, len(word) - 1))
        return word[:at] + word[at + 1 :]
    return word.capitalize() if chance < LARGE + TYPO + CAPITAL else word


def _pick(rng, choices):
    return choices[int(rng.integers(len(choices)))]


def _made(rng, end):
    """A name that nobody has met before."""
    return _pick(rng, w.STARTS) + _pick(rng, w.MIDDLES) + _pick(rng, w.ENDS[end])


def _one(rng, new, known, end):
    return _made(rng, end) if rng.random() < new else _pick(rng, known)


def _person(rng, new):
    first, last = _one(rng, new, w.FIRST, "first"), _one(rng, new, w.LAST, "last")
    return ([first, last], [last], [first])[int(rng.choice(3, p=[0.6, 0.25, 0.15]))]


def _place(rng, new):
    name = _one(rng, new, w.PLACES, "place")
    return ["Port", name] if rng.random() < 0.1 else [name]


def _firm(rng, new):
    form = int(rng.integers(5))
    if form == 0:
        return [*_place(rng, new), _pick(rng, w.ORG_HEADS)]
    if form == 1:
        return [_one(rng, new, w.LAST, "last"), "&", "Sons"]
    if form == 2:
        return [_pick(rng, w.ORG_FRONTS), _pick(rng, w.ORG_HEADS)]
    if form == 3:
        letters = "ABCDEFGHIKLMNOPRSTUVW"
        return ["".join(_pick(rng, letters) for _ in range(3))]
    return [_made(rng, "firm")]


def _event(rng, new):
    if rng.random() < 0.3:
        return ["Song", "of", *_place(rng, new)]
    front = _one(rng, new, w.EVENT_FRONTS, "place")
    return [front, _pick(rng, w.EVENTS)]


def _ship(rng, new):
    form = int(rng.integers(4))
    if form == 0:
        return ["Star", "of", *_place(rng, new)]
    if form == 1:
        return [_one(rng, new, w.FIRST, "first"), _pick(rng, w.FIRST)]
    return [_one(rng, new, w.SHIP_FRONTS, "place"), _pick(rng, w.SHIP_ENDS)]


NAME = {"PER": _person, "LOC": _place, "ORG": _firm, "MISC": _event, "SHIP": _ship}
