"""Which network? Architectures searched by a controller, and a table of all of them
to test searches on.
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "search": [
            "ArchitectureSearch",
            "BudgetSpent",
            "CONTROLLERS",
            "Trials",
            "architectures",
            "controlled",
            "distinct",
            "expected_best",
            "halving",
            "n_parameters",
            "network",
            "random_search",
        ],
        "tabular": ["Benchmark", "incumbents", "replay"],
        "batched": ["train_together"],
    },
)
