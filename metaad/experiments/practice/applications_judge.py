"""What a list of alerts is worth in a field: one table, one draw, every method."""

from metaad import metrics
from metaad.experiments.practice import applications_lists as lists
from metaad.practice import budget

MEASURES = ("saved", "precision", "of perfect", "auroc")
TAUGHT = "oddbench:"  # tables that taught the context detector


def judged(rows, scores, currency, share):
    """Return what one list is worth: (MEASURES) as floats."""
    y, n = rows.y, len(rows.y)
    k = budget.alerts_of(n, share)
    return [
        budget.per_thousand(y, scores, currency, share),
        budget.precision_at(y, scores, k),
        budget.of_perfect(y, scores, currency, share),
        metrics.auroc(y, scores),
    ]


def by_kind(rows, scores, share):
    """Return the share of each kind's rows among the alerts, a list."""
    k = budget.alerts_of(len(rows.y), share)
    top = rows.kinds[metrics.best_first(scores)[:k]]
    kinds = range(1, rows.kinds.max() + 1)
    return [float((top == i).sum() / max(1, (rows.kinds == i).sum())) for i in kinds]


def measured(name, seed, currency, share, simulated):
    """Return one table's figures under one draw: {"methods": {name: MEASURES}, …}.

    "perfect" and "by lot" : what those two lists save per 1,000 rows."""
    rows = (lists.by_time if simulated else lists.divided)(name, seed)
    wanted = [m for m in lists.METHODS if m != lists.CONTEXT or not taught(name)]
    made = lists.lists(rows, seed, wanted)
    n, a = len(rows.y), int(rows.y.sum())
    k, worth = budget.alerts_of(n, share), currency.worth
    found = {"rows": n, "anomalies": a}
    found["perfect"] = 1000 / n * min(k, a) * (worth - currency.alert)
    found["by lot"] = 1000 / n * k * (worth * a / n - currency.alert)
    found["methods"] = {m: judged(rows, s, currency, share) for m, s in made.items()}
    if simulated:
        found["kinds"] = {m: by_kind(rows, s, share) for m, s in made.items()}
    return found


def taught(name):
    """Say whether a table taught the context detector that is shipped."""
    return name.startswith(TAUGHT)
