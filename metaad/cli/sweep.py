"""`metaad sweep 08 --seeds 0:10 -p shots=2,5,10`: one lesson at many parameters."""

import contextlib
import re

from metaad.practice import sweep as sweeps


def seeds(text):
    """Return the seeds that "0:10" (10 is not one of them) or "7" names: list of int.

    Raises SweepError for anything else."""
    found = re.fullmatch(r"(\d+)(?::(\d+))?", text.strip())
    first, end = (int(g) if g else None for g in found.groups()) if found else (0, 0)
    if end is None:
        end = first + 1
    if end <= first:
        raise sweeps.SweepError(
            f"--seeds takes 7 or 0:10 (0 to 9, as in Python), got {text!r}."
        )
    return list(range(first, end))


def choices(pairs):
    """Return {name: texts} of "shots=2,5,10", "label=a": dict of lists of str, which
    `lessons.checked` reads in the types that the lesson declares.

    Quote a text that holds a comma: `-p 'label="a,b"'`. Raises SweepError where there is
    no "="."""
    found = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip().isidentifier():
            raise sweeps.SweepError(
                f"-p takes NAME=VALUE or NAME=VALUE,VALUE, for example shots=2,5,10; "
                f"got {pair!r}."
            )
        found[name.strip()] = [_plain(piece.strip()) for piece in _pieces(text)]
    return found


def _plain(text):
    """The text without the quotes around it."""
    quoted = re.fullmatch(r"'[^']*'|\"[^\"]*\"", text)
    return text[1:-1] if quoted else text


def _pieces(text):
    """Split at commas that stand outside of quotes."""
    return re.findall(r"(?:\"[^\"]*\"|'[^']*'|[^,])+", text) or [""]


@contextlib.contextmanager
def client_at(address):
    """Open a client of the Dask scheduler at an address; None for none.

    Raises SweepError where nobody answers."""
    if not address:
        yield None
        return
    from metaad.lazy import optional

    distributed = optional("dask.distributed")
    try:
        client = distributed.Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise sweeps.SweepError(
            f"no Dask scheduler answers at {address!r} ({error}). Start one with `dask "
            f"scheduler` and workers with `dask worker ADDRESS`."
        ) from None
    with client:
        yield client
