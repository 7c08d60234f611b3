"""Tasks drawn by a torch.Generator have the distribution of those that NumPy draws."""

import numpy as np
import pytest
import torch

from metaad.tasks import (
    AllPairs,
    MadeUpTasks,
    OneClassTasks,
    ResampledTasks,
    SinusoidTasks,
)
from metaad.tasks.draws import Draws, kept
from metaad.tasks.recipes import (
    NO_DIGIT,
    linear_maps,
    rotations,
    smooth_noise,
    symmetries,
)

SIDE = 6
BOTH = pytest.mark.parametrize("source", [np.random.default_rng, torch.Generator])


def seeded(source, seed=0):
    """A generator of either kind."""
    if source is torch.Generator:
        return torch.Generator().manual_seed(seed)
    return source(seed)


def drawing(source, seed=0):
    rng = seeded(source, seed)
    return Draws(rng, torch.float64) if source is torch.Generator else rng


def numbered(n=20, classes=5, **options):
    """Row i holds the number i and its class: a drawn row says which one it is."""
    y = np.arange(n * classes) % classes
    X = np.stack([np.arange(len(y)), y], axis=1).astype(float)
    options = {"k": 3, "n_query": 4, "dtype": torch.float64} | options
    return OneClassTasks(X, y, **options)


def inked(n=12, classes=5, **options):
    """Every pixel of an image of class c is (c + 1) / 10: the ink tells the class."""
    y = np.repeat(np.arange(classes), n)
    X = np.repeat((y[:, None] + 1) / 10, SIDE**2, axis=1)
    one = OneClassTasks(X, y, k=3, n_query=4, dtype=torch.float64)
    return MadeUpTasks(one, affine=0.0, elastic=0.0, **options)


@BOTH
def test_one_class_tasks_keep_classes_and_rows_apart_and_balanced(source):
    tasks = numbered(n_anomalies=6, normal=(0, 1, 3), anomalous=(1, 2, 3, 4))
    rng, counts, anomalies = seeded(source), [], []
    for _ in range(40):
        task = tasks.sample(6, rng)
        normal = np.asarray(task.normal)
        assert np.unique(normal, return_counts=True)[1].tolist() == [2, 2, 2]
        support, query = task.support.numpy(), task.query.numpy()
        assert (support[..., 1] == normal[:, None]).all()
        inside = task.y.numpy() == 0
        assert (inside == (query[..., 1] == normal[:, None])).all()
        assert inside.sum(axis=1).tolist() == [4] * 6
        for s, q in zip(support[..., 0], query[..., 0], strict=True):
            assert len({*s, *q}) == len(s) + len(q), "a row comes twice"
        counts.append(np.bincount(support[..., 0].astype(int).ravel(), minlength=100))
        anomalies += query[..., 1][~inside].tolist()
    counts = np.sum(counts, axis=0)
    own = np.isin(np.arange(100) % 5, (0, 1, 3))
    # 40 · 6 · 3 rows over 60: 12 each, standard deviation 3.2
    assert counts[~own].sum() == 0 and counts[own].min() > 0 and counts[own].max() < 28
    assert set(anomalies) == {1, 2, 3, 4}, "class 0 may not be an anomaly"
    share = np.bincount(np.array(anomalies, dtype=int), minlength=5)[1:] / 1440
    # a class is drawn from 4 others where 0 is normal, else from 3
    np.testing.assert_allclose(share, [7 / 36, 11 / 36, 7 / 36, 11 / 36], atol=0.04)


@BOTH
def test_each_pair_of_rows_is_drawn_equally_often_without_replacement(source):
    tasks = numbered(n=4, classes=2, k=1, n_query=1, n_anomalies=1)
    task = tasks.sample(4800, seeded(source))
    pairs = torch.cat([task.support, task.query[:, :1]], dim=1)[..., 0].numpy()
    found, counts = np.unique(pairs.astype(int), axis=0, return_counts=True)
    # 2 classes · 4 · 3 ordered pairs, 200 of each, standard deviation 14
    assert len(found) == 24 and np.abs(counts - 200).max() < 60


@BOTH
def test_shares_of_made_up_tasks_and_of_strange_anomalies(source):
    made = inked(share=0.5, strange=0.3, kinds=("turn",))
    rng, strange = seeded(source), []
    for _ in range(30):
        task = made.sample(20, rng)
        normal = np.asarray(task.normal)
        assert np.bincount(normal + 1, minlength=6).tolist() == [10, 2, 2, 2, 2, 2]
        assert task.support.shape == (20, 3, SIDE**2) and task.y.sum() == 80
        support, query = (
            t.amax(dim=-1).numpy() for t in (task.support[:, 0], task.query)
        )
        # ink of the normal class in an anomaly: never for a real class
        same = np.isclose(query[:, 4:], support[:, None])
        assert not same[normal >= 0].any()
        strange.append(same[normal < 0].mean())
    # among anomalies of a made-up class, other made-up ones of the same ink
    assert 0.02 < np.mean(strange) < 0.12


