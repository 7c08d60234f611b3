"""A progress bar that leaves nothing behind: in a notebook it shows while the work
runs and is empty afterwards.
"""

import sys

from tqdm import tqdm

EMPTY = {"text/html": "", "text/plain": ""}


def progress(items, *, total=None, label=""):
    """Iterate over `items` and show how far the work is.

    In a terminal this is tqdm. In a notebook the bar is one output that is overwritten
    in place and emptied at the end, so that a stored notebook holds no timings. Yields
    the items unchanged."""
    total = len(items) if total is None and hasattr(items, "__len__") else total
    if not _in_notebook():
        yield from tqdm(items, total=total, desc=label, leave=False, disable=None)
        return
    from IPython.display import HTML, display

    bar = tqdm(total=total, desc=label, file=_Nowhere(), ncols=72, mininterval=0.2)
    handle = display(EMPTY, raw=True, display_id=True)
    shown = 0.0
    try:
        for item in items:
            yield item
            bar.update(1)
            if bar._time() - shown > 0.2:
                shown = bar._time()
                handle.update(HTML(f"<pre>{bar}</pre>"))
    finally:
        bar.close()
        handle.update(EMPTY, raw=True)


def _in_notebook():
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


class _Nowhere:
    """tqdm formats the line; the notebook shows it, so nothing is written to the
    terminal.
    """

    def write(self, text):
        return len(text)

    def flush(self):
        return None
