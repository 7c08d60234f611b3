"""Sliders beside a stored figure: in a live session the reader moves one, and the figure
is drawn again with the new value.
"""

import io
import os
import sys

from metaad.plots.base import DPI, picture, show, whole_pixels

WIDE = {"description_width": "initial"}
HINT = "<p>Move the slider: the figure is drawn again here.</p>"


def slider(draw, alt, *, figure=None, start=None, **ranges):
    """Show a figure and, where the page can show widgets, sliders that redraw it below.

    What is stored in a notebook, and what a run without a page gives (nbval, papermill,
    a refresh), is the static figure alone, shown as by `plots.show`.

        def draw(k):
            detector = KMeansDetector(k, random_state=0).fit(X)
            return score_contours([[panel(detector)]])

        slider(draw, "The ring and 8 centres …", start=8, k=(1, 2, 4, 8, 16, 32, 64))

    Parameters
    ----------
    draw : function of one keyword argument for each range, gives a matplotlib Figure.
        It may be called at any later time and in any order: random numbers must come
        from a generator of its own, and it must change nothing that other cells read.
    alt : str, what the static figure shows; see `plots.show`.
    figure : the static figure, if it is another than `draw` at the start, for instance
        one with three panels where the slider draws one.
    start : value for a single range, or dict name -> value; where nothing is said, the
        middle one of the values.
    ranges : name=values, the sequence of values that a slider offers, in order:
        numbers or words, two at least.

    Returns
    -------
    None

    Raises
    ------
    ValueError
        if there is no range, a range has fewer than two values, or a start is not one
        of the values.
    """
    ranges = {name: list(values) for name, values in ranges.items()}
    first = _first(ranges, start)
    show(draw(**first) if figure is None else figure, alt)
    if live():
        _show_sliders(draw, ranges, first)


def live():
    """Tell whether a page that shows widgets is attached to this kernel.

    Jupyter's server names the session of the kernels that it starts for JupyterLab and
    Notebook; nbclient, nbval and papermill start kernels without one. VS Code and Colab
    have marks of their own. METAAD_WIDGETS=0 in the environment says no whatever the
    marks, 1 says yes.
    """
    from importlib.util import find_spec

    told = os.environ.get("METAAD_WIDGETS", "")
    if told == "0" or find_spec("ipywidgets") is None:
        return False
    marks = "JPY_SESSION_NAME" in os.environ or "google.colab" in sys.modules
    return told == "1" or marks or "__vsc_ipynb_file__" in _names()


def _names():
    """The names that the user's session holds; none outside IPython."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return {} if shell is None else shell.user_ns


def _first(ranges, start):
    """The value of each range that is shown first: dict name -> value."""
    if not ranges:
        raise ValueError("slider needs a range such as k=(1, 2, 4, 8); got none.")
    few = [name for name, values in ranges.items() if len(values) < 2]
    if few:
        raise ValueError(f"a slider needs two values or more; got one for {few[0]!r}.")
    if start is None:
        start = {}
    elif not isinstance(start, dict):
        start = dict.fromkeys(list(ranges)[:1], start)
    first = {n: start.get(n, v[len(v) // 2]) for n, v in ranges.items()}
    for name, value in first.items():
        if value not in ranges[name]:
            offered = ", ".join(map(str, ranges[name]))
            raise ValueError(f"start {name}={value!r} is not one of {offered}.")
    unknown = start.keys() - ranges.keys()
    if unknown:
        raise ValueError(f"start names {sorted(unknown)[0]!r}, which has no range.")
    return first


def _show_sliders(draw, ranges, first):
    from IPython.display import display

    display(_box(draw, ranges, first))


def _box(draw, ranges, first):
    """The widgets: a slider for each range, and under them the figure once one moves."""
    import ipywidgets

    place = ipywidgets.HTML(HINT)
    sliders = {
        name: ipywidgets.SelectionSlider(
            options=[(_text(v), v) for v in values],
            value=first[name],
            description=name,
            continuous_update=False,
            style=WIDE,
            layout={"width": "95%"},
        )
        for name, values in ranges.items()
    }

    def redraw(change):
        try:
            now = {name: s.value for name, s in sliders.items()}
            place.value = _html(draw(**now), now)
        except Exception as error:  # a page shows no traceback of a widget
            place.value = f"<p>{type(error).__name__}: {error}</p>"

    for each in sliders.values():
        each.observe(redraw, names="value")
    return ipywidgets.VBox([*sliders.values(), place])


def _text(value):
    return f"{value:g}" if isinstance(value, float) else str(value)


def _html(figure, now):
    """A figure as HTML, its alternative text the values that were chosen."""
    from matplotlib import pyplot as plt

    whole_pixels(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    plt.close(figure)
    said = ", ".join(f"{name} = {_text(value)}" for name, value in now.items())
    return picture(buffer.getvalue(), f"The figure again, with {said}")["text/html"]
