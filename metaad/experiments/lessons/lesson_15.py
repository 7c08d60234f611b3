"""What lesson 15 does beside its own cells: digits by part, and what the record of the
architecture experiment says.
"""

from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA

from metaad import data, metrics
from metaad.experiments.images.architecture_replay import REAL_LENGTH
from metaad.experiments.images.architecture_report import PCA as CHOSEN_PCA
from metaad.search.architecture import architectures
from metaad.search.architecture.tabular import Benchmark, incumbents, replay

RECORD, MARGIN = "15_architecture_search", 0.01
ARTICLE, ONE_LAYER = "128x64x32-10", "128-40"
LONGER = "the article's net, the search's steps too"
NAMES = {
    "random": "random search",
    "frozen": "policy that never learns",
    "reinforce": "REINFORCE",
    "trpo": "TRPO",
    "halving": "successive halving",
    REAL_LENGTH: "random, a quarter as many at full length",
}
# training rows, rows to choose by, rows to judge by of each digit; size of a batch
QUICK, FULL = (100, 36, 38, 20), (600, 100, 200, 30)


class Rows(NamedTuple):
    """Digits by class: arrays (10, r, d) to learn from, to choose by, to judge by."""

    learn: np.ndarray
    validate: np.ndarray
    test: np.ndarray
    batch: int

    def how(self, steps):
        """Return the settings of `train_together` that take so many gradient steps."""
        passes = steps * self.batch // self.learn.shape[1]
        return {"epochs": passes, "batch_size": self.batch, "learning_rate": 3e-3}

    @property
    def queries(self):
        """Rows to choose by, then rows to judge by: (10 (v + t), d)."""
        width = self.learn.shape[2]
        parts = (x.reshape(-1, width) for x in (self.validate, self.test))
        return np.concatenate(list(parts))

    def auroc(self, errors):
        """Return the AUROC (10,) of each digit against all others on the rows that judge:
        errors (10, rows) of ten networks on the queries.
        """
        digit = np.repeat(np.arange(10), self.test.shape[1])
        judged = errors[:, -len(digit) :]
        return np.array([metrics.auroc(digit != c, judged[c]) for c in range(10)])

    def own_error(self, errors):
        """Return the mean error (10,) of ten networks on rows of their own digit, among
        those to choose by.
        """
        each = errors[:, : 10 * self.validate.shape[1]].reshape(10, 10, -1)
        return each[np.arange(10), np.arange(10)].mean(axis=1)

    def pca_errors(self, k):
        """Return squared errors (10, rows) of ten PCA fits with k components."""
        fits = [PCA(k, svd_solver="full").fit(rows) for rows in self.learn]
        q = self.queries
        rebuilt = [p.inverse_transform(p.transform(q)) for p in fits]
        return ((q - np.stack(rebuilt)) ** 2).mean(axis=2)


def digits(quick):
    """Return Rows: the bundled 8 × 8 digits, or MNIST at 14 × 14 pixels."""
    table = data.load("digits" if quick else "mnist")
    X = table.X if quick else data.pooled(table.X, 2)
    X = X.reshape(len(X), -1)
    *sizes, batch = QUICK if quick else FULL
    ends = np.cumsum(sizes)
    by_class = [X[table.y == c][: ends[-1]] for c in range(10)]
    parts = zip(*(np.split(x, ends[:2]) for x in by_class), strict=True)
    return Rows(*map(np.stack, parts), batch)


