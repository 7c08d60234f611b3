"""The parameters of a lesson: declared once with a type, checked at once."""

import ast

PROFILES = ("quick", "full")


class ParameterError(ValueError):
    """A lesson was started with a parameter it does not have, or with a value it
    cannot use.
    """


def declared(namespace):
    """Names and types of the annotated assignments in the parameters cell."""
    found = dict(namespace.get("__annotations__", {}))
    # Python 3.14 keeps annotations unevaluated
    if not found and "__annotate__" in namespace:
        found = namespace["__annotate__"](1)
    missing = {"profile", "seed", "device"} - set(found)
    if missing:
        raise ParameterError(
            f"the parameters cell must declare profile, seed and device with their types; missing: "
            f"{', '.join(sorted(missing))}. Run the notebook from its first cell."
        )
    return {n: t for n, t in found.items() if n in namespace}


def reject_unknown(lesson, known, namespace):
    """papermill runs on with a misspelt parameter; here it stops. Its injected cell
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
        unknown = sorted(
            {t.id for t in targets if isinstance(t, ast.Name)} - set(known)
        )
        if unknown:
            listed = ", ".join(
                f"{n}: {getattr(t, '__name__', t)}" for n, t in known.items()
            )
            raise ParameterError(
                f"{lesson} has no parameter {', '.join(unknown)}. Its parameters are {listed}."
            )


def checked(name, kind, value):
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    wrong_bool = isinstance(value, bool) and kind is not bool
    if isinstance(kind, type) and (wrong_bool or not isinstance(value, kind)):
        raise ParameterError(
            f"{name} must be of type {kind.__name__}, got {value!r} ({type(value).__name__})."
        )
    if name == "profile" and value not in PROFILES:
        raise ParameterError(
            f"profile must be one of {', '.join(PROFILES)}, got {value!r}."
        )
    if name == "seed" and not 0 <= value < 2**32:
        raise ParameterError(f"seed must lie between 0 and 2**32 - 1, got {value}.")
    return value
