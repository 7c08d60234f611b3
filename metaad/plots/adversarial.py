"""Figures about generated anomalies."""

import numpy as np

from metaad.plots import charts
from metaad.plots.base import SMALL, WIDTH
from metaad.plots.charts import ANOMALY, NORMAL


def proposals(normal, sources):
    """Draw normal images, and below each what every source proposes beside it.

    Parameters
    ----------
    normal : array (n, height, width), 0 white to 1 black; n up to 8.
    sources : {name: (images (n, height, width), scores (n,))}, scores the probability
        of "anomaly" that a detector gives, written below each; NaN is written "–".

    Returns
    -------
    matplotlib Figure. Normal images have a thin blue frame, proposals a thick vermilion
    one; values below 0 and above 1 are drawn as white and black."""
    n = len(normal)
    figure, axes = charts.panels(
        n * (1 + len(sources)), columns=n, height=WIDTH / n + 0.12
    )
    lines = {"normal": (normal, None), **sources}
    for k, (name, (images, scores)) in enumerate(lines.items()):
        line = axes[k * n : (k + 1) * n]
        frame, width = (NORMAL, 1.2) if scores is None else (ANOMALY, 2.4)
        for i, (axis, image) in enumerate(zip(line, images, strict=True)):
            charts.picture(axis, np.clip(image, 0, 1), frame=frame, width=width)
            if scores is not None:
                text = "–" if np.isnan(scores[i]) else f"{scores[i]:.2f}"
                axis.set_xlabel(text, fontsize=SMALL)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=6)
    return figure
