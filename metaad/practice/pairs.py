"""With which other column a value is unusual, though it is usual by itself."""

import numpy as np

from metaad.meta.context.spaces import Spaces
from metaad.practice.facts import text

ALIKE = 50  # rows nearest in another column, at most a quarter of those kept
RARE = 0.1  # share of them beyond which a value is unusual among them


class Pairs:
    """Look for the column that makes a value of another one unusual.

    facts : `Facts`, whose rows kept as numbers are searched."""

    def __init__(self, facts):
        self.facts, self.groups = facts, facts.groups()
        self.kept = facts.background_
        self.count = max(1, min(ALIKE, len(self.kept) // 4))
        self.spaces = Spaces(self.kept) if len(self.kept) > 1 else None
        self.ranks = self.spaces(self.kept)["rank"] if self.spaces else None

    def _one_value(self, own):
        """Whether numbers are one value, not the parts of a date: one, or yes and no."""
        return len(own) == 1 or (len(own) and np.isin(self.kept[:, own], (0, 1)).all())

    def __call__(self, frame, X, i, j):
        """Return in words what column j of row i is unusual together with; None where
        no single other column says so.

        frame, X : the rows as the reader knows them, and as numbers (n, p)."""
        own = self.groups[j]
        if self.spaces is None or not self._one_value(own):
            return None
        row, kept = self.spaces(X[[i]])["rank"], self.ranks
        best = (RARE, 0.0), None, None
        for q, others in enumerate(self.groups):
            if q == j or not len(others):
                continue
            near = np.square(kept[:, others] - row[0, others]).sum(axis=1)
            rows = np.argpartition(near, self.count - 1)[: self.count]
            share, far, words = _among(row[0, own], kept[rows][:, own])
            if (share, -far) < best[0]:
                best = (share, -far), q, words
        if best[1] is None:
            return None
        name = self.facts.columns_[best[1]]
        value = text(frame.iloc[i, best[1]])
        words = f"{best[2]} the {self.count} rows nearest in {name}"
        return f"unusual together with {name} {value} ({words})"


def _among(value, others):
    """Where a value (g,) lies among those of alike rows (k, g): the share of them that
    is as far out, how far it is in their deviations, and words.
    """
    if len(value) > 1:  # a category: how many have the same
        share = float((np.abs(others - value) < 1e-9).all(axis=1).mean())
        return share, 0.0, f"in {round(share * len(others))} of"
    others, value = others[:, 0], value[0]
    above, below = float((others >= value).mean()), float((others <= value).mean())
    far = abs(value - others.mean()) / (others.std() + 1e-3)
    share, side = min((above, "above"), (below, "below"))
    if share == 0:
        return share, far, f"{side} all of"
    return share, far, f"{side} {100 * (1 - share):.0f} % of"
