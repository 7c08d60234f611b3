"""Every figure of the course: a function draws, `show` displays it with alt text and
a fingerprint.
"""

from metaad.plots.base import COLOURS, show, style

__all__ = ["COLOURS", "show", "style"]
