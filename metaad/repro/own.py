"""The reader's own table in a lesson: `-p data my.csv -p label is_fraud`.

A lesson that takes one declares three parameters,

    data: str = ""  # any text; your own file instead of the lesson's table
    label: str = "y"  # any text; the column of labels in it
    anomaly: str = ""  # any text; the label of anomalies, if not 1; several with commas

and loads its table with `repro.own_table(run, otherwise)`.
"""

from dataclasses import replace

import numpy as np

from metaad.repro.claims import say
from metaad.repro.parameters import ParameterError

MOST = 2_000  # rows of a reader's table that a lesson measures with


def own_table(run, otherwise, *, most=MOST, anomalies=10, normal=100):
    """Return the table that a run of a lesson is about.

    Parameters
    ----------
    run : Run. otherwise : function without arguments, the lesson's own table.
    most : whole number; of a larger table so many rows are drawn, at least 30 anomalies
        (or all of them) among them.
    anomalies, normal : how many labelled rows of each kind the lesson needs.

    Returns
    -------
    Table whose y is 0 or 1: the lesson's own, or the labelled rows of the file that was
    passed to papermill as `data`; then a sentence says what was read.

    Raises
    ------
    ParameterError
        if the file can't be loaded, or has too few labelled rows.
    """
    if not run.own:
        return otherwise()
    table = _loaded(run.parameters)
    count = [int((table.y == k).sum()) for k in (0, 1)]
    if count[1] < anomalies or count[0] < normal:
        raise ParameterError(
            f"{run.lesson} measures with labels and needs {anomalies} anomalies and "
            f"{normal} normal rows; {table.name} has {count[1]} and {count[0]}. Label "
            f"more rows, or go without: metaad.ContextDetector().fit(X)."
        )
    rows = _drawn(table.y, most, run.seed)
    cut = "" if len(rows) == len(table.y) else f", of which {len(rows):,} are drawn"
    say(
        f"**This run is about {table.name}**: {len(table.y):,} rows, {count[1]:,} of them "
        f"anomalies ({table.anomalies}), {table.X.shape[1]} numbers per row{cut}. Where "
        f"the text tells of the clinic's table or of tumours, read it of yours; its "
        f"findings are shown and not judged.\n\n"
        + "".join(f"* {n}\n" for n in table.notes)
    )
    return replace(table, X=table.X[rows], y=table.y[rows])


def _loaded(given):
    """The reader's table."""
    import warnings

    from metaad import data
    from metaad.data.records import DataError

    several = [a.strip() for a in given["anomaly"].split(",")]
    try:
        with warnings.catch_warnings(action="ignore"):  # the notes are said
            try:
                whole = given["anomaly"] or None
                table = data.load(given["data"], label=given["label"], anomaly=whole)
            except DataError:
                if len(several) < 2:
                    raise
                table = data.load(given["data"], label=given["label"], anomaly=several)
    except DataError as error:
        raise ParameterError(f"data={given['data']!r}: {error}") from None
    if table.task != "anomalies" or table.X.ndim != 2:
        raise ParameterError(
            f"data={given['data']!r} is no table whose rows are normal or anomalous; give "
            f"the path of your own file, or adbench:<table>."
        )
    return table


def _drawn(y, most, seed):
    """Rows in order: all, or so many that are drawn, none without a label."""
    known = np.flatnonzero(y != -1)
    if len(known) <= most:
        return known
    rng = np.random.default_rng(seed)
    odd, usual = (rng.permutation(known[y[known] == k]) for k in (1, 0))
    kept = min(len(odd), max(30, round(most * len(odd) / len(known))))
    return np.sort(np.concatenate([odd[:kept], usual[: most - kept]]))
