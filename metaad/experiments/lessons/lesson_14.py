"""What lesson 14 does beside its own cells: tables that are made up, forests on them, and
what the record of many tables says.
"""

from math import comb

import numpy as np
from scipy.stats import t as student
from scipy.stats import wilcoxon

from metaad import data, metrics
from metaad.detectors import IsolationForest, anomaly_score
from metaad.detectors.forest.leaf_values import HALVED
from metaad.detectors.forest.split_policy import SplitPolicy
from metaad.search.forest.leaves import as_score
from metaad.tasks.tables import LabelledTable, class_tables

RECORD = "many_table_forest"
TREES = 100
KINDS = {  # of the record, in the order of the lesson's table
    "leaves": "leaves, learned",
    "leaves by hand": "leaves, $2^{-h}$ by hand",
    "cuts": "cuts, learned",
    "cuts frozen at the start": "cuts, frozen at the start",
    "cuts and leaves": "cuts and leaves, learned",
    "ten times the trees": "ten times the trees",
}
TESTS = ("gain", "mean [95 %]", "sign test p", "Wilcoxon p")


def made_up(number, seed, answers=9, n=400):
    """Return a LabelledTable whose anomalies, one row in twenty, lie to one side in the
    first of three measured columns; `answers` columns of 0 and 1 are noise.
    """
    rng = np.random.default_rng(1000 * seed + number)
    y = (np.arange(n) < n // 20).astype(int)
    X = np.column_stack([rng.normal(size=(n, 3)), rng.integers(0, 2, (n, answers))])
    X[y == 1, 0] += 4.5
    return LabelledTable(X, y, f"made up {number}", f"made up {number}")


def grown(table, policy, seed, trees=TREES):
    """Return the AUROC of a forest on its own table, and the share (d,) of its first
    cuts in each column.
    """
    forest = IsolationForest(trees, policy=policy, random_state=seed).fit(table.X)
    first = np.bincount(forest.feature_[:, 0], minlength=table.X.shape[1]) / trees
    return metrics.auroc(table.y, anomaly_score(forest, table.X)), first


def on_tables(tables, policies, seed):
    """Return AUROC (n_tables,) and shares of first cuts (n_tables, d) of each policy:
    two dicts.

    policies : {name: policy or None}."""
    each = {
        name: [grown(t, policy, seed + i) for i, t in enumerate(tables)]
        for name, policy in policies.items()
    }
    values = {name: np.array([a for a, _ in found]) for name, found in each.items()}
    return values, {name: np.stack([f for _, f in each[name]]) for name in each}


def gain_rows(values, header="plain"):
    """Return rows of a table: name, mean AUROC, gain over `header`; intervals corrected
    for the number of gains.
    """
    gains = {n: v - values[header] for n, v in values.items() if n != header}
    gains = metrics.simultaneous(gains)
    return [
        [n, f"{v.mean():.3f}", "" if n == header else str(gains[n])]
        for n, v in values.items()
    ]


def bundled(seed, policies):
    """Return what forests reach on bundled tables, fitted on all rows that are not
    judged or on the normal ones among them: {(table, rows): {name: array}} of AUROC, one
    value for each table, or for each of six forests where there is one table alone.
    """
    groups = {name: [_floats(name)] for name in ("breast-cancer", "wine")}
    groups["digits, ten classes"] = class_tables("digits", random_state=seed)
    found = {}
    for group, tables in groups.items():
        seeds = range(seed, seed + (6 if len(tables) == 1 else 1))
        for rows in ("normal", "all"):
            found[group, rows] = {
                name: np.array([_half(t, rows, p, s) for t in tables for s in seeds])
                for name, p in policies.items()
            }
    return found


def _half(table, rows, policy, seed):
    """AUROC on one half of a table's rows of a forest fitted on the other, on all of its
    rows or on the normal ones.
    """
    order = np.random.default_rng(seed).permutation(len(table.X))
    read, judged = order[::2], order[1::2]
    read = read[table.y[read] == 0] if rows == "normal" else read
    forest = IsolationForest(TREES, policy=policy, random_state=seed)
    scores = anomaly_score(forest.fit(table.X[read]), table.X[judged])
    return metrics.auroc(table.y[judged], scores)


def _floats(name):
    table = data.load(name)
    return LabelledTable(np.asarray(table.X, dtype=float), table.y, name, name)


def by_hand():
    """Return the policy whose leaves say 2^-h, which nobody learned."""
    return SplitPolicy({}, "by hand", score=HALVED)


class Many:
    """What data/results/many_table_forest.json says, with intervals.

    record : the record's content."""

    def __init__(self, record):
        self.record = record

    def gains(self, kind, world="oddbench", measure="auroc", setting="clean"):
        """Return the gain over a plain forest by table: array (n_tables,)."""
        at = ("auroc", "ap").index(measure)
        return np.array(self.record[world][setting]["by table"][kind])[:, at]

    def interval(self, kind, world="oddbench", measure="auroc", setting="clean"):
        """Return the recorded interval: metrics.Interval, corrected for the kinds."""
        told = self.record[world][setting]
        ends = told["gains"][kind][measure]
        units = told["families"] if world == "adbench" else told["tables"]
        return metrics.Interval(*ends, len(set(units)))

    def curve(self, world="oddbench", measure="auroc"):
        """Return the gain by the number of tables learned from: {n: Interval}."""
        told = self.record[world]["clean"]
        n = len(told["tables"])
        return {
            int(size): metrics.Interval(*found[measure], n)
            for size, found in told["curve"].items()
        }

    def score(self, size=297):
        """Return the leaf values learned from so many tables, the first draw: dict."""
        return as_score(self.record["leaves"][str(size)][0])

    def of_size(self, size):
        """Return the gain of AUROC by test table of leaves learned from so many tables,
        mean over draws: array (n_tables,).
        """
        return np.array(self.record["oddbench"]["clean"]["curve by table"][str(size)])[
            :, 0
        ]

    def rows(self):
        """Return the lesson's table: a row for each kind of forest."""
        found = []
        for kind, name in KINDS.items():
            ap = self.interval(kind, measure="ap")
            ends = [signed(self.interval(kind)), signed(ap)]
            found.append([name, *ends, signed(self.interval(kind, "adbench"))])
        return found

    def tests(self):
        """Return rows of a table: what three tests say of the recorded gains."""
        asked = {
            "leaves by hand, 119 tables": self.gains("leaves by hand"),
            "leaves, learned from 297, 119 tables": self.gains("leaves"),
            "leaves, learned from the others, 20 families": list(
                self.families().values()
            ),
        }
        return [[name, *three_answers(gains)] for name, gains in asked.items()]

    def families(self):
        """Return the gain on each of ADBench's families, its leaves learned from the
        others: {family: gain}.
        """
        return {f: gains[0] for f, gains in self.record["families"].items()}


def signed(interval):
    """Return an interval as text, with signs."""
    return f"{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def sign_test(gains):
    """Return the exact two-sided p-value of the sign test; gains of 0 are left out."""
    gains = np.asarray(gains)[np.asarray(gains) != 0]
    n, k = len(gains), int(np.sum(gains > 0))
    tail = sum(comb(n, i) for i in range(max(k, n - k), n + 1)) / 2**n
    return min(1.0, 2 * tail)


def three_answers(gains):
    """Return what three tests say of gains (n,), as text: how many gain, the mean with
    its interval, the p-values of the sign test and of Wilcoxon's test.
    """
    gains = np.asarray(gains)
    counted = f"{(gains > 0).sum()} of {len(gains)}"
    p = [sign_test(gains), float(wilcoxon(gains).pvalue)]
    shown = ["< .01" if v < 0.01 else f"{v:.2f}" for v in p]
    return [counted, signed(metrics.bootstrap(gains)), *shown]


def found_by(gains, n, draws=1000, seed=0):
    """Return how often n tables, drawn from those at hand, would have shown the gain:
    shares by an interval of the mean (t) and by the sign test.
    """
    rng = np.random.default_rng(seed)
    drawn = np.stack([rng.choice(gains, n, replace=False) for _ in range(draws)])
    error = drawn.std(axis=1, ddof=1) / np.sqrt(n)
    above = drawn.mean(axis=1) > student.ppf(0.975, n - 1) * error
    counted = [sign_test(g) < 0.05 and (g > 0).mean() > 0.5 for g in drawn]
    return float(above.mean()), float(np.mean(counted))


def claims_of_record(claims, many, power):
    """Add the findings of the record to a table of claims.

    power : {number of tables: share of draws in which the formula's gain shows}."""
    claims.above(
        "119 tables: leaves by hand gain (corrected for six kinds)",
        many.interval("leaves by hand"),
        0.0,
    )
    claims.undecided(
        "leaves learned from 297 tables: no sure gain (corrected too)",
        many.interval("leaves"),
    )
    over = metrics.paired(many.gains("leaves"), many.gains("leaves by hand"))
    claims.below("they don't pass those by hand by more than .005", over, 0.005)
    claims.below(
        "leaves learned from 14 tables do harm (corrected for six sizes)",
        many.curve()[14],
        0.0,
    )
    more = metrics.simultaneous(
        {n: many.of_size(297) - many.of_size(n) for n in (14, 28, 56, 112, 237)}
    )
    claims.above("297 tables teach more than 28 (corrected for five)", more[28], 0.0)
    claims.equivalent("but no more than 56", more[56], 0.01)
    cuts = metrics.paired(many.gains("cuts"), many.gains("cuts frozen at the start"))
    claims.equivalent("learned cuts gain no more than frozen ones", cuts, 0.01)
    claims.equivalent(
        "ten times the trees: the plain forest stays as it is",
        metrics.bootstrap(many.gains("ten times the trees")),
        0.01,
    )
    claims.below("a study of 20 tables would mostly miss the gain", power[20], 0.5)
