"""A table on Monday morning: which detector, where the threshold lies, why a row is odd,
how all of it is kept and served.
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "budget": ["Currency"],
        "conformal": ["Conformal"],
        "rates": ["rate_for", "realised"],
    },
)
