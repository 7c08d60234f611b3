"""Hyperparameters chosen over tables.

from metaad.search.tuning import BestMean, Problem, candidates
# what every candidate gets on every table
problem = Problem.of(tasks, candidates(), folder)
# each strategy on each table, its family held out
results = problem.only("LOF").hold_out({"best by mean": BestMean()})"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "averaged": ["AveragedDetector"],
        "grids": ["Candidate", "GRIDS", "candidates"],
        "hold_out": ["Result"],
        "maml_strategy": ["Adapted"],
        "matrix": ["Matrix", "own_scores", "reader"],
        "meta_features": [],
        "problem": ["Problem", "codes_of"],
        "strategies": [
            "BestMean",
            "BestRank",
            "BestShrunk",
            "BestSmoothed",
            "Default",
            "Evidence",
            "Factorisation",
            "NearestTable",
            "Observed",
            "Regression",
            "Strategy",
        ],
        "surrogate": ["SurrogateTasks"],
        "with_labels": ["BestOnLabels", "Shrinkage", "shrinkage_weight"],
        "tuned": ["tune"],
        "uoms": ["study_codes", "study_features", "study_matrix"],
    },
)
