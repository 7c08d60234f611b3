"""How many tables does it take to tune a detector for tables that nobody tuned on?

    # what is done is kept in FOLDER; a run that was killed goes on
    python -m metaad.experiments many_table_tuning FOLDER

Every setting of five detectors on 417 tables of OddBench and 28 of ADBench, fitted to
at most 1,000 rows of a table and judged on at most 2,000 others: "clean", the rows read
are normal; "mixed" (kNN and LOF alone), up to a tenth of them are anomalies, and nothing
says which. Columns are standardised by the rows read. Strategies learn from what
settings got elsewhere.

1. Choosing: learned from OddBench's part "learn", judged on "validate". Each detector's
   strategy is the one with the best mean AUROC there.
2. Judging, one look: learned from "learn" and "validate" together, judged on "test" and
   on ADBench, which taught and chose nothing.
3. Scale: the same from 14 tables to all, nested subsets in 20 orders (3 where it is
   slow), and what they promise themselves: each table held out in turn. And learned
   from ADBench's 28.
4. Harm: how many tables lose more than .05 AUROC by a choice, beyond chance.

A table with fewer than five anomalies or normal rows to judge by is left out."""

import warnings
from functools import partial
from pathlib import Path

import numpy as np

from metaad import data
from metaad.experiments import record
from metaad.experiments.parts import Steps
from metaad.experiments.tables import many_table_tuning_judge as judging
from metaad.experiments.tables import many_table_tuning_matrix as tables
from metaad.search.tuning.no_labels import gain_of
from metaad.search.tuning.strategies import BestMean
from metaad.tasks.parts import PARTS, SETTINGS

SIZES, ORDERS, FEW_ORDERS = (14, 28, 56, 112, 224), 20, 3
# the rest is slow, and is judged on clean rows alone
WORLDS = [(s, kind) for s in SETTINGS for kind in tables.BY_SEARCH]
WORLDS += [("clean", kind) for kind in tables.GRID if kind not in tables.BY_SEARCH]
AVERAGED = ("five best by mean, averaged", "five best together, averaged")


def choose(world):
    """Return the mean AUROC of every learned strategy on "validate", the best of all,
    and the best that sets all tables alike.
    """
    learn, judge = world.at("learn"), world.at("validate")
    means = {
        name: float(world.results(strategy, learn, judge)[0][:, 0].mean())
        for name, strategy in judging.LEARNED.items()
    }
    return {
        "validate": {n: round(m, 4) for n, m in means.items()},
        "chosen": max(means, key=means.get),
        "chosen, one setting": max(judging.FIXED, key=means.get),
    }


def look(world):
    """Return what every strategy gets on the tables that taught nothing, table by
    table: {"test" or "adbench": {"auroc" or "ap": {strategy: list}}}.
    """
    learn, found = world.at("learn", "validate"), {}
    for part in ("test", "adbench"):
        judge, got = world.at(part), {}
        for name, strategy in (judging.CONTROLS | judging.LEARNED).items():
            got[name] = world.results(strategy, learn, judge)[0]
        agreed = [judging.closest_to_the_rest(world.ranks[t]) for t in judge]
        got["closest to the rest"] = np.c_[
            world.auroc[judge, agreed], world.ap[judge, agreed]
        ]
        best = world.auroc[judge].argmax(axis=1)
        got["oracle"] = np.c_[world.auroc[judge, best], world.ap[judge, best]]
        found[part] = {
            metric: {n: np.round(v[:, i], 4).tolist() for n, v in got.items()}
            for i, metric in enumerate(("auroc", "ap"))
        }
    return found


def scale(world, name):
    """Return gains in AUROC over the default by the number of tables learned from.

    name : of a learned strategy. For each size, over orders: the mean gain on "test" and
    on ADBench in each order, the gain of each test table averaged over orders, and what
    the tables of one setting for all promise themselves, see `promise`."""
    learn, rng = world.at("learn", "validate"), np.random.default_rng(0)
    n = ORDERS if name in judging.FIXED else FEW_ORDERS
    orders = [rng.permutation(learn) for _ in range(n)]
    found = {}
    for size in (*SIZES, len(learn)):
        some = [order[:size] for order in (orders if size < len(learn) else orders[:1])]
        found[str(size)] = _scale(world, name, some)
    return found


def _scale(world, name, some):
    found = {"promise": [promise(world.auroc[learn]) for learn in some]}
    for part in ("test", "adbench"):
        judge = world.at(part)
        base = world.auroc[judge, 0]
        gains = np.array(
            [
                world.results(judging.LEARNED[name], learn, judge)[0][:, 0] - base
                for learn in some
            ]
        )
        found[part] = {
            "by order": np.round(gains.mean(axis=1), 4).tolist(),
            "by table": np.round(gains.mean(axis=0), 4).tolist(),
        }
    return found


