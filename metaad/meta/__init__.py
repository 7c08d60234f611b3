"""Meta-learning: a start, a metric or a combination, learned from many tasks. One
file a method.
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "autoencoder": ["rebuild_loss", "separation_loss"],
        "base": [
            "Learnable",
            "MetaLearner",
            "learnable",
            "normality_loss",
            "squared_error",
        ],
        "evaluation": ["Episodes", "evaluate"],
        "few_shot": [],
        "few_shot_detector": ["FewShotDetector"],
        "inner_loop": [],
        "mahalanobis": ["Mahalanobis"],
        "maml": ["MAML"],
        "metric": [],
        "plda": ["PLDA"],
        "protonet": ["ProtoNet"],
        "reptile": ["Reptile"],
        "stack": ["Stack"],
    },
)
