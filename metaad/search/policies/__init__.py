"""Policies over finitely many choices: REINFORCE, TRPO, and the controllers that use
them.
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "tuners": ["TRPO", "Reinforce"],
        "policy": ["CategoricalPolicy", "Record"],
        "reinforce": ["reinforce_gradient", "reinforce_step"],
        "rewards": ["Payoff"],
        "trpo": [
            "TRPOReport",
            "conjugate_gradient",
            "hessian_vector_product",
            "trpo_step",
        ],
    },
)
