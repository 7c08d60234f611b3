"""The same numbers on another day and another machine: parameters, seeds, threads,
claims, fingerprints.

A new lesson is a notebook notebooks/NN_name.ipynb. Its title cell ends with
`**30 minutes** to read and do.`; its second cell is tagged `parameters`, one line for
each: `rows: int = 200  # 10 to 5000; rows that are drawn`. Five lines make it a lesson:

    run = repro.start("21_a_new_lesson", globals())
    rng = np.random.default_rng(run.seed)
    claims = repro.Claims(run)
    claims.above("half of 1 is above", metrics.bootstrap(rng.uniform(size=rows)), 0.4)
    claims.table()

Figures go through `plots.show(figure, alt=...)`, exercises through
`metaad.exercises`. Then `python tests/tools/run_notebooks.py --refresh NN` stores its
outputs, `python tests/tools/lesson_table.py` enters it in the map, and `make test`
holds it to the form of the others.
"""

from metaad.repro.claims import ClaimError, Claims, say
from metaad.repro.own import of_yours, own_table
from metaad.repro.parameters import PROFILES, ParameterError
from metaad.repro.records import digest, recorded, results_dir, write_json
from metaad.repro.run import Run, fix_arithmetic, seed_everything, start
from metaad.repro.sources import on_gpu, source
from metaad.repro.tables import markdown_table, number_table

__all__ = [
    "PROFILES",
    "ClaimError",
    "Claims",
    "ParameterError",
    "Run",
    "digest",
    "fix_arithmetic",
    "markdown_table",
    "number_table",
    "of_yours",
    "on_gpu",
    "own_table",
    "recorded",
    "results_dir",
    "say",
    "seed_everything",
    "source",
    "start",
    "write_json",
]
