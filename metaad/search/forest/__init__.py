"""How a forest should cut, and what its leaves should say, learned over tables."""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__, {"cuts": ["ForestPolicy"], "leaves": ["ForestScore"]}
)
