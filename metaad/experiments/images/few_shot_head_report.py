"""Put the judgements of few_shot_head together: data/results/few_shot_head.json."""

import numpy as np

from metaad import metrics
from metaad.experiments import record
from metaad.experiments.images.few_shot_control_report import summed

OURS, LONGER = "learned", "longer, "
# before the record, on classes kept out of training; the first head, without made-up
# classes, was seen on the test images of two folds of each family as well
TRIED = {
    "what the head learns from, penalties, where weights are drawn to": 22,
    "heads with more numbers, or a small network": 5,
    "numbers of a metric network beside them": 4,
    "trunks trained with the head, in episodes": 8,
    "rivals: distances": 12,
    "rivals: multiples of the energy": 9,
}


def collected(judgements):
    """Return {family: {reading: {where-K: {class: [AUROC of each seed]}}}}.

    judgements : [(family, split, seed, what few_shot_head.fold returns)]."""
    found = {}
    for family, _, _, result in judgements:
        for what, prefix in (("auroc", ""), ("longer", LONGER)):
            for reading, by_where in result.get(what, {}).items():
                place = found.setdefault(family, {}).setdefault(prefix + reading, {})
                for where, by_class in by_where.items():
                    for c, value in by_class.items():
                        place.setdefault(where, {}).setdefault(int(c), []).append(value)
    return found


def interval(values):
    """Return the bootstrap interval of a mean as a dict; None of fewer than two."""
    return metrics.bootstrap(values)._asdict() if len(values) > 1 else None


def differences(of, rival):
    """Return {where-K: [difference of each class]}: the learned head minus a rival, over
    the seeds that both have.

    of : {reading: {where-K: {class: [AUROC of each seed]}}}, the seeds in order."""
    found = {}
    for where, theirs in of[rival].items():
        ours = of[OURS][where]
        found[where] = [
            float(np.mean(np.subtract(ours[c][: len(theirs[c])], theirs[c])))
            for c in sorted(theirs)
        ]
    return found


def gains(found):
    """Return {family: {"learned minus RIVAL": {where-K: interval}}}, and the same over the
    classes of all families."""
    by_family, together = {}, {}
    for family, of in found.items():
        for rival in of:
            if rival == OURS:
                continue
            name = f"{OURS} minus {rival}"
            place = by_family.setdefault(family, {}).setdefault(name, {})
            for where, gap in differences(of, rival).items():
                place[where] = interval(gap)
                together.setdefault(name, {}).setdefault(where, []).extend(gap)
    return by_family, {
        name: {where: interval(gap) for where, gap in of.items()}
        for name, of in together.items()
    }


def weights(judgements):
    """Return {family: {K: [mean weight of each number]}}."""
    found = {}
    for family, _, _, result in judgements:
        for k, of in result["about"].items():
            found.setdefault(family, {}).setdefault(str(k), []).append(of[OURS])
    return {
        family: {k: np.round(np.mean(w, axis=0), 3).tolist() for k, w in of.items()}
        for family, of in found.items()
    }


def choices(judgements):
    """Return {family: {K: [[split, seed, distance, multiple of the energy]]}}."""
    found = {}
    for family, split, seed, result in judgements:
        for k, of in result["about"].items():
            place = found.setdefault(family, {}).setdefault(str(k), [])
            place.append([split, seed, of["chosen"], of["with energy"]])
    return found


def pooled(several):
    """Return {family: {reading: {where-K: {"classes", "by_class", "interval"}}}}.

    several : {(family, split): {reading: {where-K: {class: AUROC}}}}."""
    found = {}
    for (family, _), of in several.items():
        for reading, by_where in of.items():
            for where, by_class in by_where.items():
                place = found.setdefault(family, {}).setdefault(reading, {})
                place = place.setdefault(where, {})
                place |= {c: [value] for c, value in by_class.items()}
    return {
        family: {reading: summed(of) for reading, of in readings.items()}
        for family, readings in found.items()
    }


def report(judgements, several, about, commands, seconds=None):
    """Write the record.

    several : see `pooled`, the networks of all seeds as one. about : dict, settings."""
    found = collected(judgements)
    by_family, together = gains(found)
    content = about | {
        "folds": sorted([f, split, seed] for f, split, seed, _ in judgements),
        "results": {
            family: {reading: summed(of) for reading, of in readings.items()}
            for family, readings in found.items()
        },
        "gains": by_family,
        "together": together,
        "several": pooled(several),
        "weights": weights(judgements),
        "choices": choices(judgements),
    }
    return record.write("few_shot_head", content, commands, seconds=seconds)
