"""Tasks that are whole tables: labelled tables to learn a choice or a combination
from, held out by family.
"""

import copy

import numpy as np

from metaad import data
from metaad.tasks.labelled import LabelledTable, fresh_seed, loaded, prepared
from metaad.tasks.mixed import mixed_rows

__all__ = ["LabelledTable", "TableTasks", "adbench_names", "class_tables"]


class TableTasks:
    """Labelled tables as tasks. They may differ in rows and in columns.

    Parameters
    ----------
    tables : names for `metaad.data.load`, LabelledTables, or both.
    max_rows : int; a larger table is cut down to so many rows. Anomalies keep their
        share, but at least 30 of them (or all, if there are fewer) stay, so of a table
        with very few anomalies the cut one holds a larger share. None keeps every row.
    random_state : int; with the table's name it seeds which rows stay, whatever the
        other tables are. None keeps other rows each time.
    scale : "standard" brings each column of a table to mean 0 and deviation 1, which
        distances need; None leaves the columns as they are.

    Raises
    ------
    ValueError
        for no table, two of one name, a table of one class, NaN or infinity, or
        anything that is not a table.
    """

    n_features = None  # tables differ in width

    def __init__(self, tables, max_rows=3000, random_state=0, scale="standard"):
        if scale not in ("standard", None):
            raise ValueError(f'scale must be "standard" or None, got {scale!r}.')
        self.max_rows, self.random_state, self.scale = max_rows, random_state, scale
        seed = fresh_seed() if random_state is None else random_state
        self._tables = [prepared(loaded(t), max_rows, seed, scale) for t in tables]
        self._check()

    def _check(self):
        if not self._tables:
            raise ValueError(
                "TableTasks needs at least one table: names for data.load, or "
                "LabelledTables."
            )
        twice = {n for n in self.names if self.names.count(n) > 1}
        if twice:
            raise ValueError(
                f"every table needs a name of its own; {', '.join(sorted(twice))} "
                "comes more than once."
            )

    @property
    def names(self):
        """List the names of the tables: list of str."""
        return [t.name for t in self._tables]

    @property
    def families(self):
        """List each table's family: list of str, the `groups` of an interval."""
        return [t.family for t in self._tables]

    def __len__(self):
        return len(self._tables)

    def __iter__(self):
        return iter(self._tables)

    def __getitem__(self, i):
        return self._tables[i]

    def _some(self, wanted):
        """Take the tables for which `wanted(table)` is true, as they are here: neither
        cut nor scaled again.
        """
        part = copy.copy(self)
        part._tables = [t for t in self._tables if wanted(t)]
        return part

    def hold_out(self):
        """Leave one family out at a time: yields (family, train, test), both
        TableTasks, families in order.

        Raises ValueError where all tables are of one family: nothing would be left to
        learn from."""
        families = list(dict.fromkeys(self.families))
        if len(families) < 2:
            raise ValueError(
                "hold_out needs tables of at least 2 families, got only "
                f"{families[0]!r}; add tables."
            )
        for family in families:
            yield (
                family,
                self._some(lambda t, f=family: t.family != f),
                self._some(lambda t, f=family: t.family == f),
            )

    def sample(self, n_tasks, random_state=None):
        """Draw tables: a list of n_tasks LabelledTables; every table comes up equally
        often, give or take one.

        random_state : int or numpy Generator; the same int draws the same tables.
        """
        rng = np.random.default_rng(random_state)
        rounds = -(-n_tasks // len(self))
        drawn = np.concatenate([rng.permutation(len(self)) for _ in range(rounds)])
        return [self._tables[i] for i in drawn[:n_tasks]]

    @classmethod
    def resampled(cls, X, n_tables=8, random_state=0, rate=0.1, max_rows=1000):
        """Make labelled tables from one table without labels: half of its rows, called
        normal, and made-up anomalies.

        A made-up anomaly takes each feature from a different row, see `mixed_rows`.
        Real anomalies may be of another kind, and those among the rows count as normal
        here: labels made in this way are a stand-in, and no better than that.

        X : array (n, d), n ≥ 4, d ≥ 2. rate : share of made-up anomalies. max_rows :
            most rows of a table.

        Columns are left as they are, and all tables are of one family.
        """
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or len(X) < 4 or X.shape[1] < 2:
            raise ValueError(
                "made-up anomalies need an array (n, d) of at least 4 rows and 2 "
                f"features, got shape {X.shape}: they mix the features of different "
                "rows. With one feature, give labelled tables."
            )
        if not 0 < rate < 1:
            raise ValueError(
                "rate is the share of made-up anomalies, between 0 and 1; got "
                f"{rate!r}."
            )
        rng = np.random.default_rng(random_state)
        n_normal = min(len(X) // 2, max(2, round(max_rows * (1 - rate))))
        n_anomalies = max(1, round(n_normal * rate / (1 - rate)))
        y = np.repeat([0, 1], [n_normal, n_anomalies])
        tables = []
        for i in range(n_tables):
            rows = rng.choice(len(X), n_normal, replace=False)
            made_up = mixed_rows(X, (n_anomalies,), rng)
            both, name = np.concatenate([X[rows], made_up]), f"resampled-{i}"
            tables.append(LabelledTable(both, y, name, "resampled"))
        return cls(tables, max_rows=None, scale=None)


def adbench_names(download=False):
    """List the ADBench tables that lie in the data folder, in ADBench's order; with
    `download` all of them.

    Those that are not there yet are fetched when they are loaded.
    """
    return _names("adbench", lambda stem: stem.partition("_")[2], download)


def oddbench_names(download=False):
    """Return the names of the OddBench tables that lie in the data folder, by alphabet;
    with `download` all of them, as `adbench_names` does it.
    """
    return _names("oddbench", lambda stem: stem, download)


def _names(collection, table_of, download):
    """Names of a collection's tables. table_of : function, a file's stem -> a table."""
    known = [n for n in data.names() if n.startswith(f"{collection}:")]
    files = (data.data_dir() / collection).glob("*.npz")
    here = {f"{collection}:{table_of(p.stem).lower()}" for p in files}
    return known if download else [n for n in known if n in here]


def class_tables(name, rate=0.1, n_normal=None, pool=1, random_state=0, others="all"):
    """Make one table for each class of a dataset of images: that class is normal, rows
    of others are anomalies.

    Parameters
    ----------
    name : a dataset with classes: digits, mnist-5k, mnist, fashion-mnist.
    rate : share of anomalies in each table.
    n_normal : normal rows of a table; None takes all that the class has.
    pool : int; each block of pool × pool pixels becomes their mean, one feature.
    random_state : int, seeds which rows are taken; None takes others each time.
    others : "all" takes the anomalies from all other classes, which scatters them;
        "one" from one of them, drawn for each table, so that they lie together.

    Returns
    -------
    list of LabelledTable. The family is the class: digit 3 of digits and digit 3 of
    mnist-5k are one family. Across families the tables still share rows, since the
    normal rows of one are anomalies of another: good enough to try a method out, too
    friendly to judge it by.
    """
    table = data.load(name)
    if table.task != "classes":
        raise ValueError(
            f"class_tables needs a dataset with classes, such as digits; {name!r} has "
            "anomalies already."
        )
    if not 0 < rate < 1:
        raise ValueError(
            f"rate is the share of anomalies, between 0 and 1; got {rate!r}."
        )
    if others not in ("all", "one"):
        raise ValueError(f'others must be "all" or "one", got {others!r}.')
    n, h, w = table.X.shape
    if h % pool or w % pool:
        raise ValueError(
            f"pool must divide the sides of the images, {h} and {w}; got {pool}."
        )
    X = data.pooled(table.X, pool).reshape(n, -1)
    seed = fresh_seed() if random_state is None else random_state
    found = []
    for c in np.unique(table.y):
        rng = np.random.default_rng([seed, int(c)])
        own, other = np.flatnonzero(table.y == c), table.y != c
        if others == "one":
            other = table.y == rng.choice(np.unique(table.y[other]))
        other = np.flatnonzero(other)
        if n_normal is not None:
            own = rng.choice(own, min(n_normal, len(own)), replace=False)
        wanted = max(1, round(len(own) * rate / (1 - rate)))
        other = rng.choice(other, min(wanted, len(other)), replace=False)
        rows = np.sort(np.concatenate([own, other]))
        y = (table.y[rows] != c).astype(np.int64)
        family = f"{data.family(name)} {c}"
        found.append(LabelledTable(X[rows], y, f"{name}:{c}", family))
    return found
