"""How figures look and how they are shown: one style, colours for everyone, alt
text, a fingerprint of the pixels.
"""

import base64
import hashlib
import io

import matplotlib

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


def style():
    """Set the course's look: font, sizes, colours, no frame where none is needed."""
    matplotlib.rcdefaults()
    cycle = [
        COLOURS[c]
        for c in ("normal", "anomaly", "third", "fourth", "fifth", "sixth", "black")
    ]
    matplotlib.rcParams.update(
        {
            "figure.dpi": DPI,
            "figure.figsize": (8.0, 3.6),
            "figure.constrained_layout.use": True,
            "font.family": "DejaVu Sans",
            "font.size": 10.5,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": matplotlib.cycler(color=cycle),
            "axes.grid": False,
            "image.cmap": "cividis",
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "lines.solid_capstyle": "round",
        }
    )


def pixel_fingerprint(png):
    """First 16 hex digits of the SHA-256 of a PNG's decoded pixels (height, width,
    4), whatever its compression.
    """
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        rgba = image.convert("RGBA")
        return hashlib.sha256(f"{rgba.size}".encode() + rgba.tobytes()).hexdigest()[:16]


def show(figure, alt):
    """Display a figure as PNG with alternative text, and close it.

    The output carries, as its plain text, the alternative text and a fingerprint of the
    pixels. Tools that compare stored with fresh outputs skip images; they compare text,
    so a changed figure is a changed output.

    Parameters
    ----------
    figure : matplotlib Figure.
    alt : str, what the figure shows, in one or two sentences, for a reader who can't
    see it."""
    from IPython.display import display
    from matplotlib import pyplot as plt

    if len(alt) < 20:
        raise ValueError(
            f"alt must say in a sentence what the figure shows; got {alt!r}."
        )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    plt.close(figure)
    png = buffer.getvalue()
    text = f"Figure: {alt} [pixels {pixel_fingerprint(png)}]"
    data = {"image/png": base64.b64encode(png).decode(), "text/plain": text}
    display(data, raw=True, metadata={"image/png": {"alt": alt}})
