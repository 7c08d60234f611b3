"""Move rows a little so that an anomaly score moves much: FGSM and projected gradient.

An attack looks for a row x' near a row x whose score s(x') is as large as possible
("odd": a normal row is made to look odd) or as small as possible ("normal": an anomaly
is made to look normal). Near means |x' - x| ≤ ε, and x' stays in a box: a pixel has no
value below 0.

    moved = pgd(score, rows, 0.1, goal="normal", steps=50, restarts=5, generator=g)

`score` is any function from a tensor of rows (..., n, d) to their scores (..., n),
large = anomalous, each of one row alone, that autograd can differentiate.
"""

import math

import torch

from metaad.detectors.parameters import check_number, check_whole

GOALS = {"odd": 1.0, "normal": -1.0}  # which way the score is pushed
NORMS = (math.inf, 2)
PIXELS = (0.0, 1.0)


def project(moved, rows, epsilon, norm=math.inf, box=PIXELS):
    """Bring moved rows back into the ball around their rows, and into the box.

    For the largest norm the result is the nearest allowed point. For norm 2 the row is
    pulled back along the line to its centre and then cut to the box. The centre lies in
    the box, so cutting only shortens each step: the point stays in the ball.

    Parameters
    ----------
    moved, rows : tensors (..., n, d). rows lie in the box.
    epsilon : float ≥ 0, radius of the ball, in the units of the rows.
    norm : math.inf (no entry moves further than ε) or 2 (the length of the move).
    box : (low, high) of every entry, or None.

    Returns
    -------
    tensor like `moved`.
    """
    step = moved - rows
    if norm == math.inf:
        step = step.clamp(-epsilon, epsilon)
    else:
        length = step.norm(dim=-1, keepdim=True)
        step = step * (epsilon / length.clamp_min(epsilon or 1.0)).clamp_max(1.0)
    return rows + step if box is None else (rows + step).clamp(*box)


def steepest(slope, norm=math.inf):
    """Return the step of size 1 along which a linear score climbs most: the signs of
    the slope (..., n, d) for the largest norm, the slope at length 1 for norm 2.
    """
    if norm == math.inf:
        return slope.sign()
    return slope / slope.norm(dim=-1, keepdim=True).clamp_min(1e-30)


def climb(score, rows, sign):
    """Return sign · s of each row, (..., n), and its slope, (..., n, d)."""
    rows = rows.detach().requires_grad_()
    with torch.enable_grad():
        height = sign * score(rows)
        (slope,) = torch.autograd.grad(height.sum(), rows)
    return height.detach(), slope


def fgsm(score, rows, epsilon, *, goal, norm=math.inf, box=PIXELS):
    """Make one step of the full size along the slope [1], whatever comes of it.

    On a linear score s(x) = w · x without a box it is the best attack there is: the
    score moves by ε |w|₁ (largest norm) or ε |w|₂.

    Parameters
    ----------
    score, rows, epsilon, norm, box, goal : as for `pgd`.

    Returns
    -------
    tensor like `rows`.

    References
    ----------
    [1] Goodfellow, Shlens, Szegedy: Explaining and harnessing adversarial examples.
        ICLR 2015.
    """
    check_attack(rows, epsilon, norm, box, goal)
    _, slope = climb(score, rows, GOALS[goal])
    return project(rows + epsilon * steepest(slope, norm), rows, epsilon, norm, box)


