"""How figures look and how they are shown: one style, colours for everyone, alt
text, a fingerprint of the pixels.
"""

import base64
import hashlib
import html
import io
import re

import matplotlib
import numpy as np

# Okabe and Ito's palette: eight colours that readers with any common colour blindness
# can tell apart.
COLOURS = {
    "normal": "#0072B2",
    "anomaly": "#D55E00",
    "third": "#009E73",
    "fourth": "#CC79A7",
    "fifth": "#E69F00",
    "sixth": "#56B4E9",
    "black": "#000000",
    "grey": "#777777",
}
DPI = 110
WIDTH = 6.5  # inches of every figure: on a phone of 390 pixels, SMALL is 7.5 pixels
TEXT, SMALL = 10.0, 9.0  # points: the usual text, and the smallest there is
_PNG = re.compile(r'src="data:image/png;base64,([A-Za-z0-9+/=]+)"')


def style():
    """Set the course's look: font, sizes, colours, no frame where none is needed."""
    matplotlib.rcdefaults()
    names = ("normal", "anomaly", "third", "fourth", "fifth", "sixth", "black")
    matplotlib.rcParams.update(
        {
            "figure.dpi": DPI,
            "figure.figsize": (WIDTH, 3.2),
            "figure.constrained_layout.use": True,
            "font.family": "DejaVu Sans",
            "font.size": TEXT,
            "axes.titlesize": TEXT,
            "axes.labelsize": TEXT,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": matplotlib.cycler(color=[COLOURS[n] for n in names]),
            "axes.grid": False,
            "xtick.labelsize": SMALL,
            "ytick.labelsize": SMALL,
            "legend.fontsize": SMALL,
            "legend.frameon": False,
            "image.cmap": "cividis",
            "lines.linewidth": 1.8,
            "lines.solid_capstyle": "round",
        }
    )


def pixels(png):
    """Decode a PNG: uint8 array (height, width, 4), whatever its compression."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGBA"))


def pixel_fingerprint(png):
    """Return the first 16 hex digits of the SHA-256 of a PNG's size and decoded pixels."""
    rgba = pixels(png)
    size = f"{(rgba.shape[1], rgba.shape[0])}"
    return hashlib.sha256(size.encode() + rgba.tobytes()).hexdigest()[:16]


def whole_pixels(figure):
    """Lay a figure out, then move the edges of its axes to whole pixels.

    An edge that lies half-way between two pixels would be drawn on the one or the
    other by the last bit of a sum.
    """
    figure.set_dpi(DPI)
    size = np.maximum(1, np.round(figure.get_size_inches() * DPI))
    figure.set_size_inches(size / DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    boxes = [axis.get_position().get_points() for axis in figure.axes]  # (2, 2) each
    for axis, box in zip(figure.axes, boxes, strict=True):
        (left, bottom), (right, top) = np.round(box * size) / size
        axis.set_axes_locator(None)
        axis.set_box_aspect(None)
        axis.set_aspect("auto")  # the box has its shape already
        axis.set_position((left, bottom, right - left, top - bottom))


def show(figure, alt):
    """Display a figure as a picture with alternative text, and close it.

    The picture is HTML, since JupyterLab and nbconvert give a bare PNG no alternative
    text. The plain text beside it carries the words and a fingerprint of the pixels,
    the metadata what a reader might find wrong with the figure (`legible.notes`).

    Parameters
    ----------
    figure : matplotlib Figure.
    alt : str, what the figure shows, in one or two sentences, for a reader who can't
        see it. Fewer than 20 characters raise ValueError."""
    from IPython.display import display
    from matplotlib import pyplot as plt

    from metaad.plots import legible

    if len(alt) < 20:
        raise ValueError(
            f"alt must say in a sentence what the figure shows; got {alt!r}."
        )
    whole_pixels(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    notes = legible.notes(figure)  # of what was just drawn
    plt.close(figure)
    display(picture(buffer.getvalue(), alt), raw=True, metadata={"metaad": notes})


def picture(png, alt):
    """Wrap a PNG and its alternative text as the data of a notebook's output."""
    source = base64.b64encode(png).decode()
    return {
        "text/html": f'<img alt="{html.escape(alt)}" '
        f'src="data:image/png;base64,{source}">',
        "text/plain": f"Figure: {alt} [pixels {pixel_fingerprint(png)}]",
    }


def shown(output):
    """Read a figure back from a notebook's output: (PNG bytes, alternative text), or
    None where the output is something else.
    """
    text = "".join(output.get("data", {}).get("text/html", ""))
    found = _PNG.search(text) if text.startswith('<img alt="') else None
    if found is None:
        return None
    alt = html.unescape(text[len('<img alt="') : text.index('" src=')])
    return base64.b64decode(found[1]), alt


def differing(png, other, levels=16):
    """Count the pixels in which two pictures differ.

    Returns
    -------
    (n, m) : pixels that differ at all, and pixels that differ by more than `levels` of
    256 in some channel. Pictures of different size differ in every pixel.
    """
    one, two = (pixels(p).astype(int) for p in (png, other))
    if one.shape != two.shape:
        whole = int(np.prod(one.shape[:2]))
        return whole, whole
    gap = np.abs(one - two).max(axis=2)
    return int((gap > 0).sum()), int((gap > levels).sum())
