"""The parameters of a lesson: declared once with type, range and meaning, checked at
once.

    digit: int = 7  # 0 to 9; the digit that counts as normal
    rate: float = 0.1  # above 0 to 0.5; the learning rate
    rows: int = 0  # 0 or 30 to 5,000; most rows of a table, 0 takes the profile's own
    profile: str = "quick"  # one of quick, full; quick takes a minute
    path: str = ""  # any text; your own file

What stands before the first semicolon is the range. `seed`, `device` and parameters of
type bool need none. papermill shows the whole comment as the parameter's help."""

import ast
import io
import json
import re
import tokenize
from typing import Any, NamedTuple

from metaad.data.download import checkout

PROFILES = ("quick", "full")
# findings are judged whatever these are
FREE = ("profile", "seed", "device")
SEEDS = f"0 to {2**32 - 1:,}"
WORDS = {int: "a whole number", float: "a number", str: "text", bool: "True or False"}
NUMBER = r"-?[\d,_]*\.?\d+(?:e-?\d+)?"
SPAN = re.compile(rf"(above )?({NUMBER})(?: to (below )?({NUMBER}))?")


class ParameterError(ValueError):
    """A lesson was started with a parameter it does not have, or with a value it
    cannot use.
    """

    def _render_traceback_(self):
        """Show the sentence alone in a notebook: the reader's code is not at fault."""
        return [f"ParameterError: {self}"]


class Parameter(NamedTuple):
    """One line of the parameters cell. allowed : its range as written."""

    name: str
    kind: type
    default: Any
    allowed: str

    @property
    def free(self):
        """Say whether any value of its type will do."""
        return bool(re.match(r"any\b", self.allowed))

    def check(self, value):
        """Return the value (a whole number as a float where a float is asked for).

        Raises ParameterError, one sentence: what was expected, what came, an
        example."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        if self.kind is float and whole:
            value = float(value)
        # papermill makes numbers of what looks like one: -p anomaly 1
        if self.kind is str and isinstance(value, (bool, int, float)) and self.free:
            value = str(value)
        alike = type(value) is self.kind
        if alike and admits(self.allowed, value):
            return value
        came = repr(value) if alike else f"{value!r} ({type(value).__name__})"
        wanted = WORDS.get(self.kind, f"of type {self.kind.__name__}")
        if self.allowed:
            wanted += f", {self.allowed}"
        raise ParameterError(
            f"{self.name} must be {wanted}; got {came}. "
            f"Example: {self.name} = {self.default!r}."
        )


def admits(allowed, value):
    """Say whether a value of the right type is in the range that is written. Raises
    ParameterError where that is none.
    """
    if not allowed or re.match(r"any\b", allowed):
        return True
    if allowed.startswith("one of "):
        names = [a.strip() for a in allowed.removeprefix("one of ").split(",")]
        return str(value) in names
    return any(_inside(piece, value) for piece in allowed.split(" or "))


def _inside(piece, value):
    """Is the number in "3", "0 to 9", "above 0 to 1" or "0 to below 1"?"""
    found = SPAN.fullmatch(piece.strip())
    if not found:
        raise ParameterError(
            f"the range {piece!r} can't be read; write for example 0 to 9, above 0 to "
            f"0.5, 0 or 30 to 5,000, one of quick, full."
        )
    above, low, below, high = found.groups()
    low = float(low.replace(",", ""))
    if high is None:
        return value > low if above else value == low
    high = float(high.replace(",", ""))
    over = value > low if above else value >= low
    return over and (value < high if below else value <= high)


def read(source):
    """Return the parameters that a cell declares: dict name -> Parameter.

    Raises ParameterError where one of profile, seed and device is missing, where a
    parameter has no range or a default outside it."""
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for node in _declarations(source):
        name, kind = node.target.id, getattr(node.annotation, "id", "str")
        kind = {"int": int, "float": float, "bool": bool, "list": list}.get(kind, str)
        allowed = comments.get(node.lineno, "").split(";")[0].strip()
        allowed = {"seed": SEEDS, "device": ""}.get(
            name, "" if kind is bool else allowed
        )
        default = ast.literal_eval(node.value)
        if kind is not bool and name not in ("seed", "device") and not allowed:
            raise ParameterError(
                f"{name} declares no range; begin its comment with one, for example "
                f"`{name}: {kind.__name__} = {default!r}  # 0 to 9; what it means`."
            )
        found[name] = Parameter(name, kind, default, allowed)
        found[name].check(default)
    missing = set(FREE) - set(found)
    if missing:
        raise ParameterError(
            f"the parameters cell must declare profile, seed and device with their "
            f"types; missing: {', '.join(sorted(missing))}. Run the notebook from its "
            f"first cell."
        )
    return found


def _declarations(source):
    """Annotated assignments of a cell, none where it is no plain Python."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return []
    return [
        node
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]


def declared(lesson, namespace):
    """Return the parameters of the notebook that runs, from the source of its
    parameters cell. A kernel that keeps no history of its cells leaves the checkout's
    own notebook.
    """
    cells = namespace.get("In", [])
    sources = [s for s in cells if any(n.target.id in FREE for n in _declarations(s))]
    return read(sources[-1] if sources else stored(lesson))


def defaults(lesson, known):
    """Return what the lesson was written for: {name: default}. The checkout's own
    notebook counts where there is one, so that a default changed in a copy is a change.
    """
    source = stored(lesson)
    known = read(source) if source else known
    return {name: p.default for name, p in known.items()}


def stored(lesson):
    """Return the source of the parameters cell of the checkout's notebook; empty if
    there is none.
    """
    try:
        path = checkout() / "notebooks" / f"{lesson}.ipynb"
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, TypeError, ValueError):  # no checkout, no such lesson
        return ""
    tagged = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    return "".join(tagged[0]["source"]) if tagged else ""


def reject_unknown(lesson, known, namespace):
    """Stop at a misspelt parameter, where papermill would run on. Its injected cell
    begins with '# Parameters'.
    """
    for source in namespace.get("In", []):
        if not source.startswith("# Parameters"):
            continue
        targets = [
            t
            for node in ast.parse(source).body
            if isinstance(node, ast.Assign)
            for t in node.targets
        ]
        names = {t.id for t in targets if isinstance(t, ast.Name)}
        unknown = sorted(names - set(known))
        if unknown:
            listed = ", ".join(f"{p.name}: {p.kind.__name__}" for p in known.values())
            raise ParameterError(
                f"{lesson} has no parameter {', '.join(unknown)}. Its parameters are "
                f"{listed}."
            )
