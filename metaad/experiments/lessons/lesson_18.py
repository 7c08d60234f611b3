"""What lesson 18 measures with: a table with its prices, worlds with their kinds and
weeks, and the record of seven fields read back.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from metaad import data, metrics, repro
from metaad.data.simulated import road_traffic, supply_chain
from metaad.experiments.practice import applications_lists as lists
from metaad.experiments.practice.applications_fields import FIELDS
from metaad.metrics import Interval
from metaad.practice import budget, words
from metaad.practice.facts import Facts

PLAIN, FEW, CONTEXT = lists.PLAIN, lists.FEW, lists.CONTEXT
CLASSIFIER, KNN_NORMAL = lists.CLASSIFIER, lists.KNN_NORMAL
FOREST_NORMAL = lists.FOREST_NORMAL
MOST = 5_000  # rows of a reader's table
PERFECT, BY_LOT = "a perfect list", "by lot"
SHADES = {
    1: "late supplier, or incident",
    2: "double order, or stuck sensor",
    3: "quiet theft",
}


class Place(NamedTuple):
    """A table at work: its name, the names of its columns, its past and judged rows.

    past, judged : the same rows as DataFrames, in the words of the reader's table; None
    for a table of numbers."""

    name: str
    columns: tuple
    rows: lists.Rows
    past: pd.DataFrame | None = None
    judged: pd.DataFrame | None = None
    source: tuple | None = None  # the column that each number comes from


def place(run):
    """Return the clinic's table, one result in twenty a malignant tumour, or the
    reader's own file with its labels: a `Place`, divided by lot into past and judged.

    run : Run of the lesson. Raises ParameterError if the file has no labels, or too few
    anomalies to divide."""
    needs = {"most": MOST, "anomalies": 4, "normal": 40}
    table = repro.own_table(run, lambda: _clinic(run.seed), **needs)
    table = replace(table, train=None)
    name = table.name if run.own else "the clinic's table"
    found = Place(name, tuple(table.columns), lists.divided(table, run.seed))
    if table.preparation is None:
        return found
    path, label = (run.parameters[n] for n in ("data", "label"))
    raw = data.read_frame(path).frame.drop(columns=label, errors="ignore")
    frame = table.preparation.understood(raw.iloc[run.rows])
    at = replace(table, X=np.arange(len(table.y))[:, None])  # rows as their places
    at = lists.divided(at, run.seed)
    past, judged = (frame.iloc[part[:, 0]] for part in (at.past, at.X))
    source = tuple(table.preparation.source_)
    return found._replace(past=past, judged=judged, source=source)


def _clinic(seed):
    return data.rarer(data.load("breast-cancer"), lists.RARE, seed)


def reasons(place, detector, at, most=2):
    """Return why rows are odd, in the table's own words: a list of str.

    at : int array, which of the judged rows. most : columns named for each."""
    past, X = place.past, place.rows.X[at]
    if past is None:
        past = pd.DataFrame(place.rows.past, columns=place.columns)
        shown = pd.DataFrame(X, columns=place.columns)
    else:
        shown = place.judged.iloc[at]
    facts = Facts().fit(past, place.rows.past, place.source, place.columns)
    return words.reasons(detector, shown, X, facts, most=most)


def curves(rows, scores, currency):
    """Return what each list saves after 0, 1, 2, … alerts, and what a perfect one and
    one by lot would: dict name -> (n + 1,).
    """
    y, n = rows.y, len(rows.y)
    perfect = budget.saving_curve(y, y.astype(float), currency)
    found = {PERFECT: perfect}
    found |= {m: budget.saving_curve(y, s, currency) for m, s in scores.items()}
    return found | {
        BY_LOT: np.linspace(0, budget.saving(y, 0.0 * y, currency, n), n + 1)
    }


def kinds_of(name):
    """Return the kinds of anomaly of a world, "" for none first: tuple of str."""
    return _module(f"simulated:{name.removeprefix('simulated:')}").KINDS


def _module(name):
    return {m.NAME: m for m in (supply_chain, road_traffic)}[name]


class World(NamedTuple):
    """A simulated world at work.

    simulated : Warehouse or Motorway. rows : past and judged. block : week or day of
    each judged row. events : their numbers, 0 for none. lists : {method: scores}."""

    simulated: object
    rows: lists.Rows
    block: np.ndarray
    events: np.ndarray
    lists: dict


def world(name, seed, methods):
    """Simulate a world and let each method order its later rows: a `World`. Blocks are
    weeks in the warehouse and days on the road.
    """
    module = _module(name)
    made = module.simulate(seed=seed)
    rows = lists.by_time(name, seed)
    later = slice(len(made.days) - len(rows.y), None)
    days = made.days[later]
    block = days // 7 if module is supply_chain else days
    events = made.event.ravel()[later]
    return World(made, rows, block, events, lists.lists(rows, seed, methods))


def found_by_kind(world, flagged, kinds):
    """Return (events found, all) of each kind: dict name -> pair."""
    return {
        name: budget.events_found(
            flagged, np.where(world.rows.kinds == k, world.events, 0)
        )
        for k, name in enumerate(kinds)
        if k
    }


def item_course(warehouse, days=60):
    """Return a course of the item that shows most kinds, (x, lines, kind, labels), as
    `plots.budgets.world` takes it: stock and orders in days of demand.
    """
    best = max(
        ((i, t) for i in range(warehouse.kind.shape[1]) for t in range(0, 122, 10)),
        key=lambda it: len(np.unique(warehouse.kind[it[1] : it[1] + days, it[0]])),
    )
    item, span = best[0], slice(best[1], best[1] + days)
    mean = warehouse.mean[item]
    lines = {
        "stock": warehouse.stock[span, item] / mean,
        "on order": warehouse.on_order[span, item] / mean,
    }
    labels = "day", "days of demand"
    return np.arange(days) + best[1], lines, warehouse.kind[span, item], labels


def road_course(road):
    """Return a day with an incident at one station, as `item_course` does: its speed,
    and the same hour a week before or after.
    """
    kind = road.kind.reshape(-1, road_traffic.A_DAY, road.kind.shape[1])
    day, station = np.unravel_index(
        (kind == 1).sum(axis=1).argmax(), (len(kind), kind.shape[2])
    )
    other = day - 7 if day >= 7 else day + 7
    speed = road.seen_speed.reshape(kind.shape)[..., station]
    lines = {"speed": speed[day], "a week apart": speed[other]}
    hours = np.arange(road_traffic.A_DAY) * road_traffic.STEP
    return hours, lines, kind[day, :, station], ("hour of the day", "km/h")


def gains_of(record, methods=(KNN_NORMAL, FEW, CLASSIFIER, CONTEXT)):
    """Return the recorded gains over the default, in percent of a perfect list's saving:
    {field: {method: array over its tables}}, and all real tables together: {title:
    {method: Interval}}.
    """
    fields = {
        name: {
            m: np.array(
                [
                    100 * (u["of perfect"][m] - u["of perfect"][PLAIN])
                    for u in field["units"].values()
                ]
            )
            for m in methods
            if m in field["gain"]
        }
        for name, field in record["fields"].items()
    }
    whole = record["together"]["all"]
    title = f"{whole['tables']} real tables"
    scaled = {
        m: Interval(*(100 * v for v in parts[:3]), int(parts[3]))
        for m, parts in whole["difference"].items()
        if m in methods
    }
    return fields, {title: scaled}


def field_rows(record, methods=(KNN_NORMAL, FEW)):
    """Return a line of each field for a table: its unit, what the default saves per
    1,000 rows, its precision beside that by lot, and each method's gain.
    """
    lines = []
    for name, field in record["fields"].items():
        units = field["units"].values()
        chance = np.mean([u["anomalies"] / u["rows"] for u in units])
        cells = [name, field["unit"], f"{field['saved'][PLAIN]:.0f}"]
        cells += [f"{field['precision'][PLAIN]:.2f} ({chance:.2f})"]
        cells += [gain(field["gain"].get(m)) for m in methods]
        lines.append(cells)
    return lines


def gain(parts):
    """Return an interval that was read from a record as text: +12 [-3, 30]."""
    if parts is None:
        return "has seen them"
    value, low, high = parts[:3]
    return f"{value:+.0f} [{low:.0f}, {high:.0f}]"


def interval(parts):
    """Return an Interval from its four recorded numbers."""
    return Interval(*parts[:3], int(parts[3]))


def many_worlds(name, count, seed, methods):
    """Simulate `count` worlds and return what each list saves per 1,000 rows, and the
    share of each kind's rows that it finds within the field's budget.

    Returns
    -------
    dict method -> {"saved": (count,), kind: (count,)}, NaN where a world has none of a
    kind among its judged rows; so for "by lot", saved alone.
    """
    of = FIELDS[name.replace("-", " ")]
    kinds = kinds_of(name)
    found = {m: {"saved": [], **{k: [] for k in kinds[1:]}} for m in methods}
    found[BY_LOT] = {"saved": []}
    for i in range(count):
        rows = lists.by_time(f"simulated:{name}", 1000 * (seed + 1) + i)
        y, there = rows.y, np.bincount(rows.kinds, minlength=len(kinds))
        made = lists.lists(rows, seed, methods)
        for method, scores in {**made, BY_LOT: 0.0 * y}.items():
            worth = budget.per_thousand(y, scores, of.currency, of.share)
            found[method]["saved"].append(worth)
            top = np.bincount(rows.kinds[ranked(rows, scores, of.share)], minlength=9)
            for k, kind in enumerate(kinds[1:], 1):
                if method != BY_LOT:
                    share = top[k] / there[k] if there[k] else np.nan
                    found[method][kind].append(share)
    return {m: {n: np.array(v) for n, v in of_m.items()} for m, of_m in found.items()}


def difference(worlds, method, other, what):
    """Return the mean of method minus other over worlds in which both have a figure, an
    Interval; worlds as `many_worlds` returns them, what one of its measures.
    """
    gap = worlds[method][what] - worlds[other][what]
    return metrics.bootstrap(gap[np.isfinite(gap)])


def ranked(rows, scores, share):
    """Return the positions of the judged rows that are looked at, the oddest first."""
    return metrics.best_first(scores)[: budget.alerts_of(len(rows.y), share)]


def field(name):
    """Return a field by its name, see `applications_fields`."""
    return FIELDS[name]
