"""What lesson 12 shows of its records: what learning from many tables gains over the best
single detector and over an average that learned nothing, and what was tried.

record : many_table_context. choice : many_table_context_choice, which holds the control.
"""

import numpy as np

from metaad import intervals
from metaad.experiments.tables.many_table_context_choice import AVERAGE
from metaad.experiments.tables.many_table_context_labels import FIVE, NONE, TOLD
from metaad.experiments.tables.many_table_context_twice import ONCE, TWICE
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


def unlearned(choice, setting, world, measure):
    """Return the results (n_tables,) of the average of the same numbers, with nothing
    learned, on the tables that judge.
    """
    return np.array(choice["control"][setting][world][measure])


def learned(record, setting, world, measure):
    """Return the results (n_tables,) of what was learned from all tables, the mean of
    three seeds.
    """
    return np.array(record[setting]["context"][world][measure])


def scale_curve(record, choice, setting, world, measure):
    """Return sizes, and for each the gain over the average that learned nothing: (list
    of int, list of Interval), the intervals corrected for the number of sizes.
    """
    base = unlearned(choice, setting, world, measure)
    runs = record[setting]["scale"]
    sizes = sorted({run["tables"] for run in runs})
    columns = {
        n: np.mean([r[world][measure] for r in runs if r["tables"] == n], axis=0) - base
        for n in sizes
    }
    return sizes, list(intervals.simultaneous(columns).values())


def curves(record, choice, setting):
    """Return what `gains_by_tables` draws: {measure: {world: scale_curve}}."""
    return {
        title: {
            shown: scale_curve(record, choice, setting, world, measure)
            for world, shown in WORLDS.items()
        }
        for measure, title in MEASURES.items()
    }


def gains(record, choice, setting, world, measure="auroc"):
    """Return three gains on the tables that judge, each an Interval: "learned" and
    "average", over the best single detector, and "learning", the first minus the second.
    """
    ours = learned(record, setting, world, measure)
    average = unlearned(choice, setting, world, measure)
    _, single = best_single(record, setting, world, measure)
    return {
        "learned": intervals.paired(ours, single),
        "average": intervals.paired(average, single),
        "learning": intervals.paired(ours, average),
    }


def gains_table(record, choice, setting):
    """Return the gains of both worlds and measures as a Markdown table."""
    lines = []
    for world, shown in WORLDS.items():
        for measure, title in MEASURES.items():
            of = gains(record, choice, setting, world, measure)
            lines.append([f"{shown}, {title}", *map(str, of.values())])
    header = ["", "tables-v1 over the best single", "average over the best single"]
    return number_table([*header, "tables-v1 over the average"], lines)


def made_tasks(record, world, measure="auroc"):
    """Return what tasks made from the tables add to the tables themselves: Interval."""
    clean = record["clean"]
    both = (clean[n][world][measure] for n in ("context", "real tables only"))
    return intervals.paired(*both)


def best_blend(blend, kind, setting="clean"):
    """Return the blend with the average that is best on the tables that choose, by the
    sum of both measures: the weight of the average, and its gains over the trees alone
    as text, "mean [low, high]" of AUROC and of average precision.

    blend : many_table_context_blend. kind : "all" or "few columns"."""
    of = blend[setting][kind]
    weight = max(of, key=lambda w: sum(of[w][m]["mean"] for m in MEASURES))
    gains = (of[weight][m]["gain"] for m in MEASURES)
    return float(weight), [f"{v:.3f} [{low:.3f}, {high:.3f}]" for v, low, high in gains]


def blends_said(blend):
    """Return what the best blends with the average gained, as a sentence.

    blend : many_table_context_blend."""
    weight, every = best_blend(blend, "all")
    few_weight, few = best_blend(blend, "few columns")
    return (
        f"The trees blended with the average, on the tables that choose: weight {weight} "
        f"for it adds AUROC {every[0]}, average precision {every[1]}; weight "
        f"{few_weight}, on tables with at most {blend['settings']['few columns']} columns "
        f"alone: {few[0]}, {few[1]}."
    )


def second_reading(twice):
    """Return what a second reading adds to the trees for mixed contexts, on the tables
    that choose and on those looked at once: dict name -> two Intervals, of AUROC and of
    average precision.

    twice : many_table_context_twice."""
    parts = {"the tables that choose": twice["validate"]}
    parts |= {
        name: twice["looks"][w] for w, name in WORLDS.items() if w in twice["looks"]
    }
    return {
        name: [
            intervals.paired(part["tried"][TWICE][m], part["tried"][ONCE][m])
            for m in MEASURES
        ]
        for name, part in parts.items()
    }


def of_labels(kept, world="oddbench", rival=NONE):
    """Return what a mixed context that is told a few labels gains in AUROC over a rival:
    Interval over tables. kept : many_table_context_labels.
    """
    found = kept[world]["differences"]["auroc"][f"{TOLD} - {rival}"]
    return intervals.Interval(*found, len(kept[world]["tables"]))


def labels_told(kept):
    """Say what a few labels bring to a mixed context: Markdown text.

    kept : many_table_context_labels."""
    gains = (f"{n} **{of_labels(kept, w)}**" for w, n in WORLDS.items())
    behind = (f"{n} **{of_labels(kept, w, FIVE)}**" for w, n in WORLDS.items())
    counts = kept["settings"]["counts"]
    return (
        f"Told which rows are known, {kept['settings']['normal']} normal ones and "
        f"{counts[0]} to {counts[-1]} anomalies, it gains in AUROC: {'; '.join(gains)}. "
        f"Minus the average of five of lesson 11 on the same labels: {'; '.join(behind)}."
    )


def tried_table(choice, setting="clean"):
    """Return a Markdown table of what was tried on the tables that choose: gains over
    the average that learned nothing, corrected for their number.
    """
    tried = choice[setting]["tried"]
    found = {
        measure: intervals.simultaneous(
            {
                name: np.subtract(of[measure], tried[AVERAGE][measure])
                for name, of in tried.items()
                if name != AVERAGE
            }
        )
        for measure in MEASURES
    }
    order = sorted(found["auroc"], key=lambda name: -found["auroc"][name].value)
    lines = [[n, *(str(found[m][n]) for m in MEASURES)] for n in order]
    return number_table(
        ["over the average, nothing learned", *MEASURES.values()], lines
    )
