"""Meta-learning: a start, a metric or a combination, learned from many tasks. One file a method."""

from metaad.meta.base import FewShotDetector, Learnable, MetaLearner, learnable, normality_loss, squared_error
from metaad.meta.evaluation import Episodes, evaluate
from metaad.meta.inner_loop import inner_loop
from metaad.meta.maml import MAML
from metaad.meta.metric import PLDA, ProtoNet

__all__ = [
    "MAML",
    "PLDA",
    "Episodes",
    "FewShotDetector",
    "Learnable",
    "MetaLearner",
    "ProtoNet",
    "evaluate",
    "inner_loop",
    "learnable",
    "normality_loss",
    "squared_error",
]
