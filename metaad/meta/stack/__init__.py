"""Stack: scores combined with the help of a few labels."""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {"stack": ["Stack"], "inputs": [], "row_features": [], "label_features": []},
)
