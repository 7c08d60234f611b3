"""What do episodes add to a classifier's features, if they learn how to read them?

    python -m metaad.experiments few_shot_head --parts DIR
        learn both families; --families, --splits and --seeds narrow it down
    python -m metaad.experiments few_shot_head --parts DIR --longer
        seed 0 of both families again, as long as all networks of a fold together
    python -m metaad.experiments few_shot_head --parts DIR --report
        judge what is in DIR: data/results/few_shot_head.json

Folds, test episodes and trunk are those of few_shot_control. Here the trunk is trained
by cross-entropy alone, on the eight known classes, and episodes learn the head:

1. Four more classifiers leave out two of the eight known classes each, and learn for a
   quarter as long. To each of them the two are new.
2. Episodes about the classes that were left out, on training images, with anomalies
   from all known classes or from the other one, and episodes about made-up classes, give
   17 numbers of each query row (metaad.meta.support_numbers), and one weight for each
   (metaad.meta.learned_head). Left-out and made-up classes weigh alike.
3. The weights go to the classifier of all eight classes, which meets the two held-out
   ones. Numbers count in units of how they vary over a network's own known classes.

Its rivals have the same networks and the same episodes to choose on, but learn no
weights:

- residual: the one of lesson 08, in the third convolution, fixed before any test.
- chosen: the best of the twelve distances, by the mean AUROC in step 2.
- with energy: the residual plus a multiple of the energy; the best of nine multiples.
- longer, residual and longer, chosen: a classifier that is trained for as many steps as
  all five together (seed 0 alone).

The record: `results[family][reading][where-K]` holds `by_class`, the mean AUROC of each
of the ten classes over seeds and 200 episodes, and `interval`; `gains[family]` paired
differences of the learned head from each rival; `together` the same over the classes of
both families; `several` what the mean score of the networks of all seeds reaches, which
see the same episodes; `weights[family][K]` the mean weights in the order of `names`."""

import time
from pathlib import Path

import numpy as np
import torch

from metaad import metrics, repro
from metaad.experiments import parts, record
from metaad.experiments.images import few_shot_head_numbers as made
from metaad.experiments.images import few_shot_head_report as reporting
from metaad.experiments.images.few_shot_control import FAMILIES
from metaad.experiments.images.few_shot_control_judge import QUERY
from metaad.meta.learned_head import LearnedHead
from metaad.meta.support_numbers import KNOWN, NAMES
from metaad.repro import cache

SPLITS = range(5)
RESIDUAL, ENERGY = NAMES.index("residual, third"), NAMES.index("energy")
MULTIPLES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
KINDS = (made.WHERES, ("invented",))  # of episodes to learn from: real, made up
LABELS = np.repeat([0, 1], QUERY)
HEADS = "heads.json"  # what was learned and chosen, in the folder of parts
SECONDS = "seconds.json"  # CPU seconds of each fold, in the folder of parts


def episodes_of(numbers, prefix, k, wheres=made.WHERES):
    """Collect the arrays (n, 200, 17) whose names begin with a prefix: a list."""
    return [
        numbers[n]
        for n in sorted(numbers)
        if n.startswith(prefix) and n.endswith(f"-{k}") and any(w in n for w in wheres)
    ]


def energetic(numbers, multiple):
    """Add a multiple of the energy to the residual: numbers (..., 17) -> (...)."""
    return numbers[..., RESIDUAL] + multiple * numbers[..., ENERGY]


def auroc(scores):
    """Compute the mean AUROC of episodes (n, 200), the normal rows first."""
    scores = np.asarray(scores)
    return float(metrics.auroc(np.broadcast_to(LABELS, scores.shape), scores).mean())


def learning(numbers, k):
    """Learn the head and choose its rivals on the short networks' episodes: {"learned":
    17 weights, "chosen": a distance, "with energy": a multiple}."""
    kinds = [episodes_of(numbers, "short-", k, w) for w in KINDS]

    def mean(score):
        return np.mean([np.mean([auroc(score(x)) for x in of]) for of in kinds])

    distances = range(len(NAMES) - len(KNOWN))
    best = max(distances, key=lambda i: mean(lambda x: x[..., i]))
    most = max(MULTIPLES, key=lambda m: mean(lambda x: energetic(x, m)))
    weights = learned(kinds).tolist()
    return {reporting.OURS: weights, "chosen": NAMES[best], "with energy": most}


def readings(about):
    """Return functions from numbers (..., 17) to scores: {reading: function}.

    about : what `learning` returns."""
    weights, best = np.asarray(about[reporting.OURS]), NAMES.index(about["chosen"])
    return {
        reporting.OURS: lambda x: x @ weights,
        "residual": lambda x: x[..., RESIDUAL],
        "chosen": lambda x: x[..., best],
        "with energy": lambda x: energetic(x, about["with energy"]),
    }


def learned(kinds):
    """Learn the weights from left-out and made-up classes alike: array (17,).

    kinds : the episodes of either, two lists of arrays (n, 200, 17)."""
    kinds = [np.concatenate(of) for of in kinds]
    weight = np.concatenate([np.full(len(of), 1 / len(of)) for of in kinds])
    head = LearnedHead().fit(np.concatenate(kinds), LABELS, weight)
    return head.weights_.numpy()


