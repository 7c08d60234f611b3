"""Check what meta-learners are given: one error text for each kind of mistake."""

import numbers
import os

import numpy as np
import torch

from metaad.tasks import LabelledTable, ResampledTasks, TableTasks

# parameter dtype: the type of the weights
DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "bfloat16": torch.float32,
}


def as_tasks(tasks):
    """Return tasks as they are; make tasks of one array or of a list of tables.

    tasks : anything with `n_features` and `sample(n_tasks, generator)`; or an array,
        tensor or DataFrame (n, ...), whose rows are resampled; or a list of
        LabelledTables.

    Raises
    ------
    TypeError
        for anything else, such as the path of a file.
    ValueError
        for an array that does not hold finite numbers.
    """
    if isinstance(tasks, (list, tuple)) and _all_tables(tasks):
        return TableTasks(tasks)
    if is_table(tasks):
        X = rows_of(tasks)
        X = X.reshape(len(X), -1) if X.ndim > 1 else X
        return ResampledTasks(X, dtype=torch.get_default_dtype())
    if callable(getattr(tasks, "sample", None)) and hasattr(tasks, "n_features"):
        return tasks
    came = type(tasks).__name__
    hint = "See metaad.tasks for what draws tasks."
    if isinstance(tasks, (str, bytes, os.PathLike)):
        came, hint = repr(tasks), "Read the file first: metaad.load(path).X."
    raise TypeError(
        f"fit takes tasks, an array (n, d) or a DataFrame, got {came}. {hint}"
    )


def is_table(tasks):
    """Return whether `fit` got the rows of one table, and no tasks."""
    if isinstance(tasks, list):
        return not _all_tables(tasks)
    return isinstance(tasks, np.ndarray) or hasattr(tasks, "__array__")


def _all_tables(tasks):
    return bool(tasks) and all(isinstance(t, LabelledTable) for t in tasks)


def rows_of(X):
    """Return the rows of an array, a list or a DataFrame: float64 array (n, ...).

    Raises
    ------
    ValueError
        for text, columns of text and rows of different lengths.
    """
    types = getattr(X, "dtypes", ())
    if hasattr(X, "columns"):
        other = [str(c) for c, t in zip(X.columns, types, strict=True) if _other(t)]
        if other:
            raise ValueError(
                f"expected columns of numbers; {', '.join(other)} hold something "
                "else. Encode or drop them first, e.g. with pandas.get_dummies."
            )
    try:
        rows = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            "expected an array (n, d) of numbers, got text or rows of different "
            "lengths; metaad.load encodes the text columns of a file."
        ) from None
    # a DataFrame lends its memory for reading only, and PyTorch warns about that
    return rows if rows.flags.writeable else rows.copy()


def _other(dtype):
    """Whether a column's type is neither a number nor a truth value."""
    return getattr(dtype, "kind", "O") not in "iufb"


def check_parameters(learner):
    """Raise ValueError for a parameter of the outer loop that is out of range."""
    for name in ("iterations", "n_tasks"):
        value = getattr(learner, name)
        if not isinstance(value, numbers.Integral) or value < 1:
            raise ValueError(f"{name} must be a whole number ≥ 1, got {value!r}.")
    if learner.schedule not in ("constant", "cosine"):
        raise ValueError(
            f'schedule must be "constant" or "cosine", got {learner.schedule!r}.'
        )
    if not 0 <= learner.average < 1:
        raise ValueError(
            f"average must lie in [0, 1), got {learner.average!r}; 0.99 is usual, "
            "0 turns it off."
        )
    if learner.dtype not in (None, *DTYPES):
        raise ValueError(
            f"dtype must be None or one of {', '.join(DTYPES)}; got {learner.dtype!r}."
        )
    seed = learner.random_state
    if learner.checkpoint is not None and not isinstance(seed, numbers.Integral):
        raise ValueError(
            "a checkpoint needs a whole number as random_state, so that a run that was "
            f"stopped can go on with the same tasks; got {seed!r}."
        )


def working_type(dtype, tasks_dtype):
    """Return the torch.dtype of a learner's weights, tasks_dtype where dtype is None."""
    return DTYPES.get(dtype, tasks_dtype)


def check_savable(learner):
    """Raise ValueError if what was learned about the estimator is not kept in files."""
    known = getattr(learner, "known_", None)
    if known is None and not isinstance(learner.estimator, torch.nn.Module):
        raise ValueError(
            f"what a {type(learner).__name__} learned about a "
            f"{type(learner.estimator).__name__} is not kept in files: its Learnable "
            "has no `known`; save the detector that adapt or optimize returns"
        )


def check_support(learner, support, y):
    """Return the support as float64 (k, d) and y as float64 (k,) or None.

    Raises
    ------
    ValueError
        for fewer than two rows, NaN or infinity, another width than the tasks had,
        and labels that are unknown, too few or all 1.
    """
    support = rows_of(support)
    support = support.reshape(len(support), -1) if support.ndim > 1 else support
    if support.ndim != 2 or len(support) < 2:
        raise ValueError(
            "adapt needs a support of at least 2 rows, array (k, d); got shape "
            f"{support.shape}. One row says nothing about how normal rows differ."
        )
    # None: the tasks were tables of different widths
    if learner.n_features_ not in (None, support.shape[1]):
        raise ValueError(
            f"the support must have {learner.n_features_} features, as the tasks of "
            f"fit had; got {support.shape[1]}."
        )
    if not np.isfinite(support).all():
        raise ValueError(
            "the support holds NaN or infinity; drop or fill those rows first."
        )
    return support, _labels(y, len(support), learner.learnable_.unlabelled)


def _labels(y, k, unlabelled):
    if y is None:
        return None
    y = np.asarray(y, dtype=np.float64)
    unknown = ", -1 (not known)" if unlabelled else ""
    allowed = (0, 1, -1) if unlabelled else (0, 1)
    if y.shape != (k,) or not np.isin(y, allowed).all() or y.all():
        raise ValueError(
            f"y must hold 0 (normal), 1 (anomaly){unknown} for each of the {k} support "
            f"rows, and one 0 at least; got {y!r:.80}."
        )
    return y


def check_same_type(learner, detector):
    """Raise TypeError unless `detector` is of the type that was learned about."""
    ours, asked = type(learner.estimator), type(detector)
    if asked is not ours:
        name = type(learner).__name__
        raise TypeError(
            f"this {name} has learned about {ours.__name__}, and was asked to "
            f"optimize {asked.__name__}; make one for it: {name}(detector).fit(tasks)."
        )
