"""Isolation Forest: the plain one, its cuts, learned cuts, learned leaves."""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "isolation_forest": ["IsolationForest"],
        "trees": ["average_path_length", "grow", "walk"],
        "expected": ["diluted_path", "expected_cuts"],
        "cuts": [],
        "split_policy": ["SplitPolicy"],
        "leaf_values": [],
    },
)
