"""Tasks that are whole tables: labelled tables to learn a choice or a combination
from, held out by family.
"""

import zlib
from typing import NamedTuple

import numpy as np

from metaad import data

# kept when a table is cut down to fewer rows: an AUROC over two anomalies says nothing
LEAST_ANOMALIES = 30


class LabelledTable(NamedTuple):
    """One table.

    X : float64 (n, d). y : int64 (n,), 1 for an anomaly and 0 for a normal row. name,
    family : str; tables of one family come from one source and are held out together.
    """

    X: np.ndarray
    y: np.ndarray
    name: str
    family: str


class TableTasks:
    """Labelled tables as tasks. They may differ in rows and in columns.

    Parameters
    ----------
    tables : names for `metaad.data.load`, LabelledTables, or both.
    max_rows : int; a larger table is cut down to so many rows. Anomalies keep their
        share, but at least 30 of them (or all, if there are fewer) stay, so of a table
        with very few anomalies the cut one holds a larger share. None keeps every row.
    random_state : int; with the table's name it seeds which rows stay, whatever the
        other tables are.
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
        self._tables = [
            _prepared(_loaded(t), max_rows, random_state, scale) for t in tables
        ]
        self._check()

    def _check(self):
        if not self._tables:
            raise ValueError(
                "TableTasks needs at least one table: names for data.load, or LabelledTables."
            )
        twice = {n for n in self.names if self.names.count(n) > 1}
        if twice:
            raise ValueError(
                f"every table needs a name of its own; {', '.join(sorted(twice))} "
                f"comes more than once."
            )

    @property
    def names(self):
        """Names of the tables: list of str."""
        return [t.name for t in self._tables]

    @property
    def families(self):
        """Family of each table: list of str, as `metrics.bootstrap` takes them for
        `groups`.
        """
        return [t.family for t in self._tables]

    def __len__(self):
        return len(self._tables)

    def __iter__(self):
        return iter(self._tables)

    def __getitem__(self, i):
        return self._tables[i]

    def _some(self, wanted):
        """The tables for which `wanted(table)` is true, as they are here: neither
        cut nor scaled again.
        """
        part = object.__new__(TableTasks)
        part.max_rows, part.random_state, part.scale = (
            self.max_rows,
            self.random_state,
            self.scale,
        )
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
                f"hold_out needs tables of at least 2 families, got only "
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
        drawn = np.concatenate([rng.permutation(len(self)) for _ in range(rounds)])[
            :n_tasks
        ]
        return [self._tables[i] for i in drawn]

    @classmethod
    def resampled(cls, X, n_tables=8, random_state=0, rate=0.1, max_rows=1000):
        """Labelled tables out of one table without labels: half of its rows, called
        normal, and made-up anomalies.

        A made-up anomaly takes each feature from a different row, chosen at random:
        every feature looks ordinary by itself, only the way they go together is wrong.
        Real anomalies may be of another kind, and those among the rows count as normal
        here: labels made in this way are a stand-in, and no better than that.

        X : array (n, d), n ≥ 4, d ≥ 2. rate : share of made-up anomalies. max_rows :
        most rows of a table. Columns are left as they are, and all tables are of one
        family."""
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or len(X) < 4 or X.shape[1] < 2:
            raise ValueError(
                f"made-up anomalies need an array (n, d) of at least 4 rows and 2 "
                f"features, got shape {X.shape}: they "
                "mix the features of different rows. With one feature, give labelled tables."
            )
        if not 0 < rate < 1:
            raise ValueError(
                f"rate is the share of made-up anomalies, between 0 and 1; got {rate!r}."
            )
        rng = np.random.default_rng(random_state)
        n_normal = min(len(X) // 2, max(2, round(max_rows * (1 - rate))))
        n_anomalies = max(1, round(n_normal * rate / (1 - rate)))
        y = np.repeat([0, 1], [n_normal, n_anomalies])
        tables = []
        for i in range(n_tables):
            rows = rng.choice(len(X), n_normal, replace=False)
            made_up = X[
                rng.integers(len(X), size=(n_anomalies, X.shape[1])),
                np.arange(X.shape[1]),
            ]
            tables.append(
                LabelledTable(
                    np.concatenate([X[rows], made_up]), y, f"resampled-{i}", "resampled"
                )
            )
        return cls(tables, max_rows=None, scale=None)


def adbench_names(download=False):
    """Names of the ADBench tables that lie in the data folder, in ADBench's order; with
    `download` all of them.

    Those that are not there yet are fetched when they are loaded.
    """
    known = [n for n in data.names() if n.startswith("adbench:")]
    here = {
        p.stem.partition("_")[2].lower()
        for p in (data.data_dir() / "adbench").glob("*.npz")
    }
    return (
        known if download else [n for n in known if n.removeprefix("adbench:") in here]
    )


def class_tables(name, rate=0.1, n_normal=None, pool=1, random_state=0, others="all"):
    """One table for each class of a dataset of images: that class is normal, rows of
    others are anomalies.

    Parameters
    ----------
    name : a dataset with classes: digits, mnist-5k, mnist, fashion-mnist.
    rate : share of anomalies in each table.
    n_normal : normal rows of a table; None takes all that the class has.
    pool : int; each block of pool × pool pixels becomes their mean, one feature.
    random_state : int, seeds which rows are taken.
    others : "all" takes the anomalies from all other classes, which scatters them;
        "one" from one of them, drawn for each table, so that they lie together.

    Returns
    -------
    list of LabelledTable. The family is the class: digit 3 of digits and digit 3 of
    mnist-5k are one family. Across families the tables still share rows, since the
    normal rows of one are anomalies of another: good enough to try a method out, too
    friendly to judge it by."""
    table = data.load(name)
    if table.task != "classes":
        raise ValueError(
            f"class_tables needs a dataset with classes, such as digits; {name!r} has "
            f"anomalies already."
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
    X = (
        table.X.reshape(n, h // pool, pool, w // pool, pool)
        .mean(axis=(2, 4))
        .reshape(n, -1)
    )
    found = []
    for c in np.unique(table.y):
        rng = np.random.default_rng([random_state, int(c)])
        own, other = np.flatnonzero(table.y == c), table.y != c
        if others == "one":
            other = table.y == rng.choice(np.unique(table.y[other]))
        other = np.flatnonzero(other)
        own = (
            own
            if n_normal is None
            else rng.choice(own, min(n_normal, len(own)), replace=False)
        )
        wanted = max(1, round(len(own) * rate / (1 - rate)))
        other = rng.choice(other, min(wanted, len(other)), replace=False)
        rows = np.sort(np.concatenate([own, other]))
        y = (table.y[rows] != c).astype(np.int64)
        found.append(
            LabelledTable(X[rows], y, f"{name}:{c}", f"{data.family(name)} {c}")
        )
    return found


def _loaded(table):
    """A LabelledTable from a name; a LabelledTable as it is, checked."""
    if isinstance(table, str):
        record = data.load(table)
        if not isinstance(record, data.Table) or record.task != "anomalies":
            raise ValueError(
                f"{table!r} does not say which rows are anomalies; for classes there "
                f"is class_tables."
            )
        return LabelledTable(record.X, record.y, record.name, data.family(table))
    if not isinstance(table, LabelledTable):
        raise ValueError(
            f"a table is a name for data.load or a LabelledTable; got {type(table).__name__}."
        )
    X, y = np.asarray(table.X, dtype=np.float64), np.asarray(table.y)
    if X.ndim != 2 or 0 in X.shape or y.shape != (len(X),):
        raise ValueError(
            f"table {table.name!r} needs X (n, d) and y (n,); got shapes {X.shape} and {y.shape}."
        )
    if not np.isfinite(X).all():
        raise ValueError(
            f"table {table.name!r} holds NaN or infinity; drop or fill those rows first."
        )
    if set(np.unique(y).tolist()) != {0, 1}:
        raise ValueError(
            f"table {table.name!r} needs both labels, 0 normal and 1 anomaly; got "
            f"{np.unique(y)[:5]}."
        )
    return LabelledTable(X, y.astype(np.int64), table.name, table.family)


def _prepared(table, max_rows, random_state, scale):
    """The table, cut down and scaled."""
    X, y = table.X, table.y
    if max_rows is not None and len(X) > max_rows:
        rng = np.random.default_rng([random_state, zlib.crc32(table.name.encode())])
        anomalies, normal = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
        share = round(max_rows * len(anomalies) / len(X))
        n_anomalies = min(
            max(share, min(LEAST_ANOMALIES, max_rows // 2)), len(anomalies)
        )
        rows = [rng.choice(anomalies, n_anomalies, replace=False)]
        rows.append(
            rng.choice(normal, min(max_rows - n_anomalies, len(normal)), replace=False)
        )
        rows = np.sort(np.concatenate(rows))
        X, y = X[rows], y[rows]
    if scale == "standard":
        deviation = X.std(axis=0)
        # constant, but for rounding
        flat = deviation <= 1e-12 * np.abs(X).max(axis=0, initial=0.0)
        X = (X - X.mean(axis=0)) / np.where(flat, 1.0, deviation)
    return table._replace(X=np.ascontiguousarray(X), y=y)
