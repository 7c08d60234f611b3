"""How well is a digit told from the nine others by a detector that saw no other?

    python -m metaad.experiments one_class_mnist --parts DIR
        every row of the table that the folder lacks, then the record
    python -m metaad.experiments one_class_mnist --parts DIR --rows kNN "Gaussian, HOG"
        these rows alone, then the record
    python -m metaad.experiments one_class_mnist --parts DIR --rows
        the record from what is there
    python -m metaad.experiments one_class_mnist --parts DIR --rows --choose
        and what features and ridges reach on training images alone

MNIST. Each digit is normal in turn: its images of the training split are learned from,
all 10,000 images of the test split are scored, and the nine other digits are the
anomalies. A row is one method; what is random is repeated with three seeds. Each part is
kept in the folder and made again only if code, data or settings changed. Rows that the
folder lacks stay in the record, data/results/one_class_mnist.json, as they are. Those of
the GANs come from the record of their own experiment, one_class_gans."""

import time
from pathlib import Path

import numpy as np
import torch

from metaad import data, metrics, repro
from metaad.experiments import parts, record
from metaad.experiments.images.one_class_mnist_choice import choice
from metaad.experiments.images.one_class_mnist_methods import VIEWS
from metaad.experiments.images.one_class_mnist_rows import ROWS
from metaad.repro import cache

NAME = "one_class_mnist"
SEEDS = (0, 1, 2)
CHOICE = "choice.json"  # a file among the parts
PUBLISHED = {
    "Deep SVDD": {
        "auroc": 0.948,
        "source": "Ruff et al., Deep one-class classification, ICML 2018, table 1",
    },
    "OCGAN": {
        "auroc": 0.975,
        "source": "Perera, Nallapati and Xiang, OCGAN, CVPR 2019, table 2",
    },
}


class Digits:
    """MNIST in the view that was asked for last.

    digest : checksum of all images and labels."""

    def __init__(self):
        table = data.load("mnist")
        X = table.X.reshape(len(table.X), -1).astype(np.float32)  # (70000, 784)
        train, test = table.train, ~table.train
        self.X, self.y, self.queries, self.y_test = (
            *(X[train], table.y[train]),
            *(X[test], table.y[test]),
        )
        self.digest = repro.digest(X) + repro.digest(table.y)
        self._view = None

    def view(self, name):
        """Return (list of ten arrays of training images, test images) in a view, and
        the CPU seconds of making it.
        """
        if self._view is None or self._view[0] != name:
            began = time.process_time()
            X, queries = (VIEWS[name](a) for a in (self.X, self.queries))
            took = time.process_time() - began
            self._view = name, [X[self.y == d] for d in range(10)], queries, took
        return self._view[1:]


def key(name, seed, digest):
    """Return the key of one row and seed."""
    row = ROWS[name]
    made_of = {"settings": row.settings, "view": row.view, "seed": seed}
    return cache.key(code=[row.method, VIEWS[row.view]], digest=digest, **made_of)


def measure(folder, names, seeds):
    """Make the parts of these rows that the folder lacks."""
    digits = Digits()
    for name in sorted(names, key=lambda n: list(VIEWS).index(ROWS[n].view)):
        row = ROWS[name]
        for seed in seeds if row.random else seeds[:1]:
            path = cache.path(folder, name, seed, ending=".json")
            of = key(name, seed, digits.digest)
            if parts.stored(path, of):
                continue
            normal, queries, making = digits.view(row.view)
            began = time.process_time()
            scores = row.method(normal, queries, seed, **row.settings)
            seconds = time.process_time() - began + making
            auroc = [metrics.auroc(digits.y_test != d, scores[d]) for d in range(10)]
            content = {"name": name, "seed": seed, "auroc": auroc, "seconds": seconds}
            parts.keep(path, of, content)
            print(name, seed, f"{np.mean(auroc):.4f}, {seconds:.0f} s", flush=True)


def choose(folder):
    """Make the part that says what the settings were chosen on."""
    digits = Digits()
    path, of = folder / CHOICE, cache.key(code=[choice], digest=digits.digest)
    if parts.stored(path, of) is None:
        upright = VIEWS["deskewed"](digits.X)
        parts.keep(path, of, {"auroc": choice(upright, digits.y)})


def found(folder):
    """Return the rows of a folder: {name: {what it was, "auroc": {seed: ten values},
    "cpu_seconds": {seed: seconds}}}.
    """
    rows = {}
    for path in sorted(folder.glob("*.json")):
        part = parts.read(path)
        if part.get("name") in ROWS:
            row = ROWS[part["name"]]
            made = {"view": row.view, "settings": row.about, "random": row.random}
            kept = rows.setdefault(
                part["name"], {**made, "auroc": {}, "cpu_seconds": {}}
            )
            seed = str(part["seed"])
            kept["auroc"][seed] = part["auroc"]
            kept["cpu_seconds"][seed] = round(part["seconds"], 1)
    return rows


def gans(path):
    """Return the rows in the record of one_class_gans, as `found` has them; none where
    there is no such record.
    """
    kept, rows = parts.read(path), {}
    for name, auroc in kept.get("rows", {}).items():
        by_seed = dict(zip(map(str, kept["seeds"]), auroc, strict=True))
        about = {"view": "raw", "settings": "see one_class_gans", "random": True}
        rows[name] = {**about, "auroc": by_seed, "cpu_seconds": {}}
    return rows


def by_digit(row):
    """Return the AUROC of ten digits, the mean over the seeds: array (10,)."""
    return np.mean(list(row["auroc"].values()), axis=0)


def compared(rows, best="Gaussian, HOG"):
    """Add to each row the mean of ten digits with its interval, and of the others their
    difference to the best, paired over digits.
    """
    for name, row in rows.items():
        row["mean"] = metrics.bootstrap(by_digit(row))._asdict()
        if name != best and best in rows:
            pair = metrics.paired(by_digit(row), by_digit(rows[best]))
            row["minus_best"] = pair._asdict()
    return rows


def report(folder, path=None):
    """Write the record: the rows of the folder, and those that it has already."""
    path = path or repro.results_dir() / f"{NAME}.json"
    rows = parts.read(path).get("rows", {}) | found(folder)
    rows = {name: rows[name] for name in ROWS if name in rows}
    rows |= gans(path.with_name("one_class_gans.json"))
    chosen = parts.read(folder / CHOICE) or parts.read(path).get("choice", {})
    seconds = sum(sum(row["cpu_seconds"].values()) for row in rows.values())
    content = {
        "what": __doc__.split("\n\n")[2].replace("\n", " "),
        "missing": [name for name in ROWS if name not in rows],
        "rows": compared(rows),
        "choice": chosen.get("auroc", chosen),
        "published": PUBLISHED,
        "training_images": 60000,
        "test_images": 10000,
    }
    lines = [record.command(NAME, "--parts", "DIR", "--choose")]
    return record.write(NAME, content, lines, path, seconds=seconds)


def parser():
    """Return the parser of the command line."""
    made = record.parser_of(NAME, __doc__)
    made.add_argument("--parts", type=Path, required=True, help="keeps what is done")
    made.add_argument("--rows", nargs="*", choices=list(ROWS), default=list(ROWS))
    made.add_argument("--choose", action="store_true", help="on training images")
    made.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    return made


def main(argv=None):
    """Run the experiment, see the module's first lines."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    asked.parts.mkdir(parents=True, exist_ok=True)
    if asked.choose:
        choose(asked.parts)
    if asked.rows:
        measure(asked.parts, asked.rows, asked.seeds)
    print(report(asked.parts))


if __name__ == "__main__":
    main()
