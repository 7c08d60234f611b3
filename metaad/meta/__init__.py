"""Meta-learning: a start, a metric or a combination, learned from many tasks.

One file per method.
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "autoencoder": ["rebuild_loss", "separation_loss"],
        "learnables": ["Learnable", "learnable", "normality_loss", "squared_error"],
        "adversarial": ["Adversarial"],
        "base": ["MetaLearner"],
        "classifier": ["Classifier"],
        "context": ["ContextDetector"],
        "curvature": [],
        "evaluation": ["Episodes", "evaluate"],
        "few_shot": ["FewShot"],
        "few_shot_detector": ["FewShotDetector"],
        "dual": [],
        "inner_loop": [],
        "mahalanobis": ["Mahalanobis"],
        "maml": ["MAML"],
        "metric": ["MetricLearner"],
        "plda": ["PLDA"],
        "protonet": ["ProtoNet"],
        "processes": [],
        "proposals": [],
        "reptile": ["Reptile"],
        "stack": ["FewLabelEnsemble", "LabelContrast", "Stack"],
        "subspace": ["Subspace"],
        "support_heads": [],
    },
)