@BOTH
def test_anomalies_never_come_from_what_a_class_is_made_of(source):
    made = inked(share=0.5, strange=0.4, kinds=("splice", "overlay", "warp"))
    rng = drawing(source)
    own, recipes = made.classes(12, rng)
    others = np.asarray(made._others(own, recipes, 400, rng))
    own, sources = np.asarray(own), np.asarray(recipes.sources)
    for c, chosen in zip(own, others, strict=True):
        made_of = {c} if c < 5 else set(sources[c - 5])
        wrong = made_of | {c} | {5 + i for i, s in enumerate(sources) if c in s}
        assert not wrong & set(chosen), f"class {c}"
        assert abs((chosen >= 5).mean() - 0.4) < 0.1
        plain = set(range(5)) - made_of
        assert plain <= set(chosen), "every class that may come does"


def test_weights_and_pairs_apart_are_the_same_for_the_same_recipe():
    tasks = AllPairs(inked(share=0.5, strange=0.25))
    own, recipes = tasks.tasks.classes(16, np.random.default_rng(3))
    there = recipes._replace(sources=torch.as_tensor(recipes.sources))
    own_there = torch.as_tensor(own)
    np.testing.assert_array_equal(
        tasks.tasks.apart(own, recipes), tasks.tasks.apart(own_there, there)
    )
    np.testing.assert_allclose(
        tasks.weights(own, recipes), tasks.weights(own_there, there), rtol=1e-6
    )


@BOTH
def test_all_pairs_have_balanced_weights_of_mean_one(source):
    batch = AllPairs(inked(share=0.5, strange=0.25)).sample(10, seeded(source))
    assert batch.query.shape == (1, 40, SIDE**2) and batch.y.shape == (10, 40)
    normal = (batch.weight * (1 - batch.y)).sum(dim=1)
    torch.testing.assert_close(normal, torch.full_like(normal, 20.0))
    odd = (batch.weight * batch.y).sum(dim=1)
    torch.testing.assert_close(odd, torch.full_like(odd, 20.0))


@BOTH
def test_recipes_are_of_all_kinds_equally_often(source):
    made = inked()
    recipes = made.recipes(2000, drawing(source))
    sources, linear = np.asarray(recipes.sources), np.asarray(recipes.linear)
    masks, bend = np.asarray(recipes.masks), np.asarray(recipes.bend)
    doodle = (sources == NO_DIGIT).all(axis=1)
    two = (sources[:, 0] != sources[:, 1]) & ~doodle
    overlay = two & (masks == 1).all(axis=(1, 2, 3))
    warp = (bend != 0).any(axis=(1, 2, 3))
    turn = ~warp & (linear != np.eye(2)).any(axis=(1, 2))
    kinds = [warp, turn, overlay, two & ~overlay, doodle]
    assert sum(kinds).tolist() == [1] * 2000
    np.testing.assert_allclose([k.mean() for k in kinds], 0.2, atol=0.04)
    first = np.bincount(sources[~doodle, 0], minlength=5) / (~doodle).sum()
    np.testing.assert_allclose(first, 0.2, atol=0.05)


@BOTH
def test_random_maps_noise_and_symmetries_have_the_same_spread(source):
    rng = drawing(source)
    maps = np.asarray(linear_maps(4000, rng, turn=0.5, stretch=0.2, slant=0.0))
    singular = np.linalg.svd(maps, compute_uv=False)
    assert np.exp(-0.2) <= singular.min() and singular.max() <= np.exp(0.2)
    angle = np.arctan2(maps[:, 1, 0], maps[:, 0, 0])
    # uniform: the deviation is the half width over the root of 3
    assert angle.std() == pytest.approx(0.5 / np.sqrt(3), rel=0.05)
    field = np.asarray(smooth_noise(4000, 3, 5, rng))
    assert field[..., ::2, ::2].std() == pytest.approx(1, rel=0.03)
    found = np.round(np.asarray(symmetries(7000, rng))).reshape(-1, 4)
    found, counts = np.unique(found, axis=0, return_counts=True)
    assert len(found) == 7 and (counts > 850).all()
    assert not (found == [1, 0, 0, 1]).all(axis=1).any()


