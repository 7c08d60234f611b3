"""`metaad fit`, `score` and `explain`: a table of the reader's own."""

import contextlib
import re
import sys
import time
import warnings

from metaad import saving
from metaad.cli.told import CommandError, as_options
from metaad.data.counted import counted
from metaad.practice.facts import text
from metaad.practice.model import TableModel
from metaad.practice.opened import rows_about
from metaad.practice.rates import rate_for
from metaad.repro.whole import whole
from metaad.saving.file import HEAD, SavedFileError

# CPU-seconds per row of 20 numbers, one in 100 explained; the forest and kNN need less
COST = {"context": 0.9e-3, "few-labels": 0.4e-3}
PATIENCE = 60  # seconds that nobody need be told of
MODEL = "a model that `metaad fit` wrote"


def fit(path, output, asked, label=None, anomaly=None):
    """Fit a model to a file, write it, and return what to tell of it: list of str.

    path, output : Path. asked : dict, parameters of `TableModel`."""
    _may_write(output, path)
    started = time.perf_counter()
    model = TableModel(**asked).fit(path, label, anomaly)
    output.parent.mkdir(parents=True, exist_ok=True)
    saving.save(output, model)
    return [
        f"{path.name}: {counted(model.n_rows_, 'row')}, {_columns(model)}",
        *(f"  {as_options(note)}" for note in model.notes_),
        f"chosen: {model.why_}",
        f"alerts: p-value of {model.rate_:.3g} or less. "
        f"{model.conformal_.promise(model.rate_)}",
        f"wrote {output} ({output.stat().st_size / 1e6:.1f} MB, "
        f"{time.perf_counter() - started:.0f} s)",
        f"next: metaad score {output} new.csv > scores.csv",
    ]


def score(model_path, path, output=None, rate=None):
    """Score a file into a CSV, to stdout or to a file, and return one line about it.

    output : Path or None. rate : share of normal rows that may raise an alert, or None
        for the model's own."""
    model = load(model_path)
    if output is not None:
        _may_write(output, path, model_path, csv=True)
    if patience := long(model, path):
        print(patience, file=sys.stderr)
    rows = alerts = 0
    with _writer(output) as file:
        for found in _shown(model.scored(path, rate)):
            found.assign(alert=found["alert"].astype(int)).to_csv(
                file, index=False, header=rows == 0, lineterminator="\n"
            )
            rows, alerts = rows + len(found), alerts + int(found["alert"].sum())
    if not rows:
        raise CommandError(f"{path} has no rows to score.")
    asked = model.rate_ if rate is None else rate
    return (
        f"{counted(rows, 'row')}, {counted(alerts, 'alert')} "
        f"({100 * alerts / rows:.2g} %; of normal rows {100 * asked:.2g} % are expected)"
    )


def long(model, path):
    """Return a sentence about how long it takes to score a file, "" for a short time."""
    rows = rows_about(path)
    numbers = len(model.preparation_.columns_)
    seconds = COST.get(model.name_, 0.0) * rows * numbers / 20
    if seconds <= PATIENCE:
        return ""
    return (
        f"note: the {model.name_} detector needs about {max(2, round(seconds / 60))} minutes "
        f"for some {rows:,} rows; a forest scores them in seconds (metaad fit --detector "
        f"forest)"
    )


def explain(model_path, path, row):
    """Return what makes one row of a file unusual: list of str."""
    model = load(model_path)
    one = model.row(path, row)  # the file is read once
    found = model.score(one).iloc[0]
    state = "an alert" if found["alert"] else "no alert"
    lines = [
        f"row {row} of {path.name}: {state}, p-value {found['p_value']:.3g} (alert at "
        f"{model.rate_:.3g} or less), score {found['score']:.4g}"
    ]
    table = model.explain(one, 0)
    wide = max(map(len, table["column"]))
    for column, value, part, reason in table.itertuples(index=False):
        said = reason or f"{column} {text(value)}"
        lines.append(f"  {column:{wide}}  {part:+6.2f}  {said}")
    more = "large: it makes the row odd, in standard deviations of the score"
    return [*lines, f"  ({more})"]


def load(path):
    """Return the TableModel in a file. Raises SavedFileError for another file."""
    try:
        model = saving.load(path)
    except SavedFileError as error:
        raise CommandError(_no_model(path, error)) from None
    if not isinstance(model, TableModel):
        raise CommandError(
            f"{path} holds a {type(model).__name__}, and this command needs {MODEL}."
        )
    return model


def _no_model(path, error):
    """What to say of a file that is no model."""
    if not path.is_file():
        return f"there is no file {path}; expected {MODEL}."
    with open(path, "rb") as file:
        begins = file.read(8 + len(HEAD))[8:]
    if begins == HEAD:
        return str(error)
    return f"{path} is not {MODEL}; the model comes first, then the table."


def rate(share, alerts_per_day, rows_per_day):
    """Return the rate of alerts that was asked for: float, or None for the usual one.

    share, alerts_per_day, rows_per_day : numbers or None."""
    if alerts_per_day is None and rows_per_day is None:
        return share
    if share is not None or None in (alerts_per_day, rows_per_day):
        raise CommandError(
            "give --rate, or --alerts-per-day together with --rows-per-day."
        )
    return rate_for(alerts_per_day, rows_per_day)


def _columns(model):
    n, d = len(model.preparation_.parts_), len(model.preparation_.columns_)
    used = counted(n, "column is", "columns are")
    return f"{used} used, as {counted(d, 'number')} per row"


def _may_write(output, *read, csv=False):
    """Refuse to write over what is read, and a model over what is none."""
    if output.is_dir():
        raise CommandError(f"{output} is a folder; name a file in it.")
    if not output.exists():
        return
    for path in read:
        if path.exists() and output.samefile(path):
            raise CommandError(f"{output} is read by this command; choose another -o.")
    if csv:
        return
    with open(output, "rb") as file:
        head = file.read(8 + len(HEAD))
    if head and head[8:] != HEAD:
        raise CommandError(
            f"{output} is there and is not {MODEL}; delete it, or choose another -o."
        )


@contextlib.contextmanager
def _writer(output):
    """A text file that takes its place when all is written; stdout for None."""
    if output is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    with whole(output) as file:
        yield _Text(file)


class _Text:
    """Text into a binary file."""

    def __init__(self, file):
        self.file = file

    def write(self, text):
        return self.file.write(text.encode())


def _shown(pieces):
    """The same pieces, with a count of rows on stderr where a person watches."""
    watched, rows, started = sys.stderr.isatty(), 0, time.perf_counter()
    for piece in pieces:
        yield piece
        rows += len(piece)
        if watched:
            rate = rows / (time.perf_counter() - started)
            print(f"\r{rows:,} rows, {rate:,.0f} per second", end="", file=sys.stderr)
    if watched:
        print("\r" + " " * 60 + "\r", end="", file=sys.stderr)


@contextlib.contextmanager
def as_commands_say():
    """Show the package's warnings as notes on stderr, one line each and once; in what it
    refuses, name options in the place of arguments."""
    seen = set()

    def show(message, category, filename, lineno, file=None, line=None):
        text = " ".join(str(message).split())
        key = re.sub(r"\d[\d,.]*", "", text)
        if issubclass(category, UserWarning) and key not in seen:
            seen.add(key)
            print(f"note: {as_options(text)}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        try:
            yield
        except UnicodeError:
            raise
        except ValueError as error:
            raise CommandError(as_options(str(error))) from error
