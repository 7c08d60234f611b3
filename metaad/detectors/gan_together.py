"""Many detectors of one shape, trained at the same time: a matrix product serves all."""

import copy

import numpy as np
import torch
from sklearn.base import clone
from torch import nn

from metaad.train import seeded


class ManyLinear(nn.Module):
    """m linear layers side by side: (n, m, n_in) -> (n, m, n_out).

    layers : list of m nn.Linear of one shape.
    """

    def __init__(self, layers):
        super().__init__()
        weights = torch.stack([layer.weight.detach().T for layer in layers])
        biases = torch.stack([layer.bias.detach()[None] for layer in layers])
        self.weight = nn.Parameter(weights.contiguous())  # (m, n_in, n_out)
        self.bias = nn.Parameter(biases.contiguous())  # (m, 1, n_out)

    @property
    def in_features(self):
        """Width of what comes in."""
        return self.weight.shape[1]

    def forward(self, x):
        """Return layer i's output for x[:, i]."""
        return torch.baddbmm(self.bias, x.transpose(0, 1), self.weight).transpose(0, 1)


def side_by_side(modules):
    """Return one module that holds m modules of one make: the linear layers of all in
    each `ManyLinear`, everything else from the first.

    Input and output get the axis m after the rows: (n, d) becomes (n, m, d).
    """
    together = copy.deepcopy(modules[0])
    for name, layer in list(together.named_modules()):
        if isinstance(layer, nn.Linear):
            owner, _, own_name = name.rpartition(".")
            layers = [m.get_submodule(name) for m in modules]
            setattr(together.get_submodule(owner), own_name, ManyLinear(layers))
    return together


def apart(together, modules):
    """Copy the weights of `side_by_side(modules)` back to the modules."""
    for name, layer in together.named_modules():
        if isinstance(layer, ManyLinear):
            for i, module in enumerate(modules):
                own = module.get_submodule(name)
                own.load_state_dict(
                    {"weight": layer.weight[i].detach().T, "bias": layer.bias[i, 0]}
                )


def fit_together(detector, tables, seeds):
    """Fit a GANDetector or WGANDetector to each of m tables at the same time.

    Each network sees its own rows only, and no weight of one enters the loss of another.
    A table with fewer rows than the largest repeats some in each pass. The noise of all
    comes from the first seed; with one table the detector is that of `fit`.

    Parameters
    ----------
    detector : the settings; it is not changed. The losses in the histories are means
        over the networks.
    tables : m arrays (n_i, d).
    seeds : m ints, the `random_state` of each.

    Returns
    -------
    list of m fitted detectors.

    Raises
    ------
    ValueError
        for tables of different widths, or of which some are pixels and others not; what
        `fit` raises.
    """
    many = [clone(detector).set_params(random_state=int(s)) for s in seeds]
    tables = [
        d._checked(X, ensure_min_samples=d._min_samples)
        for d, X in zip(many, tables, strict=True)
    ]
    prepared = []
    for d, X in zip(many, tables, strict=True):
        d._check_contamination()
        d._check_size(X)
        prepared.append(d._prepare(X))
    for d, (rows, seed) in zip(many, prepared, strict=True):
        with seeded(seed, d.device_):
            d.module_ = d._networks(rows)
    made = {tuple(str(p.shape) for p in d.module_.parameters()) for d in many}
    ends = {str(d.module_["generator"][-1]) for d in many}
    if len(made) > 1 or len(ends) > 1:
        raise ValueError(
            "all tables must have the same number of columns, and all or none of them "
            "values in [0, 1] only; train them one by one with fit."
        )
    rows = torch.stack(_as_long([r for r, _ in prepared], seeds), dim=1)  # (n, m, d)
    first, seed = many[0], prepared[0][1]
    shuffle = torch.Generator().manual_seed(seed)
    modules = [d.module_ for d in many]
    with seeded(seed, first.device_):
        first._networks(prepared[0][0])  # the draws that `fit` makes before the game
        together = side_by_side(modules)
        histories = first._train(together, rows, shuffle)
    apart(together, modules)
    for d, X in zip(many, tables, strict=True):
        d.history_, d.encoder_history_ = (list(h) for h in histories)
        share = 100.0 * d.contamination
        d.offset_ = float(np.percentile(-d._scores(X), share))
    return many


def _as_long(tables, seeds):
    """Tables (n_i, d) as long as the longest: shuffled rows again, the same for a seed."""
    most, long = max(map(len, tables)), []
    for rows, seed in zip(tables, seeds, strict=True):
        rng = torch.Generator().manual_seed(int(seed))
        missing = most - len(rows)
        more = [
            torch.randperm(len(rows), generator=rng)
            for _ in range(-(-missing // len(rows)))
        ]
        extra = torch.cat([torch.arange(len(rows)), *more])[:most]
        long.append(rows[extra.to(rows.device)])
    return long