def pgd(
    score,
    rows,
    epsilon,
    *,
    goal,
    norm=math.inf,
    steps=10,
    step_size=None,
    restarts=1,
    box=PIXELS,
    generator=None,
):
    """Climb in small steps, projected back each time; keep the best row seen [1].

    The first climb starts at the row itself, each further one at a random point of the
    ball. What is returned never has a worse score, from the attacker's view, than the
    row itself, and with a step of given size more steps and more restarts never make it
    worse.

    Parameters
    ----------
    score : function from rows (..., n, d) to scores (..., n), large = anomalous.
    rows : floating-point tensor (..., n, d) within the box.
    epsilon : float ≥ 0, how far a row may move, in its own units.
    goal : "odd" raises the score, "normal" lowers it.
    norm : math.inf or 2, how the move is measured.
    steps : int ≥ 1, of each climb.
    step_size : float > 0; None takes 2.5 ε / steps, so that a climb can cross the ball
        and still turn.
    restarts : int ≥ 1, climbs in all. box : (low, high) or None.
    generator : torch.Generator of the CPU for the random starts; needed for 2 restarts
        or more.

    Returns
    -------
    tensor like `rows`, detached.

    Raises
    ------
    ValueError
        for a parameter out of range, rows outside the box, or no generator.

    References
    ----------
    [1] Madry, Makelov, Schmidt, Tsipras, Vladu: Towards deep learning models resistant
        to adversarial attacks. ICLR 2018.
    """
    check_attack(rows, epsilon, norm, box, goal)
    check_climbs(steps, step_size, restarts, generator)
    size = 2.5 * epsilon / steps if step_size is None else step_size
    best, highest = rows.detach(), torch.full_like(rows[..., 0], -math.inf)
    for restart in range(restarts):
        at = rows if restart == 0 else scattered(rows, epsilon, norm, box, generator)
        for _ in range(steps + 1):  # the last one looks where the last step led
            height, slope = climb(score, at, GOALS[goal])
            best = torch.where((height > highest)[..., None], at, best)
            highest = torch.maximum(height, highest)
            ahead = at + size * steepest(slope, norm)
            at = project(ahead, rows, epsilon, norm, box)
    return best.detach()


def scattered(rows, epsilon, norm=math.inf, box=PIXELS, generator=None):
    """Draw a random point of the ball around each row, cut to the box: tensor like
    `rows`. The generator is the CPU's, so that every device starts alike.
    """
    options = {"generator": generator, "dtype": rows.dtype}
    if norm == math.inf:
        step = (2 * torch.rand(rows.shape, **options) - 1) * epsilon
    else:  # a random direction, and a radius that fills the ball evenly
        step = torch.randn(rows.shape, **options)
        radius = torch.rand((*rows.shape[:-1], 1), **options) ** (1 / rows.shape[-1])
        step = epsilon * radius * steepest(step, 2)
    return project(rows + step.to(rows.device), rows, epsilon, norm, box)


def worst_of(score, candidates, goal):
    """Take, for each row, the candidate that serves the attacker best.

    Parameters
    ----------
    score : as for `pgd`. candidates : list of tensors (..., n, d), what several attacks
        made of the same rows. goal : as for `pgd`.

    Returns
    -------
    tensor (..., n, d).
    """
    with torch.no_grad():
        values = torch.stack(
            [GOALS[goal] * score(c) for c in candidates]
        )  # (k, ..., n)
    chosen = values.argmax(dim=0)[None, ..., None]
    stacked = torch.stack(list(candidates))
    return stacked.gather(0, chosen.expand(1, *stacked.shape[1:]))[0]


def check_attack(rows, epsilon, norm, box, goal):
    """Raise ValueError unless an attack on these rows makes sense."""
    if goal not in GOALS:
        raise ValueError(f"goal must be 'odd' or 'normal', got {goal!r}.")
    if norm not in NORMS:
        raise ValueError(f"norm must be math.inf or 2, got {norm!r}.")
    check_number("epsilon", epsilon)
    if not rows.is_floating_point():
        raise ValueError(f"rows must be of a floating-point type, got {rows.dtype}.")
    if box is not None and not (rows.min() >= box[0] and rows.max() <= box[1]):
        raise ValueError(
            f"rows must lie in the box {box}, got values from {rows.min():.3g} to "
            f"{rows.max():.3g}; scale them, or pass box=None."
        )


def check_climbs(steps, step_size, restarts, generator):
    """Raise ValueError unless steps and restarts can be made."""
    check_whole("steps", steps)
    check_whole("restarts", restarts)
    if step_size is not None:
        check_number("step_size", step_size, above=True)
    if restarts > 1 and generator is None:
        raise ValueError(
            "a random start needs a generator: torch.Generator().manual_seed(0)."
        )
