"""`metaad run`: a lesson by its number, with papermill."""

import json
import os
import sys
from pathlib import Path

from metaad.cli.told import FAILURE, INPUT, CommandError
from metaad.data.download import checkout
from metaad.lazy import optional
from metaad.practice import runs, sweep
from metaad.repro import own, parameters
from metaad.repro.parameters import ParameterError

# what a reader gave is wrong, and no fault of the lesson
GIVEN = ("ParameterError", "DataError")
TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def folder():
    """Return the folder of the lessons: the checkout's, or ./notebooks, or None."""
    root = checkout()
    here = Path("notebooks")
    return root / "notebooks" if root else here if numbered(here) else None


def numbered(folder):
    """Return the lessons in a folder, in their order: list of Path."""
    return sorted(folder.glob("[0-9][0-9]_*.ipynb")) if folder else []


def find(name):
    """Return the path of a lesson.

    name : its number ("3", "03"), its name, or the path of any notebook. Raises
    CommandError if there is none, with what there is."""
    path = Path(name)
    if name.endswith(".ipynb"):
        if path.is_file():
            return path.resolve()
        raise CommandError(f"there is no notebook {name}; it counts from this folder.")
    there = numbered(folder())
    if not there:
        raise CommandError(
            "there are no lessons here: metaad was installed from a wheel, which holds "
            "the package alone. Get the course's repository (git clone), run the command "
            "in it, or give the path of a notebook: metaad run path/to/lesson.ipynb.",
            FAILURE,
        )
    wanted = name.zfill(2) if name.isascii() and name.isdecimal() else name
    found = [p for p in there if wanted in (p.stem[:2], p.stem)]
    if not found:
        names = "\n  ".join(p.stem for p in there)
        raise CommandError(f"there is no lesson {name!r}; there are\n  {names}")
    return found[0]


def declared(path):
    """Return what a notebook's parameters cell declares: dict name -> Parameter.

    Raises CommandError if it has no such cell, or it can't be read."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        tagged = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
        return parameters.read("".join(tagged[0]["source"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = error if isinstance(error, ParameterError) else "it is no notebook"
        raise CommandError(f"{path.name} can't be run: {said}") from None
    except IndexError:
        raise CommandError(
            f"{path.name} has no cell that is tagged parameters, so it takes none and is "
            f"no lesson."
        ) from None


def listed(path):
    """Return the parameters of a lesson as text, one line each, with what each means."""
    lines = []
    for p in declared(path).values():
        about = "; ".join(part for part in (p.allowed, p.meaning) if part)
        lines.append(f"{p.name} = {p.default!r}  # {about}".rstrip(" #"))
    return "\n".join([f"{path.stem} takes", *(f"  -p {line}" for line in lines)])


def values(path, asked):
    """Return the parameters that were asked for, checked: dict name -> value.

    asked : list of str, NAME=VALUE each; the last of a name counts. A text that names a
    file from the current folder becomes its full path, since a lesson runs in a folder
    of its own. Raises CommandError or ParameterError, before anything runs."""
    known, found = declared(path), {}
    for each in asked:
        name, equals, text = each.partition("=")
        if not equals or not name:
            raise CommandError(f"-p takes NAME=VALUE, such as -p seed=1; got {each!r}.")
        if name not in known:
            raise CommandError(
                f"{path.stem} has no parameter {name!r}. It takes {', '.join(known)}."
            )
        found[name] = known[name].check(_value(known[name], text))
    _own_table(known, {n: found[n] for n in own.NAMES if n in found})
    return found


def checked(path, choices, common):
    """Return the choices of a sweep, {name: list of values}, in the types that the
    lesson declares, if it takes every one of them; a file's name as its full path.

    choices, common : {name: list of values} and {name: value}, texts or numbers."""
    known, found = declared(path), {}
    for name, several in {**{n: [v] for n, v in common.items()}, **choices}.items():
        if name not in known:
            raise CommandError(
                f"{path.stem} has no parameter {name!r}. It takes {', '.join(known)}."
            )
        read = [_value(known[name], v) if isinstance(v, str) else v for v in several]
        found[name] = [known[name].check(v) for v in read]
    for point in sweep.grid({n: found[n] for n in own.NAMES if n in found}):
        _own_table(known, point)
    return {name: found[name] for name in choices}


def _own_table(known, chosen):
    """Read the reader's table, so that a wrong column stops before the lesson starts.

    known : the lesson's parameters; chosen : {name: value}. Raises ParameterError."""
    if not all(name in known for name in own.NAMES):
        return
    given = {name: known[name].default for name in own.NAMES} | chosen
    if given["data"]:
        own.opened(given, own.optional(known))


def _value(parameter, text):
    """The text in the parameter's type; as it is where it is none of that type."""
    try:
        if parameter.kind is bool:
            return TRUTH[text.lower()]
        if parameter.kind in (int, float):
            return parameter.kind(text)
        if parameter.kind is list:
            return json.loads(text)
    except (ValueError, KeyError, RecursionError):
        return text
    named = Path(text).expanduser()
    folder = parameter.name.endswith("path") and runs.is_file(named, folder=True)
    return str(named.resolve()) if text and (folder or runs.is_file(named)) else text


def execute(path, chosen, output=None):
    """Run a notebook and return what to tell of it: str.

    chosen : dict, its parameters. output : Path, by default below data/runs of the
    checkout, or the current folder. A notebook that stops is written up to the cell that
    stopped. Raises CommandError."""
    PapermillExecutionError = optional("papermill.exceptions").PapermillExecutionError

    output = (output or _output(path)).absolute()
    if output == path or (output.exists() and output.samefile(path)):
        raise CommandError(f"{output.name} is the lesson itself; choose another -o.")
    output.parent.mkdir(parents=True, exist_ok=True)
    os.environ.update(runs.variables(chosen.get("profile") == "quick"))
    print(f"running {path.stem} into {_short(output)}", file=sys.stderr)
    try:
        quiet = not sys.stderr.isatty()
        runs.papermill(path, output, chosen, progress_bar={"disable": quiet})
    except PapermillExecutionError as error:
        said = f"{error.ename}: {error.evalue}".strip().split("\n\n")[0]
        raise CommandError(
            f"{path.stem} stopped in its cell {error.cell_index}: {said}\n"
            f"The notebook up to there: {_short(output)}",
            INPUT if error.ename in GIVEN else FAILURE,
        ) from None
    return f"{path.stem} ran to its end: {_short(output)}"


def _output(path):
    root = checkout()
    inside = root and path.parent == root / "notebooks"
    return (
        root / "data" / "runs" / path.name if inside else Path(f"{path.stem}-run.ipynb")
    )


def _short(path):
    """The path as seen from the current folder, where it lies below it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
