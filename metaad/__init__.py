"""Meta-learning for anomaly detection: the package behind the course.

metaad.data.load("breast-cancer")       a table, with its source and licence
metaad.IsolationForest().fit(X)         a detector with scikit-learn's interface
metaad.anomaly_score(detector, X)       large = anomalous
metaad.auroc(y, scores)                 how well they rank
metaad.Stack.load("adbench-v1").adapt(X, y)     a detector from a few labels
metaad.MAML(detector).fit(tasks)        learn over many tasks, then .adapt or .optimize
metaad.FewShot().fit(images, classes).adapt(ten)    tell a new class from all others
"""

from metaad.lazy import attach

__version__ = "0.1.0"

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "data": ["load"],
        "detectors": [
            "AutoencoderDetector",
            "IsolationForest",
            "KMeansDetector",
            "KNNDetector",
            "anomaly_score",
        ],
        "meta": [
            "FewShot",
            "MAML",
            "Mahalanobis",
            "PLDA",
            "ProtoNet",
            "Reptile",
            "Stack",
        ],
        "search": ["ArchitectureSearch", "ForestPolicy", "Reinforce", "TRPO"],
        "metrics": ["auroc", "average_precision", "balanced_accuracy"],
        "nets": [],
        "plots": [],
        "progress": [],
        "repro": [],
        "saving": [],
        "scores": [],
        "tasks": [],
        "train": [],
        "experiments": [],
    },
)
