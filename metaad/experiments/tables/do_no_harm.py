"""Without labels, does `optimize` do harm? And is there a setting that could be shipped?

    # what is done is kept in FOLDER; a run that was killed goes on
    python -m metaad.experiments do_no_harm FOLDER

Three parts, on tables of OddBench and of ADBench. A detector is fitted to at most 1,000
rows without labels, anomalies among them, and judged by AUROC on other rows of the same
table. Columns are standardised by the rows that were fitted.

1. Choosing: every setting of each detector's grid on 200 tables of OddBench. A setting
   may be shipped if it is better than the default (the lower end of the 95 % interval
   of the mean gain lies above 0) and loses more than .05 on no table; it is out at the
   first that it does. What qualifies is written to metaad/search/tuning/shipped.json; a
   detector without such a setting keeps its default.
2. Judging: `Meta(detector).fit(X).optimize(detector, X)` for three meta-learners, as the
   package is, on 100 other tables of OddBench and all ADBench tables at hand.
3. Learned from labelled tables: kNN and LOF after `fit(TableTasks(...))` of ADBench's
   tables (500 rows of each), judged on the same 100 tables of OddBench.

Tables are told apart by a hash of their names. Nothing was tuned on part 2 or 3."""

import logging
import warnings
import zlib
from functools import cache, partial
from pathlib import Path

import numpy as np
import sklearn.ensemble
import torch
from sklearn.base import clone

from metaad import data, metrics, repro
from metaad.detectors import anomaly_score
from metaad.experiments import record
from metaad.experiments.parts import Steps, read
from metaad.meta import MAML
from metaad.meta.one_table import as_set
from metaad.search import TRPO, Reinforce
from metaad.search.space import configured
from metaad.search.tuning.grids import GRIDS
from metaad.search.tuning.no_labels import SHIPPED
from metaad.tasks.scaling import standardised
from metaad.tasks.tables import TableTasks, adbench_names, oddbench_names

MOST_ROWS = 1000  # that are fitted; of the others at most twice as many are judged
LOSS = 0.05  # no table may lose more
CHOOSING, JUDGING = 200, 100
SEED = 0


def split(name, seed=SEED):
    """Return the rows of a table to fit, (n, d), and to judge by, (m, d), with y (m,).

    Of OddBench the training rows and half of the test rows are there to be fitted, of
    ADBench half of all rows."""
    table = data.load(name)
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    open_rows = np.flatnonzero(~table.train) if table.train is not None else None
    order = rng.permutation(len(table.X) if open_rows is None else open_rows)
    half = len(order) // 2
    fitted, judged = order[:half], order[half:]
    if table.train is not None:
        fitted = rng.permutation(np.r_[np.flatnonzero(table.train), fitted])
    fitted, judged = fitted[:MOST_ROWS], _enough(judged, table.y, 2 * MOST_ROWS)
    return *standardised(table.X[fitted], table.X[judged]), table.y[judged]