def promise(values):
    """Return what tables say of the best setting by mean, each held out in turn: mean
    gain over the default, and the lower end of its one-sided 95 % interval.

    values : (n_tables, n_settings), the default first."""
    rest = (values.sum(axis=0) - values) / (len(values) - 1)
    chosen = rest.argmax(axis=1)
    gains = values[np.arange(len(values)), chosen] - values[:, 0]
    gain = gain_of(gains, np.arange(len(gains)))
    return [round(gain.mean, 4), round(gain.low, 4)]


def from_adbench(world):
    """Return the setting that ADBench's tables teach, what they promise with a family
    held out in turn, and what OddBench's test tables then get.
    """
    learn, judge = world.at("adbench"), world.at("test")
    families = np.array([data.family(world.names[t]) for t in learn])
    own = np.zeros(len(learn))
    for f in dict.fromkeys(families):
        out = families == f
        own[out] = world.results(BestMean(), learn[~out], learn[out])[0][:, 0]
    kept, chosen = world.results(BestMean(), learn, judge)
    gains = {"promised": own - world.auroc[learn, 0]}
    gains["kept"] = kept[:, 0] - world.auroc[judge, 0]
    return {n: np.round(g, 4).tolist() for n, g in gains.items()} | {
        "setting": int(chosen[0][0]),
        "families": families.tolist(),
    }


def harmed(world, names):
    """Return for strategies that choose alike for all tables what they choose, and whom
    it harms.
    """
    learn, found = world.at("learn", "validate"), {}
    for name in names:
        strategy = (judging.CONTROLS | judging.LEARNED)[name]
        _, (columns,) = world.results(strategy, learn, learn[:1])
        found[name] = {"settings": np.asarray(columns).tolist()} | {
            p: judging.harm(world, world.at(p), columns) for p in ("test", "adbench")
        }
    return found


def detector(world, name, step):
    """Run all steps of one detector in one setting of the rows: dict.

    name : of the two together, as steps are called."""
    of = {"tables": world.names}
    found = step(f"choosing {name}", lambda: choose(world), **of)
    best, fixed = found["chosen"], found["chosen, one setting"]
    alike = [fixed, "whole grid, averaged", *AVERAGED]
    return found | {
        "look": step(f"looking {name}", lambda: look(world), **of),
        "scale": {
            s: step(f"scale {name}, {s}", lambda s=s: scale(world, s), **of)
            for s in dict.fromkeys((best, fixed, AVERAGED[0]))
        },
        "from ADBench": step(f"from ADBench {name}", lambda: from_adbench(world), **of),
        "harm": step(f"harm {name}", lambda: harmed(world, alike), chosen=alike, **of),
        "mean": step(f"mean {name}", lambda: means(world), **of),
    }


def means(world):
    """Return the mean AUROC of every setting by part, (n_settings,) each."""
    parts = {"learn and validate": ("learn", "validate")}
    parts |= {p: (p,) for p in ("test", "adbench")}
    return {
        n: np.round(world.auroc[world.at(*p)].mean(axis=0), 4).tolist()
        for n, p in parts.items()
    }


def usable(setting, step):
    """Return the tables of every part that can be judged by: dict part -> names."""
    return {
        p: step(f"tables {setting} {p}", partial(judging.usable, p, setting))
        for p in (*PARTS, "adbench")
    }


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("many_table_tuning", __doc__)
    found.add_argument("folder", type=Path, help="keeps what is done")
    return found


def main(argv=None):
    """Run what is missing in the folder, write data/results/many_table_tuning.json."""
    folder = parser().parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore", "n_neighbors")
    step = Steps(folder / "steps.json", [detector], seed=tables.SEED)
    results, seconds = {"looks at test": 1, "tables": {}, "names": {}}, 0.0
    results["settings"] = {kind: configs for kind, (_, configs) in tables.GRID.items()}
    names = {s: usable(s, step) for s in SETTINGS}
    for setting, some in names.items():
        results["tables"][setting] = {p: len(n) for p, n in some.items()}
        results["names"][setting] = {p: some[p] for p in ("test", "adbench")}
    for setting, kind in WORLDS:
        world = judging.world(kind, setting, names[setting], folder)
        seconds += world.seconds
        made = detector(world, f"{setting}, {kind}", step)
        results.setdefault(setting, {})[kind] = made
    seconds += step.seconds()
    lines = [record.command("many_table_tuning", folder)]
    record.write("many_table_tuning", results, lines, seconds=seconds)


if __name__ == "__main__":
    main()
