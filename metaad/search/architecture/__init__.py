"""Which network? Architectures searched by a controller, and a table of all of them
to test searches on.
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "networks": [
            "architectures",
            "distinct",
            "expected_best",
            "n_parameters",
            "network",
        ],
        "search": ["ArchitectureSearch", "CONTROLLERS"],
        "tabular": ["Benchmark", "incumbents", "replay"],
        "trials": [
            "BudgetSpent",
            "Trials",
            "controlled",
            "halving",
            "random_search",
        ],
        "batched": ["train_together"],
    },
)
