"""Compare figures with a small tolerance while nbval compares the rest strictly.

Where another CPU moves the last bit of a coordinate, a few antialiased pixels turn a
little lighter or darker. A figure counts as unchanged if its words are the same, at
most 20 pixels differ, and none by more than 16 of 256 levels. Loaded by
notebooks/conftest.py, or elsewhere by `pytest -p nbval_figures`."""

import copy

from metaad.plots.base import differing, shown

MOST_PIXELS, MOST_LEVELS = 20, 16


def is_close(png, stored):
    """Whether a fresh picture may stand for the stored one."""
    differ, far = differing(png, stored, MOST_LEVELS)
    return differ <= MOST_PIXELS and not far


def for_comparison(fresh, stored):
    """Copies of two lists of outputs in which figures are compared by their words and
    fingerprints, and close ones have the stored fingerprint.
    """
    fresh, stored = copy.deepcopy(list(fresh)), copy.deepcopy(list(stored))
    found = [
        [(o, shown(o)) for o in outputs if shown(o)] for outputs in (fresh, stored)
    ]
    for (output, (png, alt)), (kept, (old, words)) in zip(*found, strict=False):
        if alt == words and is_close(png, old):
            output["data"]["text/plain"] = kept["data"]["text/plain"]
    for output, _ in (*found[0], *found[1]):
        del output["data"]["text/html"]  # its pixels are in the fingerprint
    return fresh, stored


def install():
    """Let nbval compare outputs through `for_comparison`."""
    from nbval.plugin import IPyNbCell

    strict = IPyNbCell.compare_outputs
    if getattr(strict, "with_figures", False):
        return

    def compare_outputs(self, test, ref, skip_compare=None):
        return strict(self, *for_comparison(test, ref), skip_compare)

    compare_outputs.with_figures = True
    IPyNbCell.compare_outputs = compare_outputs


install()