def scored(numbers, by_shots):
    """Score the test: {(reading, "where-K", class): array (n, 200)}.

    by_shots : {K: {reading: function}}."""
    found = {}
    for name, x in numbers.items():
        what, _, rest = name.partition("-")
        if what == "test" and "invented" not in rest:
            where, c, k = rest.rsplit("-", 2)
            for reading, score in by_shots[int(k)].items():
                found[reading, f"{where}-{k}", int(c)] = score(x)
    return found


def judged(scores):
    """Judge what `scored` returns: {reading: {"where-K": {class: AUROC}}}."""
    found = {}
    for (reading, where, c), of in scores.items():
        place = found.setdefault(reading, {}).setdefault(where, {})
        place[c] = round(auroc(of), 6)
    return found


def together(members):
    """Judge the mean score of several networks on the same episodes, as `judged`.

    members : list of what `scored` returns, one for each seed."""
    return judged({key: sum(m[key] for m in members) for key in members[0]})


def fold(steps, folder, family, split, seed, *of):
    """Judge one fold: {"auroc", "about"}, of seed 0 "longer" if it was made; and what
    `scored` returns.

    steps : Steps, which keep what was learned."""
    numbers = made.of_fold(folder, family, split, seed, *of)
    about = {}
    for k in made.SHOTS:
        name = f"{family}-{split}-{seed}-{k}"
        which = dict(zip(("iterations", "episodes"), of, strict=True))
        about[k] = steps(name, lambda k=k: learning(numbers, k), **which)
    by_shots = {k: readings(about[k]) for k in about}
    scores = scored(numbers, by_shots)
    result = {"auroc": judged(scores), "about": about}
    if seed == 0 and _longer(folder, family, split, *of).exists():
        kept = {
            k: {n: f for n, f in found.items() if n in ("residual", "chosen")}
            for k, found in by_shots.items()
        }
        numbers = made.longer(folder, family, split, *of)
        result["longer"] = judged(scored(numbers, kept))
    return result, scores


def _longer(folder, family, split, iterations, n_episodes):
    """Where the numbers of a classifier trained for longer lie."""
    return cache.path(folder, family, split, 0, iterations, n_episodes, "longer")


def settings():
    """Return what the record says of how it was made."""
    return {
        "what": __doc__.split("\n\n", 2)[2].replace("\n", " "),
        "names": list(NAMES),
        "steps": {
            "classifier": made.ITERATIONS,
            "each of four": made.ITERATIONS // made.SHORT,
        },
        "episodes_a_class": made.EPISODES,
        "episodes_to_learn_from": made.FEW,
        "tried": reporting.TRIED,
    }


def commands():
    """Return the commands that make the record."""
    return [
        record.command("few_shot_head", "--parts", "parts"),
        record.command("few_shot_head", "--parts", "parts", "--longer"),
        record.command("few_shot_head", "--parts", "parts", "--report"),
    ]


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("few_shot_head", __doc__)
    found.add_argument("--parts", type=Path, required=True)
    found.add_argument("--families", nargs="+", choices=FAMILIES, default=[*FAMILIES])
    found.add_argument("--splits", type=int, nargs="+", default=[*SPLITS])
    found.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    found.add_argument("--iterations", type=int, default=made.ITERATIONS)
    found.add_argument("--episodes", type=int, default=made.EPISODES)
    found.add_argument("--longer", action="store_true")
    found.add_argument("--report", action="store_true")
    return found


def folds(asked):
    """List (family, split, seed) of what was asked for."""
    seeds = [s for s in asked.seeds if s == 0] if asked.longer else asked.seeds
    return [
        (family, split, seed)
        for seed in seeds
        for family in asked.families
        for split in asked.splits
    ]


def report(asked, *of):
    """Judge all folds that were asked for and write the record."""
    judgements, members = [], {}
    spent = parts.read(asked.parts / SECONDS)
    steps = parts.Steps(asked.parts / HEADS, [learning, LearnedHead])
    for family, split, seed in folds(asked):
        result, scores = fold(steps, asked.parts, family, split, seed, *of)
        judgements.append((family, split, seed, result))
        members.setdefault((family, split), []).append(scores)
    several = {
        where: together(scores) for where, scores in members.items() if len(scores) > 1
    }
    content = judgements, several, settings(), commands()
    return reporting.report(*content, seconds=sum(spent.values()) + steps.seconds())


def main(argv=None):
    """Learn folds, or judge them and write the record."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    asked.parts.mkdir(parents=True, exist_ok=True)
    of = asked.iterations, asked.episodes
    if asked.report:
        print(report(asked, *of))
        return
    spent = parts.read(asked.parts / SECONDS)
    for where in folds(asked):
        began, name = time.process_time(), "-".join(map(str, where))
        if asked.longer:
            made.longer(asked.parts, *where[:2], *of)
            name += "-longer"
        else:
            made.of_fold(asked.parts, *where, *of)
        seconds = round(time.process_time() - began, 1)
        # what was there took no time now
        spent[name] = max(seconds, spent.get(name, 0.0))
        repro.write_json(asked.parts / SECONDS, spent)
        print(*where, seconds, "s", flush=True)


if __name__ == "__main__":
    main()
