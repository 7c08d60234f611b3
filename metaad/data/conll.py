"""Read tagged text in CoNLL columns: one token per line, an empty line after a sentence.

    read_conll("eng.testb").sentences[0]     # [("SOCCER", "O"), ("-", "O"), ...]
    conll_folder("conll2003")                # a Text: train, dev and test

Names are marked in one of three schemes, and all come out in the second:

| scheme | begins | goes on | where |
| --- | --- | --- | --- |
| IOB1 | I-, or B- right after a name of its kind | I- | CoNLL-2003 as it was given out |
| IOB2 (BIO) | B- | I- | WNUT-17, most later files |
| BIOES (BILOU) | B-, or S- (U-) alone | I-, the last E- (L-) | some taggers |

[1] Tjong Kim Sang and Veenstra, Representing text chunks, EACL 1999."""

import gzip
import zlib
from pathlib import Path
from typing import NamedTuple

from metaad.data.records import DataError, Text

DOCUMENT = "-DOCSTART-"  # the token of a line that begins a document
BEGINS, LAST = ("B", "S", "U"), ("S", "U", "E", "L")
MARKS = {*BEGINS, *LAST, "I"}
SHOWN = 5  # broken lines that a message names
NAMES = {
    "train": ("train",),
    "dev": ("testa", "dev", "valid"),
    "test": ("testb", "test"),
}


class Tagged(NamedTuple):
    """What a file of tagged text holds.

    sentences : list of sentences, each a list of (token, tag), tags in IOB2.
    documents : list of int, the sentence with which each document begins; empty where
        the file marks none.
    scheme : "IOB1", "IOB2" or "BIOES", as the file has it; "IOB2" where nothing tells.
    repaired : int, tags that no scheme allows where they stand (an I- after O in a
        BIOES file, say); they were read as the CoNLL scorer reads them.
    """

    sentences: list
    documents: list
    scheme: str
    repaired: int


def read_conll(path, *, token=0, tag=-1, comment=None):
    """Read a file of tagged tokens.

    Columns are parted by tabs where the first line has one, else by blanks. Lines that
    begin a document (-DOCSTART-) are counted and left out. UTF-8; .gz is unpacked.

    Parameters
    ----------
    path : str or Path.
    token, tag : int, the columns that hold them; -1 is the last.
    comment : str, optional: lines that begin with it are left out. By default there
        are none, since a token may begin with "#".

    Returns
    -------
    Tagged

    Raises
    ------
    DataError
        for a file that is missing, empty or no UTF-8, and for broken lines: another
        number of columns than the first line, an empty token, no tag. The message
        names the lines by their numbers.
    """
    path = Path(path)
    sentences, documents, broken, now, width = [], [], [], [], None
    for number, line in enumerate(_lines(path), 1):
        if comment and line.startswith(comment):
            continue
        if not line.strip():
            sentences, now = _ended(sentences, now)
            continue
        if width is None:
            sign = "\t" if "\t" in line else " "
            width = len(_columns(line, sign))
        fields = _columns(line, sign)
        if fields[0] == DOCUMENT:
            sentences, now = _ended(sentences, now)
            documents.append(len(sentences))
            continue
        fault = _fault(fields, width, token, tag)
        if fault:
            broken.append(f"line {number}: {fault}")
        else:
            now.append((fields[token], fields[tag]))
    sentences, _ = _ended(sentences, now)
    if broken:
        raise DataError(_told(path, broken))
    if not sentences:
        raise DataError(f"{path.name} holds no token; one token and its tag per line.")
    return _tagged(sentences, documents)


def _tagged(sentences, documents):
    every = [[tag for _, tag in s] for s in sentences]
    scheme = scheme_of(every)
    repaired = sum(_strays(tags, scheme) for tags in every)
    plain = [
        [(token, tag) for (token, _), tag in zip(s, as_iob2(tags), strict=True)]
        for s, tags in zip(sentences, every, strict=True)
    ]
    return Tagged(plain, documents, scheme, repaired)


def as_iob2(tags):
    """Return the tags of one sentence in IOB2, whatever scheme they are in.

    One rule serves all: a name begins at B- and S-, after O, after E- and S-, and where
    the kind changes. That is how the CoNLL scorer reads them, broken ones included.

    tags : list of str. Returns a list of str as long."""
    found, before, was = [], "O", ""
    for tag in tags:
        mark, _, kind = tag.partition("-")
        begins = mark in BEGINS or before in ("O", *LAST) or kind != was
        found.append("O" if mark == "O" else f"{'B' if begins else 'I'}-{kind}")
        before, was = mark, kind
    return found


