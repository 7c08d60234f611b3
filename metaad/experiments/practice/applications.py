"""In seven fields of use, does any list of alerts save more than the plain default's?

    # what is done is kept in FOLDER; a run that was killed goes on
    python -m metaad.experiments applications FOLDER

The default is scikit-learn's Isolation Forest as it comes. It and six others order the
same rows, see `applications_lists`: kNN, both once more on normal rows alone, the
context detector on normal rows, and two that know ten anomalies and fifty normal rows. A
share of the rows can be looked at, and the saving against no alert is counted in the
field's own prices, see `applications_fields`; prices and budgets are assumed.

Real tables are divided by lot twice, and the mean counts once; the two simulated
fields are simulated eight times and divided by time. Nothing is tuned: every method
keeps its defaults. The context detector that is shipped has learned from the tables of
OddBench, so that it is compared on the others alone.

Intervals are bootstrap-t over tables, or over simulated worlds; tables of one family are
drawn together. Within a field they hold for all methods at once, and their level is
1 - .05 / 7, so that all fields hold together at 95 %. Tables, prices, budgets and
methods were fixed before the first of these figures was seen; they were looked at once."""

import argparse
import itertools
from pathlib import Path

import numpy as np

from metaad import data, repro
from metaad.experiments import record
from metaad.experiments.parts import Steps
from metaad.experiments.practice import applications_lists as lists
from metaad.experiments.practice.applications_fields import FIELDS
from metaad.experiments.practice.applications_judge import MEASURES, measured, taught
from metaad.intervals import bootstrap, simultaneous
from metaad.practice import budget

DRAWS, WORLDS = 2, 8
LEVEL = 1 - 0.05 / len(FIELDS)
ENDS = ("perfect", "by lot")
SIMPLER = (lists.KNN, lists.FOREST_NORMAL, lists.KNN_NORMAL)


def units_of(found, method, measure, names=None):
    """Return a measure of each unit (a table, or a world), (u,): means over draws."""
    at = MEASURES.index(measure)
    names = list(found) if names is None else names
    return np.array(
        [np.mean([d["methods"][method][at] for d in found[n]]) for n in names]
    )


def of_field(name, found):
    """Return what the record keeps of a field. found : {unit: [figures of a draw]}."""
    field = FIELDS[name]
    methods = [m for m in lists.METHODS if all(_has(found, m, u) for u in found)]
    groups = [data.family(u.split(" ")[0]) for u in found]
    groups = list(range(len(found))) if field.simulated else groups
    means = {
        of: {m: float(units_of(found, m, of).mean()) for m in methods}
        for of in MEASURES
    }
    units = {
        of: {m: units_of(found, m, of) for m in methods}
        for of in ("saved", "of perfect")
    }
    gains = budget.gains(units["saved"], lists.PLAIN, groups=groups, level=LEVEL)
    out = {
        "question": field.question,
        "unit": field.currency.unit,
        "prices": {p: getattr(field.currency, p) for p in ("hit", "alert", "miss")},
        "share": field.share,
        "simulated": field.simulated,
        **{of: _round(np.mean([_mean(d, of) for d in found.values()])) for of in ENDS},
        "units": {
            u: {"rows": d[0]["rows"], "anomalies": d[0]["anomalies"]}
            | {of: {m: _round(units[of][m][i]) for m in methods} for of in units}
            for i, (u, d) in enumerate(found.items())
        },
        **{of: {m: _round(v) for m, v in of_m.items()} for of, of_m in means.items()},
        "gain": {m: _interval(g) for m, g in gains.items()},
    }
    if field.simulated:
        out["found by kind"] = {m: _by_kind(found, m) for m in methods}
    return out


def _by_kind(found, method):
    """Share of each kind's rows found within the budget: an interval over the worlds in
    which this kind occurs among the judged rows.
    """
    shares = {}
    for unit, (figures,) in found.items():
        name, seed = unit.split(" ")
        there = np.bincount(lists.by_time(name, int(seed)).kinds)
        for kind, share in enumerate(figures["kinds"][method], 1):
            if there[kind]:
                shares.setdefault(kind, []).append(share)
    return [_interval(bootstrap(shares[kind])) for kind in sorted(shares)]


