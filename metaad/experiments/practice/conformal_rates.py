"""Does a conformal threshold keep its false-alarm rate on tables that nothing used?

    python -m metaad.experiments conformal_rates FOLDER
        120 tables of OddBench's test part and ADBench's 28: 1 CPU-minute

Of each table's normal rows, in random order, up to 1,000 are read and the next 2,000, at
least 100, judge. An Isolation Forest of 50 trees, kNN (5 neighbours) and the Mahalanobis
distance, both on standardised columns, are fitted on three quarters of the rows read and
calibrated on the rest; rates .01, .05, .10 are asked for. The context detector, which
learned from OddBench, is measured on ADBench alone, with 500 rows to judge. Beside it

- ties broken at random, which the mathematics makes exact,
- the control: the quantile of the scores of the rows that fitted, all 1,000 of them,
- contaminated: 5 % of the rows read are anomalies that nobody has labelled,
- small: "cross" on 100 of the rows, with rates .05 and .10 (.01 is 1 of 101).

Nothing was chosen by these tables; labels tell which rows are normal, and no more. They
were looked at twice: the first time the control counted ties as alarms."""

import time
from pathlib import Path

import numpy as np
from scipy.stats import betabinom
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from metaad import data, intervals
from metaad.detectors import (
    IsolationForest,
    KNNDetector,
    MahalanobisDetector,
    anomaly_score,
)
from metaad.experiments import record
from metaad.experiments.parts import Steps
from metaad.meta import ContextDetector
from metaad.metrics import significant
from metaad.practice import Conformal
from metaad.practice.rates import odd_at
from metaad.tasks.parts import oddbench_part
from metaad.tasks.tables import adbench_names

NAME = "conformal_rates"
RATES = (0.01, 0.05, 0.1)
READ, JUDGED, LEAST, SMALL, DIRTY = 1000, 2000, 100, 100, 0.05
DETECTORS = {
    "Isolation Forest": lambda: IsolationForest(50, random_state=0),
    "kNN": lambda: make_pipeline(StandardScaler(), KNNDetector(5)),
    "Mahalanobis": lambda: make_pipeline(StandardScaler(), MahalanobisDetector()),
}
CONTEXT = "context"


def one_table(name):
    """Measure one table: dict of rows read and judged, and of false-alarm rates by
    detector and method; {} where it has too few normal rows.
    """
    table = data.load(name)
    rng = np.random.default_rng(0)
    normal = table.X[rng.permutation(np.flatnonzero(table.y == 0))]
    odd = table.X[rng.permutation(np.flatnonzero(table.y == 1))]
    read = min(READ, len(normal) - LEAST)
    if read < SMALL:
        return {}
    rows, judged = normal[:read], normal[read : read + JUDGED]
    dirty = rows.copy()
    planted = odd[: round(DIRTY * read)]
    dirty[: len(planted)] = planted
    dirty = rng.permutation(dirty)
    found = {"read": read, "judged": len(judged), "anomalies read": len(planted)}
    for detector, make in DETECTORS.items():
        split = Conformal(make()).fit(rows)
        found["m"] = split.n_calibration
        found[detector] = {
            "conformal": alarms(split.p_values(judged)),
            "ties at random": alarms(split.p_values(judged, random_state=0)),
            "control": control(make().fit(rows), rows, judged),
            "contaminated": alarms(Conformal(make()).fit(dirty).p_values(judged)),
            "small": alarms(
                Conformal(make(), "cross").fit(rows[:SMALL]).p_values(judged)
            ),
        }
    if name.startswith("adbench"):
        split = Conformal(ContextDetector()).fit(rows)
        found[CONTEXT] = {
            "conformal": alarms(split.p_values(judged[:500])),
            "ties at random": alarms(split.p_values(judged[:500], random_state=0)),
        }
    return found


def alarms(p):
    """Return the share of p-values at or below each rate: list of float."""
    return [round(float(np.mean(odd_at(p, rate))), 5) for rate in RATES]


def control(detector, rows, judged):
    """Return the same where the threshold is a quantile of the scores that were fitted,
    as `contamination` sets it.
    """
    fitted, scores = (significant(anomaly_score(detector, r)) for r in (rows, judged))
    beyond = [scores > np.quantile(fitted, 1 - rate) for rate in RATES]
    return [round(float(np.mean(b)), 5) for b in beyond]


def summary(tables):
    """Return what the record holds of {name: `one_table`}: by detector, method and rate."""
    found = {}
    for detector in (*DETECTORS, CONTEXT):
        of = [t[detector] for t in tables.values() if detector in t]
        found[detector] = {
            method: {
                str(rate): _one([t[method][i] for t in of])
                for i, rate in enumerate(RATES)
                if method != "small" or rate > 0.01
            }
            for method in (of[0] if of else ())
        }
    return found


def _one(rates):
    mean = intervals.bootstrap(rates)
    low, middle, high = np.quantile(rates, [0.05, 0.5, 0.95])
    named = {"mean": mean.value, "low": mean.low, "high": mean.high}
    named |= {"5 %": low, "median": middle, "95 %": high}
    return {n: round(float(v), 4) for n, v in named.items()}


def within(tables, method="ties at random"):
    """Return the share of tables whose false alarms lie in the central 95 % of what the
    Beta law (and the number of rows that judge) allows: {detector: {rate: float}}.
    """
    found = {}
    for detector in DETECTORS:
        for i, rate in enumerate(RATES):
            inside = []
            for t in tables.values():
                m, n = t["m"], t["judged"]
                k = rate * (m + 1)  # smoothed p-values need no whole number
                law = betabinom(n, k, m + 1 - k)
                count = round(t[detector][method][i] * n)
                inside.append(law.ppf(0.025) <= count <= law.ppf(0.975))
            found.setdefault(detector, {})[str(rate)] = round(float(np.mean(inside)), 3)
    return found


def parser():
    """Return the command line's parser."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("folder", help="folder for what is done")
    return found


def main(argv=None):
    """Measure every table, and write the record."""
    asked = parser().parse_args(argv)
    began = time.process_time()
    step = Steps(Path(asked.folder) / f"{NAME}.json", [one_table, Conformal])
    worlds = {"oddbench test": oddbench_part("test"), "adbench": adbench_names()}
    tables = {
        name: found
        for names in worlds.values()
        for name in names
        if (found := step(name, lambda n=name: one_table(n)))
    }
    parts = {"all": tables} | {
        w: {n: tables[n] for n in names if n in tables} for w, names in worlds.items()
    }
    content = {
        "asked": list(RATES),
        "rates": {part: summary(some) for part, some in parts.items()},
        "inside the central 95 % of the Beta law": within(tables),
        "n tables": {part: len(some) for part, some in parts.items()},
        "left out for too few normal rows": [
            n for names in worlds.values() for n in names if n not in tables
        ],
        "settings": {
            "read": READ,
            "judged": JUDGED,
            "share of anomalies where contaminated": DIRTY,
            "rows of small": SMALL,
            "looks at these tables": 2,
        },
        "tables": tables,
    }
    seconds = max(step.seconds(), time.process_time() - began)
    record.write(NAME, content, [record.command(NAME, "folder")], seconds=seconds)


if __name__ == "__main__":
    main()
