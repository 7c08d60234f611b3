"""Objects of the table of classes to values and back."""

import inspect

from metaad.saving.classes import CLASSES, class_of


def key_of(value):
    """Return the row of a value's class, None if the table has none."""
    name = f".{type(value).__name__}"
    for key in CLASSES:
        if key.endswith(name) and class_of(key) is type(value):
            return key
    return None


def parameters(cls):
    """Return the names that the constructor takes."""
    return list(inspect.signature(cls).parameters)


def state(value, inner):
    """Return an object as JSON: its row, its parameters, and what it has learned (None
    if it is not fitted). inner : turns a value into JSON.
    """
    key = key_of(value)
    row, cls = CLASSES[key], type(value)
    if hasattr(value, "_state"):
        return [key, inner(value._state()), None]
    taken = {n: getattr(value, n) for n in parameters(cls)} | dict.fromkeys(row.unset)
    _check_fields(cls, taken, row.given)
    if key.startswith("sklearn.") and not row.of_parts:
        from metaad.saving import scikit

        learned = scikit.packed(value)
        return [key, inner(taken), learned if learned is None else inner(learned)]
    known = vars(value) if row.learned else {}
    learned = {n: known[n] for n in row.learned if n in known}
    if not learned:
        return [key, inner(taken), None]
    _check(cls, learned, row, "save a fitted one")
    if hasattr(value, "_savable"):
        value._savable()
    extra = {n for n in known if n.endswith("_") and not n.startswith("_")}
    extra -= {*row.learned, *row.left_out}
    if extra:
        raise TypeError(
            f"{cls.__name__} has {', '.join(sorted(extra))}, which its row in "
            f"metaad.saving.classes does not list; add it there, or delete it."
        )
    return [key, inner(taken), inner(learned)]


def made(content, inner):
    """Return the object behind the JSON of `state`. inner : JSON to a value."""
    key, taken, learned = content
    cls, row = class_of(key), CLASSES[key]
    taken = inner(taken)
    if hasattr(cls, "_from_state"):
        return cls._from_state(taken)
    if set(taken) != set(parameters(cls)):
        different = set(taken) ^ set(parameters(cls))
        raise ValueError(
            f"its {cls.__name__} has other parameters than this version's: "
            f"{', '.join(sorted(map(str, different)))}"
        )
    if key.startswith("sklearn.") and learned is not None:
        from metaad.saving import scikit

        return scikit.unpacked(inner(learned), cls)
    _check_fields(cls, taken, row.given)
    made = cls(**taken)
    if learned is None:
        return made
    learned = inner(learned)
    _check(cls, learned, row, "save it again")
    vars(made).update(learned)
    if hasattr(made, "_check_contamination"):
        made._check_contamination()
    if hasattr(made, "_restored"):
        made._restored()
    return made


def _check(cls, learned, row, remedy):
    """Every field is there, none is over, each is as it must be."""
    missing = [n for n, f in row.learned.items() if n not in learned and not f.optional]
    extra = set(learned) - set(row.learned)
    if missing or extra:
        said = [f"{n} is missing" for n in missing] + [f"{n} is unknown" for n in extra]
        raise ValueError(f"of a {cls.__name__}, {', '.join(said)}; {remedy}")
    # arrays last, so that n_features_in_ is what they are measured against
    _check_fields(cls, learned, {n: row.learned[n] for n in learned})


def _check_fields(cls, values, fields):
    """Each value is as its field says."""
    sizes = {}
    for name, look in fields.items():
        look(f"{name} of {cls.__name__}", values[name], sizes)
