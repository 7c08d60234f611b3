"""A detector that reads a table as its context: trained over hundreds of tables."""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "spaces": ["Spaces"],
        "neighbours": ["Neighbours"],
        "columns": [],
        "kernel": ["Leverage"],
        "table": [],
        "rows": ["Context"],
        "twice": [],
        "boosted": ["Trees"],
        "detector": ["ContextDetector"],
    },
)
