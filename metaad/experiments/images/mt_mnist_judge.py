"""Episodes of MT-MNIST judged: what learners share is computed once, scores are kept
beside the results.
"""

import copy
from collections import OrderedDict

import numpy as np
import torch
from torch import nn

from metaad import metrics, repro
from metaad.tasks import PROTOCOLS, OneClassTasks

SHOTS = (2, 10)
QUERY = 100  # normal rows of a test query, and as many anomalies
TEST_IMAGES = ("halves", "shared")
SPLITS = PROTOCOLS | {"pairs": 5}
KEPT_OUT = [(0, 1), (2, 3), (4, 5), (6, 7), (3, 8)]  # splits of the protocol pairs
# embeddings are means over the image as it is and moved by a pixel, up, down, left and
# right
MOVED = ", moved"
MOVES = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))


def embedded(learner, X, moves=((0, 0),)):
    """Return the rest of a learner and the features (n, m) that it takes: the layers
    below those that adapt are computed once, on all rows.

    The features are means over images moved by `moves`, pixels (down, right). Where
    every layer adapts, and where nothing is learned: the learner and its rows as they
    came."""
    if not hasattr(learner, "module_") or getattr(learner, "layers", None) == "all":
        return learner, X
    net = learner.module_["net"].eval()
    # the last layer adapts, or is no part of the features
    cut = len(net) - (getattr(learner, "layers", None) == "last")
    rest = copy.copy(learner)
    # keeps the layers' names
    upper = nn.Sequential(OrderedDict(list(net.named_children())[cut:]))
    rest.module_ = nn.ModuleDict({**dict(learner.module_.items()), "net": upper})
    lower = nn.Sequential(*list(net)[:cut])
    return rest, sum(_through(lower, moved(X, *move)) for move in moves) / len(moves)


@torch.no_grad()
def _through(net, X):
    """Return the outputs of a network for rows X, a twentieth of them at a time."""
    where = next((p.device for p in net.parameters()), None)
    parts = [net(torch.as_tensor(p, device=where)) for p in np.array_split(X, 20)]
    return torch.cat(parts).cpu().numpy()


def moved(X, down, right):
    """Return square images (n, d) moved by whole pixels; what enters is empty."""
    side = round(X.shape[1] ** 0.5)
    padded = np.pad(X.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
    top, left = 1 - down, 1 - right
    return padded[:, top : top + side, left : left + side].reshape(X.shape)


def judge(learner, X, y, k, digit, anomalous, n_episodes):
    """Adapt to episodes with one digit as normal, judge their queries: see `summarise`.

    X : array (n, m), what the learner takes. y : the digits (n,). anomalous : digits
    that anomalies come from."""
    of = {"k": k, "n_query": QUERY, "normal": (digit,), "anomalous": anomalous}
    # the twin's one pixel is the digit
    tasks, twin = OneClassTasks(X, y, **of), OneClassTasks(y[:, None], y, **of)
    kept = []
    for start in range(0, n_episodes, 10):
        task, same = (t.sample(10, np.random.default_rng(start)) for t in (tasks, twin))
        digits = same.query[..., 0].numpy()
        kept.append((learner.scores(task), task.y.numpy(), digits))
    return summarise(*(np.concatenate(a) for a in zip(*kept, strict=True)))


def accuracies(scores, y, threshold):
    """Return the balanced accuracy of each episode where scores above `threshold` count
    as anomalies: scores, y (n_episodes, q) -> (n_episodes,).
    """
    return metrics.balanced_accuracy(y, np.where(scores > threshold, -1, 1))


def summarise(scores, y, digits):
    """Return accuracy at the threshold 0, AUROC and the share called normal of each
    digit, as a dict; and the scores with y and digits, for ensembles.

    scores, y, digits : arrays (n_episodes, q).
    """
    normal = scores <= 0
    shares = [
        float(normal[digits == d].mean()) if (digits == d).any() else None
        for d in range(10)
    ]
    return {
        "accuracy": float(accuracies(scores, y, 0.0).mean()),
        "auroc": float(metrics.auroc(y, scores).mean()),
        "called_normal": shares,
    }, (scores.astype(np.float32), y, digits)


def judgements(name, split):
    """Return what is judged in a split: name, normal digit, digits of the anomalies
    (None: all others).
    """
    if name == "mt-mnist":
        return [
            ("test", split, None),
            ("validation", 9, tuple(d for d in range(9) if d != split)),
        ]
    if name == "pairs":
        others = tuple(d for d in range(10) if d not in KEPT_OUT[split])
        return [("unseen", d, others) for d in KEPT_OUT[split]]
    a, b = 2 * split, 2 * split + 1
    return [
        ("others", a, None),
        ("others", b, None),
        ("held-out", a, (b,)),
        ("held-out", b, (a,)),
    ]


def images_of(what, images, n):
    """Return which of n test images a judgement may take: a slice.

    images : "halves", as the reference code of mt-mnist has it: the first half for the
        test, the second for the validation, so that no anomaly is in both. "shared":
        all of them for both.
    """
    if images not in TEST_IMAGES:
        raise ValueError(f"images must be one of {TEST_IMAGES}; got {images!r}.")
    parts = {"test": slice(0, n // 2), "validation": slice(n // 2, n)}
    return parts.get(what, slice(n)) if images == "halves" else slice(n)


def judge_all(learner, X, y, result, path):
    """Put all judgements of a split into `result` and its file; the scores of the test
    beside it. Which images each may take says `result["test images"]`, see `images_of`.
    """
    for k in SHOTS:
        for what, digit, anomalous in judgements(result["protocol"], result["split"]):
            part = images_of(what, result["test images"], len(y))
            found, scores = judge(
                learner, X[part], y[part], k, digit, anomalous, result["episodes"]
            )
            result.setdefault(f"{what}-{k}", {})[str(digit)] = found
            if what in ("test", "unseen"):
                np.savez(scores_file(path, k, digit), *scores)
    repro.write_json(path, result)


def part(parts, name, variant, split, seed):
    """Return the file of one protocol, variant, split and seed."""
    return (
        parts
        / f"{name}-{variant.replace('/', '-').replace(', ', '-')}-{split}-{seed}.json"
    )


def scores_file(path, k, digit):
    """Return where the scores of a part lie, of one number of shots and one normal
    digit.
    """
    return path.with_suffix(f".{k}.{digit}.npz")


def scores_of(path, k, digit):
    """Return scores, labels and digits of a part's episodes: three arrays (n_episodes, q)."""
    with np.load(scores_file(path, k, digit)) as kept:
        return kept["arr_0"], kept["arr_1"], kept["arr_2"]