def _mean(draws, of):
    return np.mean([d[of] for d in draws])


def _has(found, method, unit):
    return method in found[unit][0]["methods"]


def together(fields):
    """Return the comparisons over all real tables, in shares of a perfect list.

    fields : {field: {table: [figures]}}."""
    real = {
        t: d for n, f in fields.items() if not FIELDS[n].simulated for t, d in f.items()
    }
    others = [t for t in real if not taught(t)]
    of = lambda m, names: units_of(real, m, "of perfect", names)  # noqa: E731
    compared = {
        "all": (list(real), lists.PLAIN, (*SIMPLER, lists.FEW, lists.CLASSIFIER)),
        "context": (others, lists.CONTEXT, (lists.PLAIN, *SIMPLER)),
        "labels": (list(real), lists.FEW, (lists.CLASSIFIER, lists.FOREST_NORMAL)),
    }
    out = {"tables": len(real)}
    for name, (names, base, rivals) in compared.items():
        groups = [data.family(t) for t in names]
        sign = 1 if name == "all" else -1
        gaps = {m: sign * (of(m, names) - of(base, names)) for m in rivals}
        found = simultaneous(gaps, groups=groups)
        out[name] = {
            "base": base,
            "tables": len(names),
            "families": len(set(groups)),
            "mean": {m: _round(of(m, names).mean()) for m in (base, *rivals)},
            "difference": {m: _interval(i) for m, i in found.items()},
        }
    lost = units_of(real, lists.PLAIN, "saved") < 0
    out["tables on which the default costs more than it saves"] = int(lost.sum())
    return out


def _interval(interval):
    return [_round(v) for v in interval]


def _round(value):
    return float(f"{float(value):.6g}")


def parser():
    """Return the command line."""
    found = record.parser_of("applications", __doc__)
    found.add_argument(
        "folder", type=Path, metavar="FOLDER", help="where steps are kept"
    )
    found.add_argument("--draws", type=int, default=DRAWS, help=argparse.SUPPRESS)
    found.add_argument("--worlds", type=int, default=WORLDS, help=argparse.SUPPRESS)
    found.add_argument("--fields", nargs="+", default=None, help=argparse.SUPPRESS)
    return found


def of_units(name, asked, steps):
    """Return the figures of a field's tables or worlds: {unit: [figures of a draw]}."""
    field, found = FIELDS[name], {}
    worlds = range(asked.worlds) if field.simulated else (None,)
    for table, world in itertools.product(field.tables, worlds):
        unit, seeds = table, range(asked.draws)
        if field.simulated:
            unit, seeds = f"{table} {world}", (world,)
        found[unit] = [_step(steps, table, field, seed) for seed in seeds]
    return found


def _step(steps, table, field, seed):
    words = table, seed, field.currency, field.share, field.simulated
    of = {"currency": vars(field.currency), "share": field.share}
    return steps(f"{table} {seed}", lambda: measured(*words), **of)


def main(argv=None):
    """Run it and write data/results/applications.json."""
    asked = parser().parse_args(argv)
    repro.fix_arithmetic(True)
    asked.folder.mkdir(parents=True, exist_ok=True)
    steps, fields = Steps(asked.folder / "applications.json", [measured]), {}
    for name in asked.fields or FIELDS:
        fields[name] = of_units(name, asked, steps)
    content = {
        "draws": asked.draws,
        "worlds": asked.worlds,
        "level": _round(LEVEL),
        "looks": 1,
        "fields": {name: of_field(name, found) for name, found in fields.items()},
    }
    if any(not FIELDS[n].simulated for n in fields):
        content["together"] = together(fields)
    command = record.command("applications", "folder")
    record.write("applications", content, [command], seconds=steps.seconds())


if __name__ == "__main__":
    main()