def _enough(rows, y, most):
    """At most so many rows, all anomalies among them if they are few."""
    anomalies, normal = rows[y[rows] == 1], rows[y[rows] == 0]
    anomalies = anomalies[: most // 2]
    return np.r_[anomalies, normal[: most - len(anomalies)]]


def drawn(n_choosing=CHOOSING, n_judging=JUDGING):
    """Return the names of OddBench tables in the order of a hash: to choose by, and to
    judge by.
    """
    names = sorted(oddbench_names(), key=lambda n: zlib.crc32(f"{SEED}{n}".encode()))
    # anomalies and normal rows to judge by, or a table tells no settings apart
    names = [n for n in names if min(np.bincount(split(n)[2], minlength=2)) >= 5]
    return names[:n_choosing], names[n_choosing : n_choosing + n_judging]


def seeded(detector):
    """Return a copy with a fixed seed, where it takes one."""
    detector = clone(detector)
    if "random_state" in detector.get_params():
        detector.set_params(random_state=SEED)
    return detector


def grid_of(kind):
    """Return a detector and its settings, the default first; forests of 1,000 trees
    left out: whatever they gain, they cost ten times as much.
    """
    detector, configs = GRIDS[kind]
    return seeded(detector), [c for c in configs if c.get("n_estimators") != 1000]


def choosing(names, kinds=tuple(GRIDS)):
    """Run a race of every detector's settings: one that loses too much on a table is
    out.

    Returns dict kind -> {"default", "qualifies" (a setting or None), "settings"}."""
    races = {kind: Race(*grid_of(kind)) for kind in kinds}
    for name in names:
        running = [race for race in races.values() if race.left]
        if running:
            rows = split(name)
            for race in running:
                race.run(name, *rows)
    return {kind: race.result() for kind, race in races.items()}


class Race:
    """The settings of one detector that have not yet lost more than LOSS on a table."""

    def __init__(self, detector, configs):
        self.detector, self.default, self.configs = detector, configs[0], configs[1:]
        self.left = list(range(len(self.configs)))
        self.gains = [[] for _ in self.configs]  # on the tables run so far
        self.out = [None] * len(self.configs)  # the table that ended it

    def run(self, name, X, X_test, y):
        """Judge every setting on one more table."""
        own = self._auroc(self.default, X, X_test, y)
        for i in self.left:
            self.gains[i].append(self._auroc(self.configs[i], X, X_test, y) - own)
            if self.gains[i][-1] < -LOSS:
                self.out[i] = name
        self.left = [i for i in self.left if self.out[i] is None]

    def _auroc(self, config, X, X_test, y):
        detector = configured(self.detector, config, len(X)).fit(X)
        return metrics.auroc(y, anomaly_score(detector, X_test))

    def result(self):
        """Return what became of every setting."""
        found = [self._setting(i) for i in range(len(self.configs))]
        fit = [f for f in found if f["out at"] is None and f["low"] > 0]
        best = max(fit, key=lambda f: f["mean"]) if fit else None
        return {"default": self.default, "qualifies": best, "settings": found}

    def _setting(self, i):
        gains = np.array(self.gains[i])
        mean = metrics.bootstrap(gains) if len(gains) > 1 else None
        return {
            "config": self.configs[i],
            "tables": len(gains),
            "mean": round(float(gains.mean()), 4),
            "low": round(mean.low, 4) if mean else None,
            "worst": round(float(gains.min()), 4),
            "out at": self.out[i],
        }


META = {"MAML": MAML, "Reinforce": Reinforce, "TRPO": TRPO}


def detectors():
    """Return the detectors of the listing, each with its library's default."""
    found = {kind: seeded(detector) for kind, (detector, _) in GRIDS.items()}
    theirs = sklearn.ensemble.IsolationForest(random_state=SEED)
    return {**found, "scikit-learn's Isolation Forest": theirs}


def learner(method, detector):
    """Return a meta-learner. AE-MAML makes 2 outer steps instead of 300: without labels
    what it learned from one table is not used.
    """
    options = {"random_state": SEED}
    if method == "MAML":
        options |= {"device": "cpu", "iterations": 2}
    return META[method](detector, **options)


def judging(name):
    """Run the listing on one table: dict detector -> [AUROC of the default, then what
    each meta-learner adds].
    """
    X, X_test, y = split(name)
    metas = {
        (kind, method): learner(method, detector).fit(X)
        for kind, detector in detectors().items()
        for method in META
    }
    return _changes(metas, X, X_test, y)


def learned(name):
    """Run the same with meta-learners that were fitted to labelled tables, and why."""
    metas = learned_metas()
    found = _changes(metas, *split(name))
    return {**found, "reasons": {" ".join(k): m.reason_ for k, m in metas.items()}}


@cache
def learned_metas(kinds=("kNN", "LOF")):
    """Return meta-learners of ADBench's tables: dict (kind, method) -> fitted."""
    tasks = TableTasks(adbench_names(), max_rows=500)
    some = detectors()
    return {(k, m): learner(m, some[k]).fit(tasks) for k in kinds for m in META}


def _changes(metas, X, X_test, y):
    found, made = {}, detectors()
    for (kind, method), meta in metas.items():
        if kind not in found:
            own = anomaly_score(as_set(made[kind], X), X_test)
            found[kind] = {"default": metrics.auroc(y, own)}
        got = anomaly_score(meta.optimize(made[kind], X), X_test)
        found[kind][method] = metrics.auroc(y, got) - found[kind]["default"]
    return found


def summary(tables):
    """Summarise over tables, for each detector: tables is dict name -> what `judging`
    gives.
    """
    names, first = list(tables), next(iter(tables.values()))
    found = {}
    for kind in first:
        values = {m: [t[kind][m] for t in tables.values()] for m in first[kind]}
        found[kind] = _about(values, names)
    return found


def _about(values, names):
    """Mean change and worst table of each meta-learner."""
    found = {"default auroc": round(float(np.mean(values["default"])), 4)}
    for method in META:
        change = np.array(values[method])
        mean = metrics.bootstrap(change)
        found[method] = {
            "mean": round(mean.value, 4),
            "low": round(mean.low, 4),
            "high": round(mean.high, 4),
            "worst": round(float(change.min()), 4),
            "worst table": names[int(change.argmin())],
        }
    return found


def ship(chosen, n_tables):
    """Write what may be shipped, by the type of the detector."""
    kinds = {k: type(d).__name__ for k, (d, _) in GRIDS.items()}
    content = {}
    for kind, found in chosen.items():
        fit = found["qualifies"]
        config = fit["config"] if fit else None
        content[kinds[kind]] = {
            "config": config,
            "default": found["default"],
            "tables": n_tables,
        }
    repro.write_json(SHIPPED, content)


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("do_no_harm", __doc__)
    found.add_argument("folder", type=Path, help="keeps what is done")
    return found


def main(argv=None):
    """Run the three parts, ship what qualifies, write data/results/do_no_harm.json."""
    folder = parser().parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("metaad").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "n_neighbors")
    of = {"rows": MOST_ROWS, "loss": LOSS, "seed": SEED}
    step = Steps(folder / "steps.json", [choosing], **of)
    to_choose, to_judge = step("tables", drawn)
    chosen = step("choosing", lambda: choosing(to_choose), tables=to_choose)
    ship(chosen, len(to_choose))
    results, of = {"choosing": chosen}, {"shipped": read(SHIPPED)}
    for place, names in (("ADBench", adbench_names()), ("OddBench", to_judge)):
        tables = {n: step(f"judging {n}", partial(judging, n), **of) for n in names}
        results[f"judging on {place}"] = summary(tables)
    of["learned from"] = adbench_names()
    tables = {n: step(f"learned {n}", partial(learned, n), **of) for n in to_judge}
    reasons = [t.pop("reasons") for t in tables.values()][-1]
    results["learned from ADBench"] = {**summary(tables), "reasons": reasons}
    results["tables"] = {"choosing": to_choose, "judging": to_judge}
    lines = [record.command("do_no_harm", folder)]
    record.write("do_no_harm", results, lines, seconds=step.seconds(), seed=SEED)


if __name__ == "__main__":
    main()
