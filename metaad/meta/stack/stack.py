"""Stack: learn on many tables how to combine scores, so that a few labels go further on
the next table.

On one table with one to ten labelled anomalies a combination of 32 scores can't be
learned. Across tables it can: the rows of every table are described in the same way
(`row_features`, `label_features`), and one linear head is trained on many [1], [2].

References
----------
[1] Wolpert, Stacked Generalization, Neural Networks 5, 1992.
[2] Finn, Abbeel and Levine, Model-Agnostic Meta-Learning for Fast Adaptation of Deep
    Networks, ICML 2017.
[3] Zhao and Hryniewicki, XGBOD: Improving Supervised Outlier Detection with
Unsupervised Representations, IJCNN 2018."""

import json
from pathlib import Path

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import nn
from torch.nn.functional import softplus

from metaad.meta.inner_loop import inner_loop
from metaad.meta.one_table import NO_LABEL, as_set, say, unlabelled
from metaad.meta.stack.checks import check_parameters, check_tables, shaping
from metaad.meta.stack.detector import StackDetector
from metaad.meta.stack.episodes import Episode, pairwise_loss, supports
from metaad.meta.stack.inputs import (
    N_INPUTS,
    average_weights,
    inputs,
    support_inputs,
)
from metaad.meta.stack.label_features import FEATURES, LabelFeatures
from metaad.meta.stack.row_features import TableFeatures
from metaad.repro import write_json
from metaad.tasks.labels import draw_labels

# heads that come with the package, as <name>.json
SHIPPED = Path(__file__).parent / "stacks"


