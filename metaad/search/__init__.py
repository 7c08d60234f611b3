"""Learning to choose: configurations, architectures and splits, by search and by
policy gradients.
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "architecture": ["ArchitectureSearch", "architectures"],
        "forest": ["ForestPolicy", "ForestScore"],
        "policies": [
            "CategoricalPolicy",
            "Payoff",
            "Record",
            "Reinforce",
            "TRPO",
            "TRPOReport",
            "conjugate_gradient",
            "hessian_vector_product",
            "reinforce_gradient",
            "reinforce_step",
            "trpo_step",
        ],
        "space": ["Choice", "Integer", "Real", "Space", "configured"],
        "tuning": [],
        "tuning.surrogate_tasks": ["SurrogateTasks"],
    },
)