def scheme_of(sentences):
    """Return the scheme that breaks fewest tags: "IOB1", "IOB2" or "BIOES".

    sentences : lists of tags. Where several fit as well IOB2 is named."""
    marks = {tag[0] for tags in sentences for tag in tags}
    if marks & {"S", "U", "E", "L"}:
        return "BIOES"
    names = ("IOB2", "IOB1")
    return min(names, key=lambda n: sum(_strays(tags, n) for tags in sentences))


def _strays(tags, scheme):
    """Number of tags of a sentence that a scheme does not allow there."""
    count, before, was = 0, "O", ""
    for tag in [*tags, "O"]:
        mark, _, kind = tag.partition("-")
        goes_on = before in ("B", "I") and kind == was
        if scheme == "IOB1":
            stray = mark == "B" and not (before != "O" and kind == was)
        else:
            stray = mark in ("I", "E", "L") and not goes_on
        if scheme == "BIOES" and not stray:
            # a name that has begun must go on until E-
            stray = before in ("B", "I") and not (mark in ("I", "E", "L") and goes_on)
        count += stray
        before, was = mark, kind
    return count


def conll_folder(path):
    """Load the three parts of a corpus from a folder: CoNLL-2003's eng.train, eng.testa
    and eng.testb, or files with train, dev (valid) and test in their names.

    path : str or Path. Returns a Text, tags in IOB2.

    Raises
    ------
    DataError
        where a part is missing or there are two candidates for one, and as
        `read_conll` does."""
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(
            f"{folder.name} is no folder; give the one that holds eng.train, eng.testa "
            f"and eng.testb."
        )
    files = sorted(f for f in folder.iterdir() if f.is_file() and f.name[0] != ".")
    found = {part: read_conll(_part(files, part)) for part in NAMES}
    parts = {part: tagged.sentences for part, tagged in found.items()}
    schemes = " and ".join(dict.fromkeys(tagged.scheme for tagged in found.values()))
    source = f"your own files in {folder.name}, tagged in {schemes}"
    if repaired := sum(tagged.repaired for tagged in found.values()):
        source += f", {repaired:,} stray tags read as the CoNLL scorer reads them"
    return Text(**parts, name=folder.name, source=source, licence="as you have it")


def _part(files, part):
    """The file of one part: the first of its names that one file alone has."""
    for name in NAMES[part]:
        ends = [f for f in files if _named(f, name)]
        if len(ends) == 1:
            return ends[0]
        if ends:
            names = ", ".join(f.name for f in ends)
            raise DataError(f"several files could be {part}: {names}; leave one.")
    found = ", ".join(f.name for f in files[:SHOWN]) or "nothing"
    raise DataError(
        f"no file for {part}: one whose name holds {' or '.join(NAMES[part])} is "
        f"needed; the folder has {found}."
    )


def _named(file, name):
    """Whether a part of a file's name, between dots, dashes and the like, is `name`."""
    words = "".join(c if c.isalnum() else " " for c in file.name.lower()).split()
    return name in words


def _lines(path):
    """The lines of a file, without their ends."""
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as e:
        raise DataError(f"{path.name} can't be read: {e.__class__.__name__}.") from e
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        at = raw[: e.start].count(b"\n") + 1
        raise DataError(
            f"{path.name} is not UTF-8 (line {at}); save it as UTF-8 first."
        ) from e
    return [line.rstrip("\r") for line in text.split("\n")]


def _columns(line, sign):
    """The fields of a line; several blanks part as one does."""
    fields = line.split(sign)
    return fields if sign == "\t" else [f for f in fields if f]


def _fault(fields, width, token, tag):
    """What is wrong with a line, "" if nothing is."""
    if len(fields) != width:
        return f"{len(fields)} columns where the first line has {width} ({fields[:3]})"
    if not (-width <= token < width and -width <= tag < width):
        return f"columns {token} and {tag} are asked for, and there are {width}"
    mark, _, kind = fields[tag].partition("-")
    if not fields[token].strip():
        return "an empty token"
    if fields[tag] != "O" and (mark not in MARKS or not kind):
        return f"{fields[tag]!r} is no tag (O, B-kind, I-kind, E-kind, S-kind)"
    return ""


def _told(path, broken):
    """The sentence about broken lines."""
    more = f"; and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
    lines = f"{len(broken)} broken line{'s' * (len(broken) > 1)}"
    return (
        f"{path.name} has {lines}: {'; '.join(broken[:SHOWN])}{more}. Expected: a token "
        f"and its tag per line, the same columns in each, an empty line between sentences."
    )


def _ended(sentences, now):
    """Close a sentence, if one is open: the sentences, and an empty new one."""
    if now:
        sentences.append(now)
    return sentences, []
