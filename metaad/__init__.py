"""Meta-learning for anomaly detection: the package behind the course.

metaad.load("breast-cancer")                 a table with its source; or "my.csv"
metaad.IsolationForest().fit(X)              a detector with scikit-learn's interface
metaad.anomaly_score(detector, X)            large = anomalous
metaad.auroc(y, scores)                      how well they rank
metaad.auroc_scorer                          the same as scikit-learn's scoring=
metaad.ContextDetector().fit(X)              reads a table, learned over 417 others
metaad.FewLabelEnsemble().fit(X, y)          a detector from a few labels
metaad.Stack.load("adbench-v1").adapt(X, y)  the same with weights from other tables
metaad.MAML(detector).fit(tasks)             learn over many tasks
    .adapt(X, y)                             a detector for a new one, from its rows
    .optimize(detector, X)                   the same detector with what was learned
metaad.tune(detector, X, rows="clean")       settings that did better on other tables
metaad.FewShot().fit(images, classes)        a new class from ten images, .adapt(ten)
metaad.Conformal(detector).fit(X)            p-values; .alerts(X, rate=0.01)
metaad.TableModel().fit("my.csv")            all of it for a file; .score("new.csv")
metaad.to_onnx(detector, "d.onnx")           the scores where there is no Python
metaad.DriftAlarm().fit(scores)              .update(scores); it has no last day
metaad.attacks.pgd(score, rows, 0.1, ...)    how far a score can be pushed nearby

Data, metrics and the classical detectors need no torch. `metaad doctor` says what is
installed and where data lies.
"""

from metaad.lazy import attach

__version__ = "0.1.0"

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "data": ["load"],
        "detectors": [
            "AutoencoderDetector",
            "DenoisingAutoencoder",
            "GANDetector",
            "IsolationForest",
            "KMeansDetector",
            "KNNDetector",
            "MahalanobisDetector",
            "PCADetector",
            "WGANDetector",
            "anomaly_score",
            "auroc_scorer",
        ],
        "attacks": ["ExposureDetector"],
        "meta": [
            "ContextDetector",
            "FewLabelEnsemble",
            "FewShot",
            "LabelContrast",
            "MAML",
            "Mahalanobis",
            "PLDA",
            "ProtoNet",
            "Reptile",
            "Stack",
        ],
        "search": ["ArchitectureSearch", "ForestPolicy", "Reinforce", "TRPO"],
        "search.tuning": ["AveragedDetector", "tune"],
        "metrics": ["auroc", "average_precision", "balanced_accuracy"],
        "intervals": [],
        "nets": [],
        "plots": [],
        "practice": ["Conformal", "DriftAlarm", "TableModel", "to_onnx"],
        "cli": [],
        "progress": [],
        "repro": [],
        "saving": [],
        "scores": [],
        "tasks": [],
        "train": [],
        "exercises": [],
        "experiments": [],
    },
)