def test_the_bending_on_a_device_is_that_of_a_turned_image():
    rng = np.random.default_rng(0)
    X, y = rng.random((48, SIDE**2)), np.repeat(np.arange(4), 12)
    one = OneClassTasks(X, y, k=3, n_query=4, dtype=torch.float64)
    made = MadeUpTasks(one, affine=0.0, elastic=0.0, kinds=("turn",))
    draws = Draws(torch.Generator().manual_seed(0), torch.float64)
    recipes = made.recipes(1, draws)
    quarter = rotations(torch.tensor([np.pi / 2]))
    recipes = recipes._replace(linear=quarter.double(), sources=torch.tensor([[2, 2]]))
    image = made.draw(recipes, torch.tensor([[4]]), draws).view(SIDE, SIDE)
    turned = torch.rot90(one.X[one.rows[2]].view(-1, SIDE, SIDE), 1, (1, 2))
    assert (turned - image).abs().amax(dim=(1, 2)).min() < 1e-6


def test_images_that_no_recipe_touches_are_the_rows_themselves():
    rng = np.random.default_rng(0)
    X, y = rng.random((48, SIDE**2)), np.repeat(np.arange(4), 12)
    one = OneClassTasks(X, y, k=3, n_query=4, dtype=torch.float64)
    tasks = MadeUpTasks(one, affine=0.0, elastic=0.0, share=0.0)
    drawn = tasks.sample(8, torch.Generator().manual_seed(1))
    for t, c in enumerate(drawn.normal.tolist()):
        own = one.X[one.rows[c]]
        assert torch.cdist(drawn.support[t], own).amin(dim=1).max() < 1e-6
        assert torch.cdist(drawn.query[t][drawn.y[t] == 1], own).amin() > 0.1


def test_doodles_leave_the_same_ink_whoever_draws_them():
    made = MadeUpTasks(inked().tasks, kinds=("doodle",), share=1.0)
    ink = [
        made.sample(300, seeded(source)).support[:, 0].sort(dim=1).values.mean(dim=0)
        for source in (np.random.default_rng, torch.Generator)
    ]
    # the mean of each order statistic of the pixels; standard error about .02
    assert ink[0][-1] > 0.8 and (ink[0] - ink[1]).abs().max() < 0.08


@BOTH
def test_numbers_of_shots_come_up_equally_often(source):
    made, rng = inked(shots=(2, 5)), seeded(source)
    sizes = [made.sample(2, rng).support.shape[1] for _ in range(200)]
    assert sizes.count(2) + sizes.count(5) == 200 and 70 < sizes.count(2) < 130


@BOTH
def test_resampled_rows_and_waves(source):
    X = np.arange(60.0).reshape(20, 3)
    task = ResampledTasks(X, k=4, n_query=5, dtype=torch.float64).sample(
        50, seeded(source)
    )
    rows = torch.cat([task.support, task.query[:, :5]], dim=1)[..., 0]
    assert all(len(r.unique()) == 9 for r in rows)
    mixed = task.query[:, 5:]
    assert (mixed.diff(dim=-1) != 1).any(dim=-1).float().mean() > 0.9
    assert torch.equal(mixed % 3, torch.arange(3.0).double().expand_as(mixed))
    waves = SinusoidTasks(dtype=torch.float64).sample(400, seeded(source))
    assert waves.y.abs().max() <= 5 and waves.query.abs().max() <= 5
    assert waves.y.std() == pytest.approx(2.1, rel=0.1)


def test_the_same_seed_of_a_torch_generator_draws_the_same_tasks():
    tasks = AllPairs(inked(shots=(2, 3)))
    a, b, c = (
        tasks.sample(8, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    for name, one in a._asdict().items():
        assert one is None or torch.equal(one, getattr(b, name))
    assert not torch.equal(a.query, c.query)


def test_the_random_stream_of_an_int_is_the_recorded_one():
    task = numbered().sample(3, 7)
    assert task.normal.tolist() == [2, 0, 4]
    assert task.support[..., 0].tolist() == [[17, 2, 67], [55, 35, 65], [94, 84, 44]]
    own, recipes = inked().classes(6, np.random.default_rng(7))
    assert own.tolist() == [1, 2, 0, 5, 6, 7]
    assert recipes.sources.tolist() == [[-1, -1], [2, 2], [3, 3]]


def test_what_was_kept_is_made_again_for_other_rows_or_another_device():
    tasks, made = numbered(), []
    for about in ("a", "a", "b", "a"):
        kept(tasks, about, lambda: made.append(1))
    assert len(made) == 3
    first = tasks.layout(torch.device("cpu"))
    assert tasks.layout(torch.device("cpu")) is first
    tasks.X[0, 0] = -1.0
    assert tasks.layout(torch.device("cpu")) is not first
    assert vars(numbered()).keys() == vars(tasks).keys(), "nothing is left in tasks"
