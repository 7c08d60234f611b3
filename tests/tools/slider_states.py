"""Sliders that work on a page without a kernel: every state drawn beforehand.

The cells of a lesson up to its slider are run, with a `slider` that draws each value and
keeps the pictures. Only sliders with one range, few values and a cheap picture."""

import html
import io
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
from lesson_runs import QUIET, made_from
from run_notebooks import NOTEBOOKS, lessons

LARGEST = 300_000  # bytes of all pictures of one slider
COLOURS = 64
FIRST_CELL = """\
import sys
sys.path.insert(0, {tools!r})
import slider_states
from metaad.plots import sliders
sliders.slider = slider_states.keeper({folder!r}, {names!r})
"""


# ---- what a state shows, for a reader who can't see it; figure: of that state


def _title(axis):
    return axis.get_title(loc="left") or axis.get_title()


def flagged(value, figure):
    right = (f"{_title(a)}: {a.get_xlabel()}" for a in figure.axes)
    return f"Distance to neighbour {value}. " + "; ".join(right) + "."


def cheapest(value, figure):
    at, cost = figure.axes[1].lines[0].get_data()
    best = int(np.argmin(cost))
    return (
        f"Price of a missed anomaly in false alarms: {value}. The cost is lowest at "
        f"threshold {at[best]:.2f}: {cost[best]:.2f} of the cost without a detector."
    )


def kept(value, figure):
    cut, of, before, left = re.findall(r"\d+", _title(figure.axes[0]))
    return f"Cut {cut} of {of}: of the {before} points in the box {left} stay."


def grown(value, figure):
    said = []
    for line in (k for k in figure.axes[1].lines if k.get_label()[0] != "_"):
        x, y = line.get_data()
        there = round(float(np.interp(float(value), x, y)), 2) + 0.0  # no -0.00
        said.append(f"{line.get_label()} {there:.2f}")
    return f"Shift {value}. Of its largest value each distance has: {'; '.join(said)}."


# lesson -> name of the range -> what a state shows
WANTED = {
    "01": {"k": flagged, "price": cheapest},
    "03": {"cut": kept},
    "04": {"shift": grown},
}


# ---- in the kernel that runs a lesson's cells


