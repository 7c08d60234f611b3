"""A tuning problem: tables, candidates, and what the candidates got on the tables."""

from typing import NamedTuple

import numpy as np

from metaad.search.space import space
from metaad.search.tuning.hold_out import hold_out
from metaad.search.tuning.matrix import Matrix, matrix, reader
from metaad.search.tuning.meta_features import meta_features


class Problem(NamedTuple):
    """Everything that strategies are judged on.

    matrix : Matrix of n_tables and n_candidates.
    features : float64 (n_tables, p), meta-features of the tables.
    codes : float64 (n_candidates, m), the candidates as numbers, see `codes_of`.
    scores : function (table number, seed) -> (scores (n_candidates, n), y (n,)), the
        raw scores of the matrix.
    default : column of the default configuration.
    stand_in : float64 (n_tables, n_candidates), scores on made-up anomalies, which may
        stand in for missing labels; None if there are none.
    found : list of Candidate, None where the codes come from elsewhere."""

    matrix: Matrix
    features: np.ndarray
    codes: np.ndarray
    scores: object
    default: int = 0
    stand_in: np.ndarray | None = None
    found: list | None = None

    @classmethod
    def of(cls, tasks, found, folder, n_seeds=3, n_jobs=1, **more):
        """Compute what is missing in a folder, and put a problem together.

        tasks : TableTasks. found : list of Candidate. folder : path. n_seeds, n_jobs :
            of `metaad.search.tuning.matrix.compute`. more : other fields, where they
            are known."""
        whole = more.pop("matrix", None) or matrix(
            tasks, found, folder, n_seeds, n_jobs
        )
        features = np.stack([meta_features(t.X) for t in tasks])
        scores = reader(tasks, found, folder)
        return cls(whole, features, codes_of(found), scores, found=found, **more)

    def only(self, *kinds):
        """Return the problem of some detectors alone; the first one's default is the
        default.
        """
        part = self.matrix.of(*kinds)
        at = np.flatnonzero(np.isin(self.matrix.kinds, kinds))
        found = None if self.found is None else [self.found[i] for i in at]
        return self._replace(
            matrix=part,
            codes=self.codes[at] if found is None else codes_of(found),
            scores=_Some(self.scores, at),
            default=part.default(kinds[0]),
            stand_in=None if self.stand_in is None else self.stand_in[:, at],
            found=found,
        )

    def hold_out(self, strategies, **options):
        """Judge strategies on every table, with all tables of its family held out.

        strategies : dict name -> Strategy. options : labels, guess, draws and seed, of
        `metaad.search.tuning.hold_out`.

        Returns
        -------
        dict name -> Result
        """
        return hold_out(strategies, self, **options)


class _Some:
    """The raw scores of some candidates."""

    def __init__(self, scores, at):
        self.scores, self.at = scores, at

    def __call__(self, table, seed):
        scores, y = self.scores(table, seed)
        return scores[self.at], y


def codes_of(found):
    """Return candidates as numbers, (n_candidates, m): which detector (one column
    each), then each detector's own code.
    """
    kinds = list(dict.fromkeys(c.kind for c in found))
    own = [space(c.detector).encode(c.config) for c in found]
    width = {c.kind: len(code) for c, code in zip(found, own, strict=True)}
    start = dict(zip(kinds, np.cumsum([0, *width.values()]), strict=False))
    codes = np.zeros((len(found), len(kinds) + sum(width.values())))
    for row, candidate, code in zip(codes, found, own, strict=True):
        row[kinds.index(candidate.kind)] = 1
        at = len(kinds) + start[candidate.kind]
        row[at : at + len(code)] = code
    return codes
