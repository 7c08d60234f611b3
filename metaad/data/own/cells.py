"""Cells as text, and the numbers and dates that text holds."""

import re
import warnings

import numpy as np

# words for "no value" where numbers or dates stand, in small letters
GAPS = {"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "nat"}
GAPS |= {"-", "--", "?", ".", "missing", "unknown"}
MAJORITY = 0.9  # of the different cells: from here on a column is of their kind
WORDS = 3  # different words among numbers or dates, at most, that are taken for gaps
UNITS = re.compile(r"^([+-]?)[$€£¥]\s?|\s?[%$€£¥]$")
POWER = r"([eE][+-]?\d+)?"
STYLES = {
    "plain": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)" + POWER),
    "1,234.5": re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?"),
    "1.234,5": re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?" + POWER),
    "1 234,5": re.compile(r"[+-]?(\d{1,3}([ \u00a0\u202f]\d{3})+|\d+)(,\d+)?"),
}
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d %b %Y")
DAYS += ("%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y")
FORMATS = ("ISO8601", *(d + t for d in DAYS for t in TIMES))
FORMATS += ("%d/%b/%Y:%H:%M:%S %z", "%H:%M", "%H:%M:%S", "%Y%m%dT%H%M%S")
ISO = re.compile(
    r"\d{4}-\d\d?-\d\d?([T ]\d\d?(:\d\d){0,2}([.,]\d+)?\s?(Z|[+-][\d:]+)?)?"
)
LIKE_A_DATE = re.compile(
    r"\[?\d{1,4}([-/. :T]|[A-Za-z]{3,9}).*\d.*|[A-Z][a-z]{2,8} \d.*"
)


def as_text(cells):
    """Return a column as an object array (n,) of str, None where a cell is empty.

    A number is written without needless zeros, so that 5.0 and "5" are the same word.
    """
    import pandas as pd

    values = np.asarray(cells.astype(object), dtype=object)
    empty = np.asarray(pd.isna(cells), bool)
    codes, different = pd.factorize(values)
    words = np.array([*map(_word, different), None], dtype=object)
    found = words[codes]
    found[empty] = None
    return found


def _word(value):
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def numbers(texts, style=None, words=None):
    """Read numbers in text.

    Parameters
    ----------
    texts : object array (n,) of str and None.
    style : how they are written, a key of `STYLES`; None: recognise it.
    words : the words that stand for gaps, beside the usual ones; None: find them.

    Returns
    -------
    values : float64 (n,), NaN where there is none; None if the column is not one of
    numbers. style, words : as above, what was found.
    bad : bool (n,), cells that are neither a number nor a gap.
    """
    codes, different = _different(texts)
    stripped = [_bare(t) for t in different]
    empty = np.array([t.lower() in GAPS for t in stripped], bool)
    if style is None:
        style = _style(stripped, empty)
        if style is None:
            return None, None, None, None
    fits = STYLES[style].fullmatch
    values = np.array([_float(t, style) if fits(t) else np.nan for t in stripped])
    words, bad = _gaps(different, np.isnan(values) & ~empty, words)
    if words is None:
        return None, None, None, None
    return np.append(values, np.nan)[codes], style, words, bad[codes]


def _different(texts):
    """Codes (n,), -1 for gaps, and the object array of the different texts."""
    import pandas as pd

    codes, different = pd.factorize(texts)
    return codes, np.asarray(different, dtype=object)


def _gaps(different, bad, words):
    """Tell words that stand for gaps from cells that can't be read: the words, None if
    there are too many to be gaps; and which texts are bad, with one place more for gaps.
    """
    if words is None:
        words = [different[i] for i in np.flatnonzero(bad)]
        if len(words) > WORDS:
            return None, None
    return words, np.append(bad & ~np.isin(different, words), False)


def _bare(text):
    return UNITS.sub(r"\1", text.strip().lstrip("'"))


def _style(texts, empty):
    """The first style that most different texts have; None if there is none."""
    kept = [t for t, e in zip(texts, empty, strict=True) if not e]
    for style, pattern in STYLES.items() if kept else ():
        share = sum(bool(pattern.fullmatch(t)) for t in kept) / len(kept)
        if share == 1 or (
            share >= MAJORITY and len(kept) - share * len(kept) < WORDS + 1
        ):
            return style
    return None


def _float(text, style):
    if style == "1,234.5":
        text = text.replace(",", "")
    elif style == "1.234,5":
        text = text.replace(".", "").replace(",", ".")
    elif style == "1 234,5":
        text = re.sub("[ \u00a0\u202f]", "", text).replace(",", ".")
    return float(text)


def dates(texts, form=None, words=None):
    """Read dates in text.

    Parameters
    ----------
    texts : object array (n,) of str and None. form : one of `FORMATS`; None: recognise
    it. words : as in `numbers`.

    Returns
    -------
    values : datetime64[us] (n,), NaT where there is none; None if the column is not one
    of dates. form, words, bad : as in `numbers`.
    """
    codes, different = _different(texts)
    stripped = [t.strip().strip("[]") for t in different]
    empty = np.array([t.lower() in GAPS for t in stripped], bool)
    if form is None:
        form = _form(stripped, empty)
        if form is None:
            return None, None, None, None
    values = parsed(stripped, form)
    words, bad = _gaps(different, np.isnat(values) & ~empty, words)
    if words is None:
        return None, None, None, None
    values = np.append(values, np.datetime64("NaT"))[codes]
    return values, form, words, bad[codes]


def parsed(texts, form):
    """Dates of one form as datetime64[us] (n,), NaT where a text is no such date."""
    import pandas as pd

    if form == "ISO8601":
        texts = [t if ISO.fullmatch(t) else None for t in texts]
    with warnings.catch_warnings(action="ignore"):
        found = pd.to_datetime(
            pd.Series(texts, dtype=object), format=form, errors="coerce", utc=True
        )
    return found.dt.tz_localize(None).to_numpy("datetime64[us]")


def _form(texts, empty):
    """The form that most different texts have, on the first ones and then on all."""
    kept = [t for t, e in zip(texts, empty, strict=True) if not e]
    some = kept[:100]
    if not some or not any(LIKE_A_DATE.fullmatch(t) for t in some[:5]):
        return None
    share = {f: np.mean(~np.isnat(parsed(some, f))) for f in FORMATS}
    good = [f for f in FORMATS if share[f] >= MAJORITY]
    if len(good) > 1:  # days or months first: where all rows fit
        whole = {f: np.mean(~np.isnat(parsed(kept, f))) for f in good}
        good = [f for f in good if whole[f] == max(whole.values())]
    return good[0] if good else None


def either_way(form, texts):
    """Say whether dates could be read with the month first as well as with the day."""
    if not form or not form.startswith(("%d/%m", "%m/%d")):
        return False
    other = form.replace("%d/%m", "%x").replace("%m/%d", "%d/%m").replace("%x", "%m/%d")
    kept = [t.strip() for t in _different(texts)[1] if t.strip().lower() not in GAPS]
    return not np.isnat(parsed(kept, other)).any()
