"""Learning to choose: configurations, architectures and splits, by search and by policy gradients."""

from metaad.search.space import Choice, Integer, Real, Space, configured, space
from metaad.search.surrogate import SurrogateTasks

__all__ = ["Choice", "Integer", "Real", "Space", "SurrogateTasks", "configured", "space"]
