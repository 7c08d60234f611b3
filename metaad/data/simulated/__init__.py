"""Simulated data of two fields for which no labelled table is bundled: a warehouse and
a motorway. Every assumption is written down, and all of it is made up.

    from metaad import data
    table = data.load("simulated:supply-chain")      # or "simulated:road-traffic"

    from metaad.data.simulated import supply_chain
    world = supply_chain.simulate(days=60, seed=1)   # every quantity, day by day
    world.table()
"""

import numpy as np

from metaad.data.records import DataError, Table
from metaad.lazy import attach

LICENCE = "none needed: made by metaad"

__all__, __getattr__, __dir__ = attach(
    __name__, {"supply_chain": [], "road_traffic": []}
)


def as_record(X, y, name, columns, marks, seed):
    """Return a `Table` that says it is simulated, and with which seed."""
    source = (
        f"simulated by metaad.data.simulated, seed {seed}; nothing in it was measured"
    )
    return Table(X, y, name, source, LICENCE, marks, "anomalies", None, tuple(columns))


def at_least_one(**sizes):
    """Raise DataError unless each size is a whole number ≥ 1."""
    for name, value in sizes.items():
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise DataError(f"{name} must be a whole number ≥ 1, got {value!r}.")
