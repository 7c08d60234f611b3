"""A kind of name as a task: ten mentions and the tokens around them to adapt to, others to
be judged.
"""

from typing import NamedTuple

import numpy as np
import torch

from metaad.tasks.base import Task, check_rows


class Mentions(NamedTuple):
    """Some mentions of a kind, with the sentences that hold them.

    rows : int array, tokens of the sentences drawn. y : int array, 1 for a token of the
    mentions, 0 for a token of another kind or of none.
    """

    rows: np.ndarray
    y: np.ndarray


def some_mentions(sentences, kind, count=10, random_state=0):
    """Draw sentences until they hold `count` mentions of a kind: Mentions.

    The last sentence is kept whole, so there may be a few more.

    sentences : lists of (token, tag), tags in IOB2; rows count their tokens one after
    the other. Raises ValueError where they hold too few mentions."""
    rng = np.random.default_rng(random_state)
    starts = np.cumsum([0, *map(len, sentences)])
    have = [i for i, s in enumerate(sentences) if _begun(s, kind)]
    there = sum(_begun(sentences[i], kind) for i in have)
    if there < count:
        raise ValueError(
            f"{count} mentions of {kind!r} are asked for, and there are {there}; lower "
            f"the number, or take another kind."
        )
    rows, y, found = [], [], 0
    for i in rng.permutation(have):
        rows += range(starts[i], starts[i + 1])
        y += [int(tag[2:] == kind) for _, tag in sentences[i]]
        found += _begun(sentences[i], kind)
        if found >= count:
            break
    return Mentions(np.array(rows), np.array(y))


def _begun(sentence, kind):
    return sum(tag == f"B-{kind}" for _, tag in sentence)


class MentionTasks:
    """Draw labelled tasks: is a token of this kind, y = 1, or not, y = 0?

    Parameters
    ----------
    X : array (n, d), one token each.
    classes : int array (n,), 0 for no name, else the token's kind.
    k, others : int, support rows of the kind, and of all others.
    n_query, n_others : the same of the query.
    hard : share of the others that are names of other kinds; the rest are no names.
    dtype : of the tensors; None takes torch's default.

    Raises
    ------
    ValueError
        for NaN, for classes of another length, and where fewer than two kinds have
        k + n_query rows. Kinds that have fewer are left to the others.
    """

    def __init__(
        self,
        X,
        classes,
        *,
        k=10,
        others=40,
        n_query=10,
        n_others=40,
        hard=0.5,
        dtype=None,
    ):
        X, classes = np.asarray(X), np.asarray(classes)
        check_rows(X)
        if classes.shape != (len(X),):
            raise ValueError(
                f"classes must hold one number for each of {len(X)} rows; got shape "
                f"{classes.shape}."
            )
        self.k, self.others, self.n_query, self.n_others = k, others, n_query, n_others
        self.hard = hard
        self.rows = {c: np.flatnonzero(classes == c) for c in np.unique(classes)}
        self.kinds = [c for c, r in self.rows.items() if c and len(r) >= k + n_query]
        if len(self.kinds) < 2:
            raise ValueError(
                f"tasks need two kinds or more with {k + n_query} rows each; got "
                f"{len(self.kinds)}. Lower k or n_query."
            )
        self.X = torch.as_tensor(X, dtype=dtype or torch.get_default_dtype())

    @property
    def n_features(self):
        """Count the features d of a token."""
        return self.X.shape[1]

    def sample(self, n_tasks, random_state=None):
        """Draw n_tasks tasks, each kind about equally often.

        Returns
        -------
        Task, with support (n_tasks, k + others, d), support_y, query (n_tasks, n_query
        + n_others, d) and y; 1 marks tokens of the kind, which come first.
        """
        rng = np.random.default_rng(random_state)
        rounds = -(-n_tasks // len(self.kinds))
        kinds = np.concatenate([rng.permutation(self.kinds) for _ in range(rounds)])
        kinds = kinds[:n_tasks]
        members, others = zip(*(self._one(c, rng) for c in kinds), strict=True)
        members, others = np.stack(members), np.stack(others)
        k, o = self.k, self.others
        support = np.hstack([members[:, :k], others[:, :o]])
        query = np.hstack([members[:, k:], others[:, o:]])
        return Task(
            self.X[support],
            self.X[query],
            self._labels(n_tasks, self.n_query, self.n_others),
            self._labels(n_tasks, k, o),
            kinds,
        )

    def _one(self, kind, rng):
        """Rows of a kind (k + n_query,), and of all others (others + n_others,)."""
        size = self.others + self.n_others
        n_hard = round(self.hard * size)
        names = np.concatenate([r for c, r in self.rows.items() if c and c != kind])
        members = rng.choice(self.rows[kind], self.k + self.n_query, replace=False)
        mixed = [rng.choice(names, n_hard), rng.choice(self.rows[0], size - n_hard)]
        return members, rng.permutation(np.concatenate(mixed))

    def _labels(self, n_tasks, ones, zeros):
        y = torch.cat([torch.ones(ones), torch.zeros(zeros)]).to(self.X.dtype)
        return y.expand(n_tasks, -1)
