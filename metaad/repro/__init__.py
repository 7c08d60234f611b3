"""The same numbers on another day and another machine: parameters, seeds, threads,
claims, fingerprints.
"""

from metaad.repro.claims import ClaimError, Claims, check, say
from metaad.repro.parameters import PROFILES, ParameterError
from metaad.repro.records import digest, recorded, results_dir, write_json
from metaad.repro.run import Run, fix_arithmetic, seed_everything, start
from metaad.repro.sources import source

__all__ = [
    "PROFILES",
    "ClaimError",
    "Claims",
    "ParameterError",
    "Run",
    "check",
    "digest",
    "fix_arithmetic",
    "recorded",
    "results_dir",
    "say",
    "seed_everything",
    "source",
    "start",
    "write_json",
]