def keeper(folder, names):
    """Return what stands for `slider` in a lesson: draws the states of the sliders whose
    range is named, and writes them into a folder.
    """

    def slider(draw, alt, *, figure=None, start=None, **ranges):
        (name, *more), offered = ranges, list(next(iter(ranges.values())))
        if name in names and not more:
            first = offered[len(offered) // 2] if start is None else start
            _write(Path(folder), draw, name, offered, offered.index(first))

    return slider


def _write(folder, draw, name, values, start):
    from matplotlib import pyplot as plt

    from metaad.plots.sliders import _text

    lesson = folder.name[:2]
    states = []
    for i, value in enumerate(values):
        figure = draw(**{name: value})
        said = WANTED[lesson][name](_text(value), figure)
        path = folder / f"{name}-{i:02d}.png"
        path.write_bytes(small_png(figure))
        states.append({"value": _text(value), "alt": said, "file": path.name})
        plt.close(figure)
    text = json.dumps({"start": start, "states": states}, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text, encoding="utf-8")


def small_png(figure):
    """Return a figure as PNG of few colours."""
    from PIL import Image

    from metaad.plots.base import DPI, whole_pixels

    whole_pixels(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    picture = Image.open(buffer).convert("RGB").quantize(COLOURS, dither=0)
    buffer = io.BytesIO()
    picture.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


# ---- where the site is built


def slider_cell(notebook, name):
    """Return the index of the cell whose slider has a range of that name."""
    for i, cell in enumerate(notebook["cells"]):
        code = "".join(cell["source"])
        called = cell["cell_type"] == "code" and re.search(r"(?<!def )\bslider\(", code)
        if called and re.search(rf"(?m)^    {name}=", code):
            return i
    raise ValueError(f"no cell has a slider with the range {name!r}.")


def draw(path, folder):
    """Draw the states of a lesson's sliders into folder/<lesson>, or find them there,
    drawn from the same code.

    Returns
    -------
    dict from the index of a cell to (name of the range, states as written); {} for a
    lesson without such sliders.

    Raises
    ------
    ValueError
        if a slider's pictures are larger than they should be together."""
    names = list(WANTED.get(path.name[:2], ()))
    if not names:
        return {}
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = {slider_cell(notebook, name): name for name in names}
    folder = Path(folder) / path.stem
    made = json.dumps({**made_from(path, {}), "tool": Path(__file__).read_text()})
    note = folder / "made_from.json"
    if not note.is_file() or note.read_text(encoding="utf-8") != made:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _run(
            path,
            max(cells) + 1,
            FIRST_CELL.format(
                tools=str(Path(__file__).parent),
                folder=str(folder.resolve()),
                names=names,
            ),
        )
        note.write_text(made, encoding="utf-8")
    found = {}
    for index, name in cells.items():
        written = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        size = sum((folder / s["file"]).stat().st_size for s in written["states"])
        if size > LARGEST:
            raise ValueError(f"{path.stem}, {name}: {size} bytes, over {LARGEST}.")
        found[index] = name, written
    return found


def _run(path, n, first):
    """Run the code among the first n cells of a lesson, after a cell of our own."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    code = [c for c in notebook.cells[:n] if c.cell_type == "code"]
    notebook.cells = [nbformat.v4.new_code_cell(first), *code]
    where = {"metadata": {"path": str(NOTEBOOKS)}}
    how = {"kernel_name": "python3", "resources": where, "extra_arguments": QUIET}
    NotebookClient(notebook, timeout=600, **how).execute()


def as_html(name, written, base):
    """Return a slider of pictures as HTML, hidden until its script runs; base : address of
    the folder of its pictures. The first picture stands above it: another is shown once
    the slider moves.
    """
    states, start = written["states"], written["start"]
    rows = [{**s, "file": f"{base}/{s['file']}"} for s in states]
    kept = html.escape(json.dumps(rows, ensure_ascii=False))
    value, file, said = (html.escape(rows[start][k]) for k in ("value", "file", "alt"))
    return (
        f'<div class="slider-states" data-states="{kept}" hidden>'
        f'<label for="slider-{name}">{name}</label>'
        f'<input type="range" id="slider-{name}" min="0" max="{len(rows) - 1}" '
        f'value="{start}" aria-valuetext="{value}">'
        f'<output for="slider-{name}">{value}</output>'
        f'<p aria-live="polite">{HINT}</p><img src="{file}" alt="{said}" hidden></div>'
    )


HINT = "Move the slider: the figure for another value is shown here."
STYLE = """
.slider-states { margin: 0.5rem 0 1rem; }
.slider-states input { width: min(24rem, 60%); vertical-align: middle; }
.slider-states label, .slider-states output { font-weight: bold; padding: 0 0.4rem; }
.slider-states[hidden], .slider-states img[hidden] { display: none; }
.slider-states p { margin: 0.3rem 0; }
"""
SCRIPT = """\
for (const place of document.querySelectorAll(".slider-states")) {
  const states = JSON.parse(place.dataset.states);
  const [input, shown] = [place.querySelector("input"), place.querySelector("output")];
  const [picture, said] = [place.querySelector("img"), place.querySelector("p")];
  input.addEventListener("input", () => {
    const state = states[Number(input.value)];
    picture.src = state.file;
    picture.hidden = false;
    picture.alt = said.textContent = state.alt;
    shown.textContent = state.value;
    input.setAttribute("aria-valuetext", state.value);
  });
  place.hidden = false;
}
"""


if __name__ == "__main__":
    for lesson in lessons(sys.argv[2:] or list(WANTED)):
        for name, written in draw(lesson, sys.argv[1]).values():
            print(lesson.stem, name, len(written["states"]))
