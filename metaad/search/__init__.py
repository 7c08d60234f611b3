"""Learning to choose: configurations, architectures and splits, by search and by policy gradients."""

from metaad.search.architecture import ArchitectureSearch, architectures
from metaad.search.controller import TRPO, Reinforce
from metaad.search.forest_policy import ForestPolicy
from metaad.search.forest_score import ForestScore
from metaad.search.payoff import Payoff
from metaad.search.policy import CategoricalPolicy, Record, search
from metaad.search.reinforce import reinforce_gradient, reinforce_step
from metaad.search.space import Choice, Integer, Real, Space, configured, space
from metaad.search.surrogate import SurrogateTasks
from metaad.search.trpo import TRPOReport, conjugate_gradient, hessian_vector_product, trpo_step

__all__ = [
    "ArchitectureSearch",
    "CategoricalPolicy",
    "Choice",
    "ForestPolicy",
    "ForestScore",
    "Integer",
    "Payoff",
    "Real",
    "Record",
    "Reinforce",
    "Space",
    "SurrogateTasks",
    "TRPO",
    "TRPOReport",
    "architectures",
    "configured",
    "conjugate_gradient",
    "hessian_vector_product",
    "reinforce_gradient",
    "reinforce_step",
    "search",
    "space",
    "trpo_step",
]
