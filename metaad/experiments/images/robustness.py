"""How well do detectors rank when every row may be moved a little by an attacker?

Each class of MNIST, and of Fashion-MNIST, is normal in turn; nets learn to tell it from
doodles, plainly or with attacked rows, with and without self-supervised pretraining,
all in the same number of passes. The official test split is attacked: anomalies down
alone, and normal rows up as well.

    python -m metaad.experiments robustness PARTS [--seeds 0 1 2]

Settings were chosen on the bundled 5,000 training images (lesson 16); the test split
and Fashion-MNIST were used once, with those. Each data set and seed is one step; what a
file of PARTS holds is not made again.
"""

import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

from metaad import data, metrics
from metaad.attacks import attack_both_ways, aurocs, fgsm, gated, pgd, quantised
from metaad.attacks.gradient import worst_of
from metaad.experiments import record
from metaad.experiments.images.robust_nets import doodles, exposed, rebuilding
from metaad.experiments.parts import Steps

NAME = "robustness"
SEEDS = (0, 1, 2)
DATA = ("mnist", "fashion-mnist")
EPSILON, LENGTH = 0.1, 1.5  # of the largest norm, and of norm 2
CURVE = (0.05, 0.15)  # and EPSILON; on MNIST, first seed
PASSES, OUTLIERS = 500, 3000
SIZES = {"n_train": 5000, "n_normal": 50, "n_odd": 5}
GATE, LEVELS = 20.0, 8
HARD = {"epsilon": EPSILON}
# name: (maker, its options)
METHODS = {
    "plain": (exposed, {}),
    "adversarial": (exposed, HARD),
    # pretraining passes end in as many outputs as pixels: this takes as many seconds
    "adversarial, longer": (exposed, HARD | {"passes": round(1.3 * PASSES)}),
    "denoising first": (exposed, HARD | {"first": "denoising"}),
    "masking first": (exposed, HARD | {"first": "masking"}),
    "rotation first": (exposed, HARD | {"first": "rotation"}),
    "plain, gate": (exposed, {"front": gated(GATE)}),
    "adversarial, gate": (exposed, HARD | {"front": gated(GATE)}),
    "autoencoder": (rebuilding, {}),
    "autoencoder, adversarial": (rebuilding, HARD),
}
CURVED = ("plain", "adversarial")
COPY = "plain, 8 grey levels"  # the plain net behind a front that hides the slope


def attacks(epsilon, seed, norm=float("inf")):
    """Return the attacks by name: functions (score, rows, goal=...) -> rows."""
    generator = torch.Generator().manual_seed(seed)
    ball = {"epsilon": epsilon, "norm": norm}
    strong = {"steps": 50, "restarts": 3, "generator": generator}
    return {
        "FGSM": partial(fgsm, **ball),
        "PGD-10": partial(pgd, steps=10, **ball),
        "PGD-50": partial(pgd, **strong, **ball),
    }


def split(name, seed):
    """Return training rows (10, n, d), normal test rows (10, k, d) and anomalies
    (10, j, d) of a data set in its own split, float32.
    """
    images, rng = data.load(name), np.random.default_rng(seed)
    X = images.X.reshape(len(images.X), -1).astype(np.float32)

    def some(own, n):
        return X[rng.permutation(np.flatnonzero(own))[:n]]

    y, learn = images.y, images.train
    rows = [some(learn & (y == c), SIZES["n_train"]) for c in range(10)]
    test = [some(~learn & (y == c), SIZES["n_normal"]) for c in range(10)]
    others = [some(~learn & (y == c), SIZES["n_odd"]) for c in range(10)]
    odd = [np.concatenate([*others[:c], *others[c + 1 :]]) for c in range(10)]
    return tuple(torch.tensor(np.stack(part)) for part in (rows, test, odd))


def judged(score, rows, normal, odd, attack):
    """Return {"anomalies", "both"}: lists of AUROC of rows that an attack moved.

    rows : dict that gets what was moved, under the attack's name; attack : (name,
    function).
    """
    name, function = attack
    rows[name] = attack_both_ways(score, normal, odd, function)
    return both(score, normal, *rows[name])


def both(score, normal, up, down):
    """Return the AUROCs with anomalies moved, and with all moved."""
    pairs = {"anomalies": (normal, down), "both": (up, down)}
    return {n: aurocs(score, *pair).tolist() for n, pair in pairs.items()}


