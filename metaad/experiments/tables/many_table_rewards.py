"""Which rewards without labels rank a detector's settings as the AUROC does, over
hundreds of tables?

    python -m metaad.experiments many_table_rewards FOLDER
        all of it; FOLDER keeps what was measured on each table, so that a run that was
        stopped goes on
    python -m metaad.experiments many_table_rewards FOLDER --worlds learn
        one part of the tables alone, and no record
    python -m metaad.experiments many_table_rewards FOLDER --worlds learn test adbench \\
            --search
        with ADBench's 28 tables, and with policies against random search

Everything was settled on OddBench's tables of the part "learn"; those of "test" are
looked at once. Each table gives at most 500 rows without labels, up to
a tenth of them anomalies; other rows judge."""

import time
from pathlib import Path

import numpy as np
import torch

from metaad import data, metrics
from metaad.experiments import parts, record
from metaad.experiments.tables import many_table_rewards_scores as scores
from metaad.experiments.tables import many_table_rewards_search as searches
from metaad.repro import cache
from metaad.tasks.parts import oddbench_part, read_and_judged
from metaad.tasks.tables import adbench_names

RECORD = "many_table_rewards"
WORLDS = ("learn", "test", "adbench")
MOST_READ, MOST_JUDGED, SEED = 500, 1000, 0
LEAST = 3  # anomalies among the rows that judge; a table with fewer is left out
SETTING = "mixed"
AVERAGE, ELSEWHERE = "average of all settings", "best on average, learn"
CODE = [scores, read_and_judged]


def names_of(world):
    """Return the names of the tables of a world."""
    return adbench_names() if world == "adbench" else oddbench_part(world)


def measured(name, folder):
    """Return what `scores.of_table` finds on a table, kept in a folder: None where too
    few anomalies could judge.
    """
    settings = {"rows": (MOST_READ, MOST_JUDGED), "setting": SETTING, "seed": SEED}
    settings["least"] = LEAST
    key = cache.key(code=CODE, table=name, **settings)
    path = cache.path(folder, name, "rewards").with_suffix(".json")
    kept = parts.stored(path, key)
    if kept is None:
        began = time.process_time()
        X, Q, y, _ = read_and_judged(name, SETTING, MOST_READ, MOST_JUDGED, SEED)
        enough = LEAST <= y.sum() <= len(y) - LEAST
        found = scores.of_table(X, Q, y, SEED) if enough else None
        spent = round(time.process_time() - began, 2)
        kept = parts.keep(path, key, {"found": found, "seconds": spent})
    return kept


def agreement(tables, kind):
    """Return for one detector the rank correlation of each reward with the AUROC, and
    the AUROC of the setting that each would choose: two dicts of lists, an entry per
    table.

    A reward that says the same of several settings chooses none of them: the mean."""
    rho, chosen = {}, {}
    for table in tables:
        auroc = np.array(table[kind]["auroc"])
        for name, reward in table[kind]["rewards"].items():
            reward = np.array(reward)
            flat = np.ptp(reward) == 0 or np.ptp(auroc) == 0
            r = 0.0 if flat else metrics.spearman(reward, auroc)
            rho.setdefault(name, []).append(float(r))
            top = reward == reward.max()
            chosen.setdefault(name, []).append(float(auroc[top].mean()))
        rivals = {
            "default": auroc[0],
            "random": auroc.mean(),
            "best there is": auroc.max(),
            AVERAGE: table[kind]["average"],
        }
        for name, value in rivals.items():
            chosen.setdefault(name, []).append(float(value))
    return rho, chosen


def best_elsewhere(tables, kind):
    """Return which setting of a detector has the highest mean AUROC over tables."""
    return int(np.mean([t[kind]["auroc"] for t in tables], axis=0).argmax())


def report(world, tables, learned):
    """Return what the record holds of one world: correlations, choices, searches.

    learned : tables of the part "learn", by which settings and policies are learned.
    """
    found = {"spearman": {}, "chosen": {}}
    for kind in scores.KINDS:
        rho, chosen = agreement(tables, kind)
        best = best_elsewhere(learned, kind)
        chosen[ELSEWHERE] = [t[kind]["auroc"][best] for t in tables]
        found["spearman"][kind], found["chosen"][kind] = rho, chosen
    return found


def rounded(found):
    """Return numbers of four digits, whatever they are nested in."""
    if isinstance(found, dict):
        return {name: rounded(value) for name, value in found.items()}
    if isinstance(found, list):
        return [rounded(value) for value in found]
    return round(found, 4) if isinstance(found, float) else found


def run(folder, worlds, search=False):
    """Measure the tables of the worlds and return what is found: dict, and seconds.

    search : whether policies search on the tables too."""
    tables, seconds = {}, 0.0
    for world in worlds:
        kept = {name: measured(name, folder) for name in names_of(world)}
        tables[world] = {n: k["found"] for n, k in kept.items() if k["found"]}
        seconds += sum(k["seconds"] for k in kept.values())
        print(world, len(kept), f"tables, {seconds:.0f} s", flush=True)
    began = time.process_time()
    learned = list(tables["learn"].values())
    found = {
        world: {
            "names": list(of),
            "families": [data.family(name) for name in of],
            "left out": len(names_of(world)) - len(of),
            **report(world, list(of.values()), learned),
            **(searches.searched(list(of.values()), learned) if search else {}),
        }
        for world, of in tables.items()
    }
    return rounded(found), seconds + time.process_time() - began


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("many_table_rewards", __doc__)
    found.add_argument("folder", type=Path, help="where measurements are kept")
    about = "learn first; a record needs test too"
    found.add_argument(
        "--worlds", nargs="+", choices=WORLDS, default=WORLDS[:2], help=about
    )
    about = "let policies search, too, against random search"
    found.add_argument("--search", action="store_true", help=about)
    return found


def main(argv=None):
    """Measure, and write the record where test was asked for."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    found, seconds = run(asked.folder, asked.worlds, asked.search)
    show(found)
    if "test" not in asked.worlds:
        return
    settings = {
        "rows read": MOST_READ,
        "rows judged": MOST_JUDGED,
        "setting": SETTING,
        "settings": {k: scores.settings_of(k)[1] for k in scores.KINDS},
        "looks at test": 1,
        **(searches.SETTINGS if asked.search else {}),
    }
    words = record.options(worlds=list(asked.worlds))
    words += ["--search"] if asked.search else []
    lines = [record.command("many_table_rewards", asked.folder, *words)]
    content = {"about": settings, "worlds": found}
    print(record.write(RECORD, content, lines, seconds=seconds, seed=SEED))


def show(found):
    """Print means over tables, corrected for how many there are."""
    for world, of in found.items():
        rho = {
            f"{kind}: {name}": values
            for kind, by_reward in of["spearman"].items()
            for name, values in by_reward.items()
        }
        for name, interval in metrics.simultaneous(rho, groups=of["families"]).items():
            print(f"{world:8}{name:45}{interval}")
        for kind, by in of["chosen"].items():
            for name, values in by.items():
                gain = np.mean(values) - np.mean(by["default"])
                print(f"{world:8}{kind:18}{name:26}{np.mean(values):.4f} {gain:+.4f}")


if __name__ == "__main__":
    main()
