"""How a text file is written: encoding, separator, decimal sign, names in its header.

What can be seen in the first lines is recognised and noted; what can't is refused with
the option that says it.
"""

import codecs
import csv
import io
import re
from dataclasses import dataclass

from metaad.data.own.opening import BROKEN, opened
from metaad.data.records import DataError

SAMPLE = 1 << 18  # bytes that are looked at
ROWS = 200
SEPARATORS = {",": ",", ";": ";", "\t": "tabs", "|": "|"}
# the longer marks first: one begins with the other
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WITH_COMMA = re.compile(r"\s*[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+([eE][+-]?\d+)?\s*")
WITH_POINT = re.compile(r"\s*[+-]?\d*\.\d+([eE][+-]?\d+)?\s*")
NUMBER = re.compile(r"\s*[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?\s*")
DATE = re.compile(r"\s*\d{4}-\d\d-\d\d.*|\s*\d{1,2}[./]\d{1,2}[./]\d{2,4}.*")
WINDOWS = (
    "not UTF-8; read as cp1252, which Windows in western Europe and America writes: if "
    "letters look wrong, say encoding="
)


@dataclass(frozen=True)
class Dialect:
    """How one file is read."""

    sep: str
    decimal: str
    encoding: str
    skip: int  # lines before the header
    names: tuple  # of str, as the header has them
    notes: tuple = ()


def dialect(path, sep=None, decimal=None, encoding=None):
    """Recognise how a text file is written; what is given is not guessed.

    Raises
    ------
    DataError
        if the file is empty, is no text, or has no header.
    """
    notes = []
    text, encoding = _decoded(path, encoding, notes)
    first, _, rest = text.partition("\n")
    hint = re.fullmatch(r"sep=(.)\r?", first)  # what spreadsheets put before the header
    if hint:
        text, sep = rest, sep or hint[1]
    usual = "\t" if ".tsv" in path.name.lower() else ","
    above, text = _remarks(text, sep, usual)
    if above:
        notes.append(
            f"left out {above} line{'s' * (above > 1)} above the names, from #"
        )
    if sep is None:
        sep = _separator(text, usual)
    rows = _rows(text, sep)
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise DataError(
            f"{path.name} can't be read as a table (it has no line of names); write the "
            f"columns' names in the first line."
        )
    names = tuple(cell.strip() for cell in rows[0])
    _has_names(path, names, rows[1:])
    if decimal is None:
        decimal = _decimal(rows[1:], sep)
    if sep != usual:
        words = {".": "points", ",": "commas"}.get(decimal, decimal)
        between = SEPARATORS.get(sep, sep)
        notes.append(f"read with {between} between cells and decimal {words}")
    elif decimal == ",":
        notes.append("read with decimal commas")
    skip = above + bool(hint)
    return Dialect(sep, decimal, encoding, skip, names, tuple(notes))


def _remarks(text, sep, usual):
    """How many lines of remarks stand above the names, and the text below them. A line
    that begins with # and has as many cells as the next one holds the names itself.
    """
    lines = list(
        io.StringIO(text, newline="")
    )  # cut at \r and \n alone, as pandas does
    first = next((i for i, t in enumerate(lines) if not t.startswith("#")), 0)
    while 0 < first < len(lines) and not lines[first].strip():
        first += 1
    if not 0 < first < len(lines):
        return 0, text
    sep = sep or _separator("".join(lines[first:]), usual)
    cells = [
        len(_rows(lines[i], sep)[0]) for i in (first - 1, first) if lines[i].strip()
    ]
    if len(cells) == 2 and cells[0] == cells[1] > 1:
        first -= 1
    return first, "".join(lines[first:])