class Stack(BaseEstimator):
    """A linear head over 32 scores of a row, meta-trained over tables, adapted to a
    table's labelled rows.

        score(x) = Σ_j (w_j + v_j (log10 a - ½)) t_j(x) + w_0 average(x)

    with t_j the tail of score j, see `inputs`,

    w is meta-trained: it minimises the pairwise loss (a smooth 1 - AUROC) on the rows
    without labels, plus ridge · ‖(w_1, …, v_32)‖². The ridge draws towards the
    unlearned average, which is w_0 = 1 and all else 0. With steps > 0 the weights make
    so many gradient steps on the pairwise loss of the labelled rows [2], and the rate
    of these steps is learned along with w.

    Parameters
    ----------
    counts : numbers of labelled anomalies to train for, 1 to 10. n_normal : labelled
        normal rows of a draw, at most.
    draws : draws of labels per table and count, 3 to 10. n_trees : trees of every forest,
        50 to 200.
    ridge : 0.03 to 1; the fewer tables, the larger. pairs : pairs of rows per episode,
        100 to 500.
    steps : inner steps, 0 to 5. inner_rate : where the learned rate starts. cross_fit :
        see `support_inputs`.
    max_rows : a larger table is described by so many of its rows: the labelled ones and
        a random rest.
    random_state : int, seed of draws, forests and pairs.
    progress : bool, show a bar where more than 2,000 rows are scored.
    """

    def __init__(
        self,
        counts=(1, 2, 5, 10),
        n_normal=50,
        draws=5,
        n_trees=100,
        ridge=0.3,
        pairs=150,
        steps=0,
        inner_rate=0.1,
        cross_fit=True,
        max_rows=3000,
        random_state=0,
        progress=True,
    ):
        self.counts = counts
        self.n_normal = n_normal
        self.draws = draws
        self.n_trees = n_trees
        self.ridge = ridge
        self.pairs = pairs
        self.steps = steps
        self.inner_rate = inner_rate
        self.cross_fit = cross_fit
        self.max_rows = max_rows
        self.random_state = random_state
        self.progress = progress

    def fit(self, tasks, y=None):
        """Meta-train on tables: metaad.tasks.tables.TableTasks, or a list of
        LabelledTables. Returns the stack.

        Raises TypeError for anything else: what to do with labels is learned from
        tables that have labels."""
        check_tables(tasks)
        return self.fit_episodes([e for table in tasks for e in self.episodes(table)])

    def episodes(self, table):
        """Draw labels on one LabelledTable: yields an Episode for each count and draw."""
        features = TableFeatures(table.X, self.n_trees, self.random_state)
        for draw in range(self.draws):
            for count in self.counts:
                # fewer labels are the first of more labels
                rng = np.random.default_rng([self.random_state, draw])
                where = draw_labels(table.y, count, self.n_normal, rng)
                labelled = LabelFeatures(features, where, table.y[where])
                support = (
                    support_inputs(labelled, len(table.X), self.cross_fit)
                    if self.steps
                    else np.empty((0, 0))
                )
                yield self.episode(labelled.shares, table, where, rng, support)

    def episode(self, shares, table, where, rng, support):
        """Return the Episode of one draw: pairs of rows without a label, drawn by rng."""
        n, y = len(table.y), np.array(table.y)
        a = int((y[where] == 1).sum())
        labels, y[where] = y[where], -1
        one, other = (rng.choice(np.flatnonzero(y == c), self.pairs) for c in (1, 0))
        return Episode(
            inputs(shares[one], n, a) - inputs(shares[other], n, a),
            support,
            labels,
            table.name,
        )

    def fit_episodes(self, episodes):
        """Meta-train on Episodes, as `fit` makes them. Sets `weights_` (65,),
        `rate_` and `loss_`.
        """
        tables = [e.table for e in episodes]
        if not tables:
            raise ValueError(
                "a stack needs at least one labelled table to learn from, got none."
            )
        share = torch.tensor(
            [1.0 / tables.count(t) for t in tables], dtype=torch.float64
        ) / len(set(tables))
        # (n_episodes, p, 65)
        pairs = torch.tensor(np.stack([e.pairs for e in episodes]))
        support = supports(episodes) if self.steps else None
        head = nn.Linear(N_INPUTS, 1, bias=False).double()
        with torch.no_grad():
            head.weight[:] = torch.tensor(average_weights())
        log_rate = (
            torch.tensor(float(self.inner_rate), dtype=torch.float64)
            .log()
            .requires_grad_()
        )
        search = {"max_iter": 60, "history_size": 20, "line_search_fn": "strong_wolfe"}
        optimizer = torch.optim.LBFGS([head.weight, log_rate], **search)

        def loss():
            optimizer.zero_grad()
            # (n_episodes, 1, 65)
            w = (
                head.weight
                if support is None
                else self._adapted(head, *support, log_rate.exp())
            )
            margins = (pairs @ w.mT).squeeze(-1)  # (n_episodes, p)
            value = (
                share @ softplus(-margins).mean(dim=1)
                + self.ridge * head.weight[0, 1:].square().sum()
            )
            value.backward()
            return value

        optimizer.step(loss)
        self.loss_ = float(loss().detach())
        self.weights_ = head.weight[0].detach().numpy().copy()
        self.rate_ = float(log_rate.detach().exp())
        self.features_ = FEATURES
        return self

    def _adapted(self, head, x, y, rate):
        """Weights after the inner steps on supports x (n_tasks, k, 65): tensor
        (n_tasks, 1, 65).
        """
        adapted = inner_loop(
            head, pairwise_loss, x, y, steps=self.steps, rate=rate, form="explicit"
        )
        return adapted.parameters()["weight"]

    def adapted_weights(self, support, y):
        """Return the head for one table: array (65,). support : array (k, 65) of
        `support_inputs`. y : array (k,).
        """
        if not self.steps:
            return self.weights_
        head = nn.Linear(N_INPUTS, 1, bias=False).double()
        with torch.no_grad():
            head.weight[0] = torch.tensor(self.weights_)
        x, y = torch.tensor(support)[None], torch.tensor(y)[None]
        return self._adapted(head, x, y, self.rate_)[0, 0].detach().numpy()

    def adapt(self, X, y):
        """Return a detector for one table from the few labels that there are.

        X : array (n, d), all rows at hand. y : array (n,), 1 for an anomaly, 0 for a
            normal row, -1 for no label.

        Returns a fitted StackDetector. Raises ValueError without a labelled anomaly or
        a labelled normal row, for NaN or infinity, for other labels or another length.
        """
        check_is_fitted(self, "weights_")
        return StackDetector(self).fit(X, y)

    def optimize(self, detector, X, y=None):
        """Fit a detector to new data X (n, d): with labels y the StackDetector of
        `adapt`; without (None, or -1 everywhere) a copy of `detector` as it is set.
        `reason_` says in a sentence which."""
        check_is_fitted(self, "weights_")
        if not unlabelled(y):
            self.reason_ = "Stack adapted to the labels."
            return self.adapt(X, y)
        kind = type(detector).__name__
        self.reason_ = say(f"{NO_LABEL}, {kind} is fitted to these rows as it is set.")
        return as_set(detector, X)

    def save(self, path):
        """Write the meta-trained head to a JSON file."""
        check_is_fitted(self, "weights_")
        self._restored()
        learned = {
            "weights": self.weights_.tolist(),
            "rate": self.rate_,
            "loss": self.loss_,
        }
        write_json(
            path,
            {"features": list(FEATURES), "parameters": shaping(self), **learned},
        )

    def _restored(self):
        """Raise ValueError if this can't be a stack that was meta-trained."""
        check_parameters(self)
        w, numbers = self.weights_, (self.rate_, self.loss_)
        if tuple(self.features_) != FEATURES:
            raise ValueError(
                "it was trained on other features than this version has; train it again"
            )
        if w.shape != (N_INPUTS,) or not np.isfinite([*w, *numbers]).all():
            raise ValueError(
                f"a stack has {N_INPUTS} weights, a rate and a loss, all finite; got "
                f"{w.shape} weights, {numbers}"
            )

    @classmethod
    def load(cls, name):
        """Load a meta-trained stack: one that comes with the package, by its name
        ("adbench-v1"), or a file by its path.
        """
        path = Path(name) if str(name).endswith(".json") else SHIPPED / f"{name}.json"
        if not path.exists():
            known = ", ".join(sorted(p.stem for p in SHIPPED.glob("*.json")))
            raise ValueError(
                f"there is no stack {str(name)!r}; expected one of {known}, or the "
                f"path of a .json file."
            )
        try:
            return cls._from_json(json.loads(path.read_text(encoding="utf-8")))
        except (TypeError, ValueError, OSError, RecursionError) as error:
            said = str(error).rstrip(".")
            raise ValueError(
                f"{path} does not hold a stack as Stack.save writes it: {said}."
            ) from None

    @classmethod
    def _from_json(cls, content):
        expected = {"features", "parameters", "weights", "rate", "loss"}
        if not isinstance(content, dict) or set(content) != expected:
            got = sorted(content) if isinstance(content, dict) else content
            raise ValueError(f"expected {sorted(expected)}, got {got!r:.200}")
        stack = cls(**content["parameters"])
        missing = set(shaping(stack)) - set(content["parameters"])
        if missing:
            raise ValueError(f"the parameters lack {', '.join(sorted(missing))}")
        stack.features_ = tuple(content["features"])
        stack.weights_ = np.array(content["weights"], dtype=np.float64)
        stack.rate_, stack.loss_ = (float(content[n]) for n in ("rate", "loss"))
        stack._restored()
        return stack
