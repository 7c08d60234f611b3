"""Images of made-up classes where no number may leave the device.

NumPy's path picks the doodles out of a batch and draws those alone. How many there are
is a number that only the device knows, so here every image is drawn in both ways, and
kept in the one that its class asks for: on a GPU that costs less than the question.

The bending is one `grid_sample` for a whole batch, each image with its own map.
torchvision.transforms.v2 draws one map for all the images of a call, and would need a
call for each image.
"""

import torch
from torch.nn.functional import grid_sample

from metaad.tasks.doodles import ink, vary
from metaad.tasks.recipes import NO_DIGIT, linear_maps, smooth_noise


def draw_images(tasks, recipes, classes, draws):
    """Draw images of given classes on a device: tensor (n_tasks, n, d).

    tasks : MadeUpTasks. recipes : Recipes of tensors. classes : int64 tensor (n_tasks,
    n). draws : Draws. See MadeUpTasks.draw.
    """
    flat = classes.reshape(-1)
    n_real, n_made = len(tasks.digits), len(recipes.sources)
    sources = tasks.made_of(recipes)[flat]  # (n, 2)
    made, recipe = flat >= n_real, (flat - n_real).clamp_min(0)
    digits = _rows(tasks, sources, draws)  # (n, 2, side, side)
    linear, bend = _own_bending(tasks, len(flat), draws)
    if n_made:
        mixed = (digits * recipes.masks[recipe]).amax(dim=1)
        first = torch.where(made[:, None, None], mixed, digits[:, 0])
        both = recipes.linear[recipe] @ linear
        linear = torch.where(made[:, None, None], both, linear)
        bend = bend + recipes.bend[recipe] * made[:, None, None, None]
    else:
        first = digits[:, 0]
    moved = torch.einsum("hwj,nij->nhwi", tasks.points_on(draws), linear)
    grid = moved + bend.permute(0, 2, 3, 1)
    images = grid_sample(first[:, None], grid, align_corners=False).flatten(1)
    if n_made and recipes.doodles is not None:
        drawn = _doodles(tasks, recipes.doodles.take(recipe), draws)
        is_doodle = sources[:, :1] == NO_DIGIT
        images = torch.where(is_doodle, drawn, images)
    return images.view(*classes.shape, -1)


def draw_others(tasks, own, recipes, n, draws):
    """Draw the classes (n_tasks, n) that anomalies come from, see MadeUpTasks: another
    one than the task's, and none that it is made of.
    """
    n_real, n_made = len(tasks.digits), len(recipes.sources)
    every = draws.arange(n_real + n_made)
    made_of = tasks.made_of(recipes)
    # (n_tasks, c): the task's class is made of the other, or the other of it
    contains = (made_of[own][:, None] == every[:, None]).any(dim=2)
    contains |= (made_of[None] == own[:, None, None]).any(dim=2)
    allowed = ~contains & (every != own[:, None])
    plain, strange = allowed[:, :n_real], allowed[:, n_real:]
    only_strange, only_plain = ~plain.any(dim=1), ~strange.any(dim=1)
    chosen = draws.random((len(own), n)) < tasks.strange
    chosen = (chosen | only_strange[:, None]) & ~only_plain[:, None]
    real = _one_of(plain, n, draws)
    if not n_made:
        return real
    return torch.where(chosen, n_real + _one_of(strange, n, draws), real)


def _one_of(allowed, n, draws):
    """Draw n allowed columns for each row, with replacement: int64 (m, n)."""
    count = allowed.sum(dim=1, keepdim=True).expand(-1, n)
    # the allowed columns first
    order = (~allowed).long().argsort(dim=1, stable=True)
    return order.gather(1, draws.below(count).clamp_min(0))


def _rows(tasks, sources, draws):
    """Draw an image of each source: tensor (n, 2, side, side)."""
    here = tasks.tasks.layout(draws.device)
    digit = here.normal[sources.clamp_min(0)]  # (n, 2)
    row = here.order[here.start[digit] + draws.below(here.count[digit])]
    return here.X[row].unflatten(-1, (tasks.side, tasks.side))


def _own_bending(tasks, n, draws):
    """Draw each image's own linear map (n, 2, 2) and bend (n, 2, side, side)."""
    a = tasks.affine
    linear = linear_maps(n, draws, turn=0.15 * a, stretch=0.1 * a, slant=0.1 * a)
    bend = tasks.elastic * 0.05 * smooth_noise(n, 5, tasks.side, draws)
    return linear, bend + a * draws.uniform(-0.08, 0.08, (n, 2, 1, 1))


def _doodles(tasks, doodles, draws):
    """Draw an image of each doodle: tensor (n, d)."""
    n = len(doodles.points)
    maps = linear_maps(n, draws, turn=0.12, stretch=0.12, slant=0.15)
    pen = draws.uniform(0.05, 0.13, (n, 1))
    own = vary(doodles, maps, draws)
    return ink(own, tasks.points_on(draws).view(-1, 2), pen)