def _decoded(path, encoding, notes):
    """The first lines as text, and the encoding."""
    try:
        with opened(path) as file:
            raw = file.read(SAMPLE)
    except BROKEN as error:
        raise unreadable(path, error) from None
    if not raw.strip():
        raise DataError(
            f"{path.name} can't be read as a table: it is empty; save it again from its "
            f"source."
        )
    whole = len(raw) < SAMPLE
    if encoding is None:
        encoding = _encoding(path, raw, whole, notes)
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        text = decoder.decode(raw, whole)
    except LookupError:
        raise DataError(
            f"encoding={encoding!r} is no encoding that Python knows; utf-8, cp1252 and "
            f"utf-16 are the commonest."
        ) from None
    except ValueError as error:  # of decoding
        raise undecoded(path, encoding, error) from None
    if not whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    return text.lstrip("\ufeff"), encoding


def _encoding(path, raw, whole, notes):
    mark = next((m for m in MARKS if raw.startswith(m)), None)
    if mark:
        if MARKS[mark] != "utf-8-sig":
            notes.append(f"read as {MARKS[mark].upper()}")
        return MARKS[mark]
    if b"\0" in raw:
        odd, even = raw[1::2].count(0), raw[::2].count(0)
        if max(odd, even) < len(raw) / 8:
            raise DataError(
                f"{path.name} holds zero bytes, which text does not; check that it is "
                f"a text file, and save it again as CSV UTF-8."
            )
        notes.append("read as UTF-16")
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw, whole)
    except UnicodeDecodeError:
        notes.append(WINDOWS)
        return "cp1252"
    return "utf-8"


def undecoded(path, encoding, error):
    """Return the error for bytes that an encoding does not have."""
    what = "some bytes"
    if isinstance(error, UnicodeDecodeError) and error.object:
        what = f"byte {error.object[error.start]:#04x}"
    return DataError(
        f"{path.name} is not {encoding} text ({what}); say encoding= if you know it, or "
        f"save it again as UTF-8, which spreadsheets call CSV UTF-8."
    )


def unreadable(path, error):
    """Return the error for a file that no table comes out of."""
    reason = str(error).strip().split("\n")[-1].rstrip(".")
    uneven = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", reason)
    if uneven:
        names, line, cells = uneven.groups()
        reason = (
            f"line {line} has {cells} cells, the line of names {names}: delete what "
            f"stands above the names, and put cells that hold the separator into quotes"
        )
    return DataError(
        f"{path.name} can't be read as a table ({reason or type(error).__name__}); every "
        f"row needs the same columns."
    )


def _rows(text, sep, most=ROWS):
    """The cells of the first lines that are not empty."""
    found = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=sep):
            if row:
                found.append(row)
            if len(found) > most:
                break
    except (csv.Error, TypeError):  # a cell without end, a separator of two signs
        pass
    return found


def _separator(text, usual):
    """The sign that cuts the lines into cells, as many as the header has."""
    share = {}
    for sep in [usual, *(s for s in SEPARATORS if s != usual)]:
        rows = _rows(text, sep)
        width = len(rows[0]) if rows else 1
        if width > 1:
            share[sep] = sum(len(r) == width for r in rows) / len(rows)
    if not share:
        return usual
    best = max(share, key=share.get)  # the usual one where they are equal
    return best if share[best] > 0.5 else usual


def _decimal(rows, sep):
    """The decimal sign: a comma only where no number is written with a point."""
    if sep == ",":
        return "."
    cells = [cell for row in rows for cell in row]
    commas = sum(bool(WITH_COMMA.fullmatch(c)) for c in cells)
    points = sum(bool(WITH_POINT.fullmatch(c)) for c in cells)
    return "," if commas and not points else "."


def _has_names(path, names, rows):
    """Refuse a first line that holds cells of a row."""
    kept = [n for n in names if n]
    numbers = [n for n in kept if NUMBER.fullmatch(n)]
    dates = [n for n in kept if DATE.fullmatch(n)]
    alike = len(numbers) == len(kept) and len(set(numbers)) < len(numbers)
    sure = bool(dates) or any("." in n for n in numbers)
    if rows and (alike or (sure and 2 * len({*numbers, *dates}) > len(set(kept)))):
        raise DataError(
            f"{path.name} has {', '.join(map(repr, names[:4]))} in its first line, where "
            f"the columns' names belong; write a line of names above it."
        )