def one_net(score, test, sources, seed, curve=False):
    """Attack one method's ten nets in every way: {attack: {"anomalies", "both"}}, and
    {"clean": list}.

    test : (normal, odd). sources : {name: (normal, odd)} that were moved on other nets.
    """
    found, moved = {"clean": aurocs(score, *test).tolist()}, {}
    for attack in attacks(EPSILON, seed).items():
        found[attack[0]] = judged(score, moved, *test, attack)
    for name, rows in sources.items():
        moved[name] = rows
        found[name] = both(score, test[0], *rows)
    goals = ("odd", "normal")
    worst = [
        worst_of(score, [own, *(rows[i] for rows in moved.values())], goals[i])
        for i, own in enumerate(test)
    ]
    found["strongest"] = both(score, test[0], *worst)
    if curve:
        found |= over_epsilon(score, test, seed)
    return found


def over_epsilon(score, test, seed):
    """Attack with other radii, and with norm 2: {"PGD-50 0.03": ...}."""
    found = {}
    for epsilon in CURVE:
        for name, attack in attacks(epsilon, seed).items():
            found[f"{name} {epsilon:g}"] = judged(score, {}, *test, (name, attack))
    length = attacks(LENGTH, seed, 2)["PGD-50"]
    found[f"length {LENGTH:g}"] = judged(score, {}, *test, ("length", length))
    return found


def one_seed(name, seed):
    """Train every method once and attack it: {method: see `one_net`}, and the CPU
    seconds of each training.
    """
    rows, *test = split(name, seed)
    drawn = doodles(OUTLIERS, np.random.default_rng(seed))
    outliers = torch.tensor(drawn, dtype=torch.float32)
    ten = attacks(EPSILON, seed)["PGD-10"]

    def trained(method, seed):
        maker, options = METHODS[method]
        given = (rows, outliers) if maker is exposed else (rows,)
        began = time.process_time()
        score = maker(*given, seed=seed, **{"passes": PASSES, **options})
        return score, round(time.process_time() - began, 1)

    sources = {}
    for method in ("plain", "adversarial"):
        other, _ = trained(method, seed + 100)
        sources[f"from another {method}"] = attack_both_ways(other, *test, ten)
    found, seconds = {}, {}
    for method in METHODS:
        score, seconds[method] = trained(method, seed)
        curve = method in CURVED and (name, seed) == ("mnist", SEEDS[0])
        found[method] = one_net(score, test, sources, seed, curve)
        if method == "plain":
            found[COPY] = one_net(hidden(score), test, sources, seed)
    return {"auroc": found, "seconds": seconds}


def hidden(score):
    """Return a score behind a front of a few grey levels, which shows no slope."""
    front = quantised(LEVELS)
    return lambda rows: score(front(rows))


def means(found):
    """Return the mean AUROC over classes and seeds: {data: {method: {attack: ...}}}."""

    def mean(values):
        if isinstance(values[0], dict):  # curves are there for one seed alone
            return {k: mean([v[k] for v in values if k in v]) for k in values[0]}
        return round(float(np.mean(values)), 4)

    return {name: mean([s["auroc"] for s in seeds]) for name, seeds in found.items()}


def gains(found, attack="strongest", case="both"):
    """Return {method: Interval} of each method's AUROC less that of the adversarially
    trained net, over classes, the seeds' mean; for one data set.
    """

    def of(method):
        seeds = [s["auroc"][method] for s in found]
        return np.mean([s[attack][case] for s in seeds], axis=0)

    base = of("adversarial")
    names = [n for n in found[0]["auroc"] if n != "adversarial"]
    return {n: metrics.paired(of(n), base) for n in names}


def parser():
    """Return the command line's parser."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("parts", metavar="PARTS", help="folder for what is done")
    found.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    found.add_argument("--data", nargs="+", default=list(DATA), choices=DATA)
    return found


def main(argv=None):
    """Run the experiment and write its record."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    folder = Path(asked.parts)
    folder.mkdir(parents=True, exist_ok=True)
    steps = Steps(folder / f"{NAME}.json", [one_seed, exposed, rebuilding, pgd])
    found = {
        name: [
            steps(f"{name} {s}", lambda n=name, s=s: one_seed(n, s))
            for s in asked.seeds
        ]
        for name in asked.data
    }
    settings = {"epsilon": EPSILON, "length": LENGTH, "curve": [*CURVE]}
    settings |= {"passes": PASSES, "outliers": OUTLIERS, "levels": LEVELS, "gate": GATE}
    content = {"seeds": asked.seeds, "settings": settings | SIZES, "parts": found}
    content["mean"] = means(found)
    words = ["parts", *record.options(seeds=asked.seeds, data=asked.data)]
    lines = [record.command(NAME, *words)]
    record.write(NAME, content, lines, seconds=steps.seconds())
    for name, table in content["mean"].items():
        for method, values in table.items():
            shown = values["clean"], *values["strongest"].values()
            print(f"{name:14} {method:26}", *shown)
