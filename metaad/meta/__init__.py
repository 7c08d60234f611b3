"""Meta-learning: a start, a metric or a combination, learned from many tasks. One file a method."""

from metaad.meta.autoencoder import rebuild_loss, separation_loss
from metaad.meta.base import Learnable, MetaLearner, learnable, normality_loss, squared_error
from metaad.meta.evaluation import Episodes, evaluate
from metaad.meta.few_shot import FewShotDetector
from metaad.meta.inner_loop import inner_loop
from metaad.meta.mahalanobis import Mahalanobis
from metaad.meta.maml import MAML
from metaad.meta.plda import PLDA
from metaad.meta.protonet import ProtoNet
from metaad.meta.reptile import Reptile
from metaad.meta.stack import Stack

__all__ = [
    "MAML",
    "PLDA",
    "Episodes",
    "FewShotDetector",
    "Learnable",
    "Mahalanobis",
    "MetaLearner",
    "ProtoNet",
    "Reptile",
    "Stack",
    "evaluate",
    "inner_loop",
    "learnable",
    "normality_loss",
    "rebuild_loss",
    "separation_loss",
    "squared_error",
]
