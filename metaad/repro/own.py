"""The reader's own table in a lesson: `-p data my.csv -p label is_fraud`.

A lesson that takes one declares three parameters,

    data: str = ""  # any text; your own file instead of the lesson's table
    label: str = "y"  # any text; the column of labels in it
    anomaly: str = ""  # any text; the label of anomalies, if not 1; several with commas

and loads its table with `repro.own_table(run, otherwise)`. A lesson that can do without
labels writes `any text or none` beside `label`; there a file without a column y, or
`-p label ""`, is a table without labels. `repro.start` reads the file, so that a wrong
name stops the lesson in its first cell.
"""

import re
from dataclasses import replace

import numpy as np

from metaad.repro.claims import say
from metaad.repro.parameters import ParameterError

NAMES = ("data", "label", "anomaly")  # the parameters
MOST = 2_000  # rows of a reader's table that a lesson measures with
USUAL = "y"  # the column of labels where none is named
CLINIC = "the clinic's table or of tumours"
# how the package speaks of its arguments, and what papermill has for them
HERE = (
    (r"with label=; label=None loads a table without labels", "with -p label COLUMN"),
    (r"with anomaly=(, or several: anomaly=\[.*\])?", "with -p anomaly VALUE"),
)


def own_table(
    run, otherwise, *, most=MOST, anomalies=10, normal=100, labels=True, instead=CLINIC
):
    """Return the table that a run of a lesson is about.

    Parameters
    ----------
    run : Run. otherwise : function without arguments, the lesson's own table.
    most : whole number; of a larger table so many rows are drawn, at least 30 anomalies
        (or all of them) among them. Their order stays.
    anomalies, normal : how many labelled rows of each kind the lesson needs.
    labels : whether it needs them. If not, rows without a label stay, and `normal` is
        how many rows there must be.
    instead : what the lesson's text tells of, and the reader's table stands in for; ""
        for nothing.

    Returns
    -------
    Table whose y is 0 or 1 (or -1 without `labels`): the lesson's own, or rows of the
    file that was passed to papermill as `data`; then a sentence says what was read, and
    `run.rows` holds which rows of the file these are, counted from 0.

    Raises
    ------
    ParameterError
        if the file can't be loaded, or has too few labelled rows.
    """
    if not run.own:
        return otherwise()
    table = run.table = run.table or opened(run.parameters, not labels)
    if table.y is None:
        table = replace(table, y=np.full(len(table.X), -1))
    _enough(run.lesson, table, anomalies, normal, labels)
    run.rows = rows = _drawn(table.y, most, run.seed, labels)
    _said(table, rows, labels, instead)
    return replace(table, X=table.X[rows], y=table.y[rows])


def _enough(lesson, table, anomalies, normal, labels):
    """Raises ParameterError for too few rows."""
    count = [int((table.y == k).sum()) for k in (0, 1)]
    if labels and (count[1] < anomalies or count[0] < normal):
        raise ParameterError(
            f"{lesson} measures with labels and needs {anomalies} anomalies and "
            f"{normal} normal rows; {table.name} has {count[1]} and {count[0]}. Label "
            f"more rows, or go without: metaad.ContextDetector().fit(X)."
        )
    if not labels and (table.y != 1).sum() < normal:
        raise ParameterError(
            f"{lesson} needs {normal} rows that are not anomalies; {table.name} has "
            f"{(table.y != 1).sum():,}. Bring more rows."
        )


def _said(table, rows, labels, instead):
    """Say what was read."""
    n, known = len(table.y), table.y[table.y != -1]
    count = f"{(known == 1).sum():,} of them anomalies ({table.anomalies})"
    if not len(known):
        count = "none of them with a label"
    cut = f", of which {len(rows):,} are drawn"
    if len(rows) == (len(known) if labels else n):
        cut = f", of which {len(rows):,} have a label" if len(rows) < n else ""
    read = "The lesson's own findings are shown and not judged."
    if instead:
        read = (
            f"Where the text tells of {instead}, read it of yours; its findings are shown "
            f"and not judged."
        )
    say(
        f"**This run is about {table.name}**: {n:,} rows, {count}, {table.X.shape[1]} "
        f"numbers per row{cut}. {read}\n\n" + "".join(f"* {n}\n" for n in table.notes)
    )


def of_yours(run, alt):
    """Return what a figure of the lesson's table shows, in words for a reader who can't
    see it; where the run is about the reader's table, they say of which they were
    written. alt : str.
    """
    if not run.own:
        return alt
    return f"The same of {run.table.name}. Of the lesson's own table it shows: {alt}"


def opened(given, without=False):
    """Return the Table in a reader's file.

    given : dict, a lesson's `data`, and its `label` and `anomaly` where it has them.
    without : bool, whether the lesson can do without labels.

    Raises
    ------
    ParameterError
        for a file that can't be read, has no such column of labels, or other labels."""
    import warnings

    from metaad.data.records import DataError

    try:
        with warnings.catch_warnings(action="ignore"):  # the notes are said
            table = _loaded(given, without)
    except DataError as error:
        raise ParameterError(f"data={given['data']!r}: {_here(error)}") from None
    if table.task != "anomalies" or table.X.ndim != 2:
        raise ParameterError(
            f"data={given['data']!r} is no table whose rows are normal or anomalous; give "
            f"the path of your own file, or adbench:<table>."
        )
    return table


def optional(known):
    """Say whether a lesson can do without labels. known : its parameters, by their names."""
    return "label" in known and "none" in known["label"].allowed


def _loaded(given, without):
    """The reader's table."""
    from metaad import data
    from metaad.data.records import DataError

    path, label = given["data"], given.get("label", USUAL)
    if without and (not label or (label == USUAL and _lacks(path, label))):
        return data.load(path, label=None)
    if not label:
        raise ParameterError(
            "this lesson measures with labels: name the column that says which rows are "
            "anomalies, -p label COLUMN."
        )
    how = {} if label == USUAL else {"label": label}
    whole = given.get("anomaly", "")
    several = [a.strip() for a in whole.split(",")]
    try:
        return data.load(path, anomaly=whole or None, **how)
    except DataError:
        if len(several) < 2:
            raise
    return data.load(path, anomaly=several, **how)


def _lacks(path, label):
    """Whether a file has no column of a name; False for a dataset's name."""
    from metaad.data import names, read_chunks

    if path.lower() in names():
        return False
    if path.lower().endswith(".npz"):
        return label not in np.load(path, allow_pickle=False).files
    first = next(iter(read_chunks(path, 100)), None)
    return first is not None and label not in first.columns


def _here(error):
    """The sentence of an error, with what a lesson has for arguments."""
    said = str(error)
    for written, here in HERE:
        said = re.sub(written, here, said)
    return said


def _drawn(y, most, seed, labels=True):
    """Rows in order: all, or so many that are drawn; with `labels` none without one."""
    known = np.flatnonzero(y != -1) if labels else np.arange(len(y))
    if len(known) <= most:
        return known
    rng = np.random.default_rng(seed)
    parts = known[y[known] == 1], known[y[known] != 1]
    odd, usual = map(rng.permutation, parts)
    kept = min(len(odd), max(30, round(most * len(odd) / len(known))))
    return np.sort(np.concatenate([odd[:kept], usual[: most - kept]]))
