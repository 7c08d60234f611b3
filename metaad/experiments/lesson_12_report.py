"""What lesson 12 shows of the record many_table_context: gains by the number of tables,
what made tasks add, what was tried.
"""

import numpy as np

from metaad import intervals
from metaad.experiments.many_table_context_choice import AVERAGE, TAKEN
from metaad.repro.tables import number_table

WORLDS = {"oddbench": "OddBench", "adbench": "ADBench"}
MEASURES = {"auroc": "AUROC", "ap": "average precision"}


def best_single(record, setting, world, measure):
    """Return the detector that is best alone on the very tables that judge: its name
    and its results (n_tables,).
    """
    rivals = record[setting]["rivals"][world]
    name = max(rivals, key=lambda n: np.mean(rivals[n][measure]))
    return name, np.array(rivals[name][measure])


def scale_curve(record, setting, world, measure):
    """Return sizes, and the gain over the best single detector for each: (list of int,
    list of Interval), the intervals corrected for the number of sizes.
    """
    _, base = best_single(record, setting, world, measure)
    runs = record[setting]["scale"]
    sizes = sorted({run["tables"] for run in runs})
    columns = {
        n: np.mean([r[world][measure] for r in runs if r["tables"] == n], axis=0) - base
        for n in sizes
    }
    return sizes, list(intervals.simultaneous(columns).values())


def curves(record, setting):
    """Return what `figures.gains_by_tables` draws: {measure: {world: scale_curve}}."""
    return {
        title: {
            shown: scale_curve(record, setting, world, measure)
            for world, shown in WORLDS.items()
        }
        for measure, title in MEASURES.items()
    }


def gain(record, setting, world, measure="auroc"):
    """Return what learning from all tables gains over the best single detector, the mean
    of three seeds: Interval.
    """
    _, base = best_single(record, setting, world, measure)
    return intervals.paired(record[setting]["context"][world][measure], base)


def made_tasks(record, world, measure="auroc"):
    """Return what tasks made from the tables add to the tables themselves: Interval."""
    clean = record["clean"]
    both = (clean[n][world][measure] for n in ("context", "real tables only"))
    return intervals.paired(*both)


def tried_table(choice, setting="clean"):
    """Return a Markdown table of what was tried on the tables that choose: mean AUROC,
    and the difference from what was taken, corrected for their number.

    choice : the record many_table_context_choice."""
    of = choice[setting]["tried"] | _best(choice[setting]["rivals"])
    auroc = {name: np.array(found["auroc"]) for name, found in of.items()}
    gaps = intervals.simultaneous(
        {name: v - auroc[TAKEN] for name, v in auroc.items() if name != TAKEN}
    )
    order = sorted(auroc, key=lambda name: -auroc[name].mean())
    lines = [[n, f"{auroc[n].mean():.3f}", str(gaps.get(n, ""))] for n in order]
    return number_table(["learned from 237 tables", "AUROC", f"minus {TAKEN}"], lines)


def over_average(choice, setting="clean", measure="auroc"):
    """Return what the boosted trees gain over the average of the same numbers, with
    nothing learned, on the tables that choose: Interval.
    """
    tried = choice[setting]["tried"]
    return intervals.paired(tried[TAKEN][measure], tried[AVERAGE][measure])


def _best(rivals):
    """The detector that is best alone on the tables that choose, as one entry."""
    name = max(rivals, key=lambda n: np.mean(rivals[n]["auroc"]))
    return {f"best single detector, {name}": rivals[name]}