class Study:
    """The record of the architecture experiment, as the lesson reads it.

    Attributes
    ----------
    table : Benchmark of the short training: every network of the space.
    budgets : architectures that a search may try. space : Space.
    steps : dict "short", "long", "longest" of gradient steps.
    """

    def __init__(self, record):
        self.record = record
        self.table = Benchmark.recorded(record["benchmark"])
        self.settings = record["settings"]
        self.budgets, self.steps = self.settings["budgets"], self.settings["steps"]
        self.space = architectures(**self.settings["space"])
        self.article = np.array(record["plain"]["article"]["long"])
        self.pca = np.array(record["plain"][CHOSEN_PCA]["long"])

    def regrets(self, controller, fold, number):
        """Replay one search on the eight digits that a fold may see: its regret at each
        budget, a list.

        number : seeds the search; its last two digits say which networks it sees."""
        seen = [d for d in range(10) if d // 2 != fold]
        s = number % 100 % self.table.test.shape[1]
        rewards = self.table.rewards(seen, s).mean(axis=1)
        reward = dict(zip(self.table.names, rewards, strict=True))
        at = (self.table, controller, seen, s)
        if controller == "halving":  # it plans for its budget
            runs = [replay(*at, b, number, self.space) for b in self.budgets]
            picked = [run.best()[0] for run in runs]
        else:
            run = replay(*at, max(self.budgets), number, self.space)
            path = incumbents(run)
            picked = [path[min(b, len(path)) - 1] for b in self.budgets]
        return [max(reward.values()) - reward[name] for name in picked]

    def held_out(self, controller, kind="long"):
        """Return the AUROC of each class (10,) that no search saw: of digits after the
        "short" or the "long" training, or of "garments".
        """
        return np.array(self.record["searches"][controller][kind])

    def plain(self, kind, name="article"):
        """Return the AUROC of each class (10,) without a search."""
        return np.array(self.record["plain"][name][kind])

    def gains(self, kind="long"):
        """Return {name: Interval} of the AUROC gained over the article's network, trained
        as long; corrected for their number.
        """
        base = self.plain(kind)
        judged = {c: self.record["searches"][c][kind] for c in NAMES}
        found = {NAMES[c]: np.array(v) - base for c, v in judged.items() if v}
        if kind == "long":
            longest = self.plain("longest")
            found[LONGER] = longest - base
        if kind != "short":
            found["PCA, components chosen"] = self.plain(kind, CHOSEN_PCA) - base
        return metrics.simultaneous(found)

    def cost(self, name):
        """Return (networks trained, CPU seconds) of what a row of `gains` needs besides
        the last training.
        """
        by_name = {NAMES[c]: r for c, r in self.record["searches"].items()}
        if name in by_name:
            found = by_name[name]
            return round(found["networks"][-1]), found["seconds"][-1]
        steps = self.record["plain"]["seconds_of_a_search_s_steps"]
        return (0, steps) if name == LONGER else (0, 0.0)

    def cost_rows(self):
        """Return rows of the table of cost and gain: name, networks trained, seconds,
        AUROC on digits, gain on digits, gain on garments.
        """
        digits, garments = self.gains(), self.gains("garments")
        rows = []
        for name, gain in digits.items():
            networks, seconds = self.cost(name)
            level = self.article.mean() + gain.value
            other = garments.get(name, "–")
            cost = (networks, f"{seconds:.0f}")
            rows.append([name, *cost, f"{level:.4f}", str(gain), str(other)])
        base = ["the article's net, no search", 0, "0", f"{self.article.mean():.4f}"]
        return [*rows, [*base, "0", "0"]]

    def differences(self):
        """Return {"REINFORCE − random search": Interval, …}: what learning adds, after the
        long training, corrected for four.
        """
        found = {
            f"{NAMES[c]} − {NAMES[b]}": self.held_out(c) - self.held_out(b)
            for c in ("reinforce", "trpo")
            for b in ("random", "frozen")
        }
        return metrics.simultaneous(found)

    def ladder_rows(self):
        """Return rows of the table of more images and more steps."""
        rows = []
        for found in self.record["ladder"]:
            net, one, pca = (np.array(found[n]) for n in (ARTICLE, ONE_LAYER, "pca"))
            means = [f"{v.mean():.4f}" for v in (net, one, pca)]
            gap = str(metrics.paired(one, net))
            rows.append([found["images"], found["steps"], *means, gap])
        return rows

    def gap(self, images, steps):
        """Return how far one hidden layer is ahead of the article's network, (10,)."""
        at = (images, steps)
        rows = self.record["ladder"]
        found = next(f for f in rows if (f["images"], f["steps"]) == at)
        return np.array(found[ONE_LAYER]) - np.array(found[ARTICLE])

    def agreement(self, name):
        """Return rank correlations over architectures, one for each digit (10,)."""
        return np.array(self.record["agreement"][name])


class Tables:
    """What the record says of OddBench: a choice made on many tables, on others."""

    def __init__(self, record):
        self.found = record["tables"]
        self.default = np.array(self.found["default"])

    def curve(self):
        """Return {number of tables: Interval}, the gain over the article's network on
        tables that chose nothing; corrected for the number of sizes.
        """
        by_number = self.found["by_number"]
        gains = {int(n): np.array(a) - self.default for n, a in by_number.items()}
        return metrics.simultaneous(gains)

    def gains(self):
        """Return {name: Interval} of what is gained over the article's network; corrected
        for their number.
        """
        long = np.array(self.found["other_long"]) - self.found["default_long"]
        other = self.found["other"]
        found = {
            f"`{other}`, the best other on tables that teach": "other_short",
            "drawn at random": "drawn_at_random",
            "smallest error, no labels": "label_free",
            f"PCA, {self.found['components']} components": "pca",
        }
        gains = {n: np.array(self.found[k]) - self.default for n, k in found.items()}
        return metrics.simultaneous({**gains, f"`{other}`, both trained longer": long})
