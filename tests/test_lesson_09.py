"""What lesson 09 measures: the same batches for all, classes that can be named, heads
that are what their formulas say, and tables that count what was recorded.
"""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from metaad import data, metrics, repro
from metaad.exercises.credits import apart, credit, luck
from metaad.experiments.images import made_up_classes
from metaad.experiments.lessons import lesson_09, lesson_09_batches
from metaad.experiments.lessons.lesson_09_claims import claims_of_run, differences
from metaad.experiments.lessons.lesson_09_classifier import (
    HEADS,
    Classifier,
    FeatureHead,
    class_means,
    unit,
)
from metaad.experiments.lessons.lesson_09_record import (
    ASKED,
    BEST,
    FOLDS,
    Published,
    against_steps,
    fold_differences,
    method_of,
)
from metaad.tasks import AllPairs, MadeUpTasks, OneClassTasks, Task
from metaad.tasks.one_class import first_share


@pytest.fixture(scope="module")
def digits():
    table = data.load("digits")  # 8 × 8
    return table.X.reshape(len(table.X), -1), table.y


@pytest.fixture(scope="module")
def plan():
    small = {"iterations": 3, "classes": 12, "bank": 9, "k": 4, "channels": (4,)}
    return lesson_09.design(True, 0, episodes=2, n_query=8, out=5, **small)


@pytest.fixture
def tasks(digits):
    options = {"k": 4, "n_query": 3, "normal": range(5), "anomalous": range(5)}
    return OneClassTasks(*digits, dtype=torch.float64, **options)


def test_two_halves_hold_out_every_class_once_and_change_with_the_seed():
    for seed in range(5):
        first, second = lesson_09.design(True, seed).held_out
        assert sorted(first + second) == list(range(10)) and len(first) == 5
    halves = {lesson_09.design(True, seed).held_out for seed in range(5)}
    assert len(halves) > 1
    assert lesson_09.design(False, 0, iterations=None).iterations == 600
    assert lesson_09.design(False, 0, iterations=7).iterations == 7


@pytest.mark.parametrize("share", [0.0, 5 / 6])
def test_a_batch_numbers_its_classes_and_weighs_pairs_as_all_pairs_does(
    tasks, plan, share
):
    found = lesson_09_batches.batches(tasks, share, plan, 3)
    assert len(found) == plan.iterations
    for task in found:
        c, k, d = task.support.shape
        assert (c, k, d) == (12, 4, 64) and task.query.shape == (1, 36, 64)
        made = task.normal >= 5
        assert made.sum() == round(12 * share) and task.normal.max() < 5 + plan.bank
        np.testing.assert_allclose(task.weight.mean(dim=1), 1.0)
        own = torch.arange(12).repeat_interleave(3)
        same = (
            torch.as_tensor(task.normal)[own] == torch.as_tensor(task.normal)[:, None]
        )
        if not made.any():
            assert torch.equal(task.y == 0, same)
        assert ((task.y == 1) | (task.weight > 0) | ~same).all()


def test_a_made_up_class_of_the_bank_is_the_same_class_in_every_batch(tasks, plan):
    rng = np.random.default_rng(0)
    made = MadeUpTasks(tasks, share=1.0, affine=0.0, elastic=0.0)
    bank = made.recipes(6, rng)
    taken = lesson_09_batches.take(bank, np.array([4, 1, 4]))
    for part, whole in zip(taken[:4], bank[:4], strict=True):
        np.testing.assert_array_equal(part, whole[[4, 1, 4]])
    np.testing.assert_array_equal(taken.doodles.points, bank.doodles.points[[4, 1, 4]])


def test_a_recipe_without_strength_leaves_the_digit_and_full_strength_the_recipe(tasks):
    made = MadeUpTasks(tasks, kinds=("warp",))
    bank = made.recipes(3, np.random.default_rng(0))
    none, whole = (lesson_09_batches.strengthened(bank, s) for s in (0.0, 1.0))
    np.testing.assert_allclose(none.linear, np.broadcast_to(np.eye(2), (3, 2, 2)))
    assert not none.bend.any()
    np.testing.assert_allclose(whole.linear, bank.linear)
    np.testing.assert_allclose(whole.bend, bank.bend)
    plain = MadeUpTasks(tasks, kinds=("warp",), affine=0.0, elastic=0.0)
    drawn = plain.draw(none, np.array([[5], [6], [7]]), np.random.default_rng(1))
    rows = tasks.X
    for image, source in zip(drawn[:, 0], bank.sources[:, 0], strict=True):
        gaps = (rows[tasks.rows[int(source)]] - image).abs().amax(dim=1)
        assert gaps.min() < 1e-9  # one of the digit's own images


def test_every_learner_gets_the_same_batches_in_the_same_order(tasks, plan):
    drawn = lesson_09_batches.batches(tasks, 0.5, plan, 0)
    for _ in range(2):
        replay = lesson_09_batches.Replay(drawn)
        assert replay.sample(1) is drawn[0]  # a look
        assert [replay.sample(12) for _ in drawn] == drawn


def test_learners_of_one_seed_start_from_the_same_trunk(plan):
    first = [
        next(lesson_09.learner(n, plan, 8, 30, 7).estimator.parameters())
        for n in ("ProtoNet", "PLDA", "OC-ANIL", "classifier")
    ]
    assert all(torch.equal(first[0], other) for other in first[1:])


def test_the_classifiers_loss_is_the_cross_entropy_of_every_image(tasks, plan):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(64, 14, dtype=torch.float64))
    task = lesson_09_batches.batches(tasks, 0.5, plan, 0)[0]
    made = Classifier(net, iterations=1, n_tasks=12, device="cpu", random_state=0)
    made.fit(lesson_09_batches.Replay([task]))
    with torch.no_grad():
        found = made.loss(task)
        images = torch.cat([task.support, task.query.view(12, 3, -1)], dim=1)
        log = made.module_["net"](images).log_softmax(dim=-1)  # (12, 7, 14)
        by_hand = -np.mean(
            [log[i, j, task.normal[i]].item() for i in range(12) for j in range(7)]
        )
    assert float(found) == pytest.approx(by_hand)


def one_task(k=5, q=6, m=8):
    rng = np.random.default_rng(0)
    support, query = (torch.as_tensor(rng.normal(size=(2, n, m))) for n in (k, q))
    return Task(support, query, torch.zeros(2, q), None, None)


def test_heads_are_what_their_formulas_say():
    task, rng = one_task(), np.random.default_rng(1)
    rows, classes = rng.normal(size=(40, 8)), np.repeat(np.arange(4), 10)
    found = {h: FeatureHead(h).fit(rows, classes).scores(task) for h in HEADS}
    variance = np.mean(
        [unit(rows)[classes == c].var(axis=0, ddof=1) for c in range(4)], axis=0
    )
    variance = variance + 0.1 * variance.mean()
    for t in range(2):
        s, q = unit(task.support[t].numpy()), unit(task.query[t].numpy())
        mean = s.mean(axis=0)
        np.testing.assert_allclose(found["mean"][t], ((q - mean) ** 2).sum(axis=1))
        pca = PCA(4, svd_solver="full").fit(s)  # 5 rows span 4 directions
        left = q - pca.inverse_transform(pca.transform(q))
        np.testing.assert_allclose(found["PCA residual"][t], (left**2).sum(axis=1))
        v = (10 * variance + ((s - mean) ** 2).sum(axis=0)) / (10 + 5 - 1)
        by_hand = ((q - mean) ** 2 / v).sum(axis=1)
        np.testing.assert_allclose(found["Mahalanobis"][t], by_hand)


def test_a_row_of_the_support_has_no_residual_and_zeros_stay_zeros():
    task = one_task()
    task = task._replace(query=task.support)
    scores = FeatureHead("PCA residual").scores(task)
    np.testing.assert_allclose(scores, 0.0, atol=1e-12)
    assert not unit(np.zeros((2, 3))).any()


def test_means_of_classes_stand_beside_their_rows():
    rows = np.array([[0.0, 2.0], [4.0, 4.0], [2.0, 0.0]])
    found = class_means(rows, np.array([7, 3, 7]))
    np.testing.assert_allclose(found, [[1, 1], [4, 4], [1, 1]])


def test_a_study_judges_every_learner_on_every_class_and_repeats_itself(digits, plan):
    X, y = digits
    names = ("Mahalanobis", "OC-ANIL", "classifier, mean")
    options = {"names": names, "dtype": torch.float64}
    found, again = (lesson_09.study(X, y, None, plan, 0, **options) for _ in "ab")
    learned = {n for n, s, _ in found if s != lesson_09.NO_CLASSES}
    controls = {f"classifier, {h}" for h in HEADS} | {lesson_09.SAME_HEAD}
    assert learned == {"Mahalanobis", "OC-ANIL"} | controls
    assert {n for n, s, _ in found if s == lesson_09.NO_CLASSES} == {
        *lesson_09.UNTRAINED
    }
    for key, values in found.items():
        assert values.shape == (10,) and (values >= 0).all() and (values <= 1).all()
        np.testing.assert_array_equal(values, again[key])


def test_rows_to_learn_from_are_the_first_of_each_class():
    y = np.array([0, 1, 0, 0, 1, 0, 0, 1, 1, 1])
    found = first_share(y)
    assert np.flatnonzero(found & (y == 0)).tolist() == [0, 2, 3, 5]
    assert np.flatnonzero(found & (y == 1)).tolist() == [1, 4, 7, 8]


def test_a_class_and_what_it_is_made_of_are_told_apart_as_all_pairs_does(tasks):
    made = MadeUpTasks(tasks, share=0.7)
    own, recipes = made.classes(20, np.random.default_rng(0))
    real = own < len(made.digits)
    made_of = np.repeat(own[:, None], 2, axis=1)
    made_of[~real] = recipes.sources
    np.testing.assert_array_equal(apart(own, made_of), made.apart(own, recipes))
    weights = AllPairs(made).weights(own, recipes)
    assert not weights[~apart(own, made_of) & (own[:, None] != own)].any()


def test_credit_is_the_two_effects_and_their_interaction():
    a, head, classes, more = 0.7, 0.05, 0.1, 0.04
    table = np.array([[a, a + classes], [a + head, a + head + classes + more]])
    found = credit(table[:, :, None])
    np.testing.assert_allclose(
        np.ravel(found), [head + more / 2, classes + more / 2, more]
    )


def test_the_best_of_many_equal_settings_looks_better_as_theory_says():
    # expected maximum of n standard normal values: .8463 for 3, 1.9653 for 26 [tables]
    scores = np.random.default_rng(0).normal(size=(40_000, 26))
    assert luck(scores, 26, 3) == pytest.approx(1.965 - 0.846, abs=0.02)
    assert luck(scores, 3, 3) == 0


def test_findings_compare_what_they_say():
    found = {}
    for i, name in enumerate((*lesson_09.LEARNERS, *lesson_09.UNTRAINED)):
        for j, source in enumerate((*lesson_09.SOURCES, lesson_09.NO_CLASSES)):
            found[name, source, "new only"] = np.full(3, 10.0 * i + j)
    at = lesson_09.LEARNERS.index
    each = differences(found)
    same, head = at(lesson_09.SAME_HEAD), at("Mahalanobis")
    residual = at("classifier, PCA residual")
    np.testing.assert_allclose(each["reading"], 10 * (same - head))
    np.testing.assert_allclose(each["control"], 10 * (residual - head) - 1)
    pixels = len(lesson_09.LEARNERS) + lesson_09.UNTRAINED.index("pixels, PCA residual")
    np.testing.assert_allclose(each["pixels"], 10 * (pixels - head) + 1)


def test_a_full_run_is_not_held_to_what_a_short_one_shows():
    class Full:
        run = type("Run", (), {"quick": False})

    claims_of_run(Full(), {})  # adds nothing, so needs nothing


def test_longer_runs_are_averaged_over_seeds_class_by_class():
    def run(order, values):
        of = {"A": {"real": {"new only": [values[c] for c in order]}}}
        return {"held_out": order, "auroc": of}

    values = np.linspace(0.5, 0.95, 10)
    orders = [[*range(10)], [*range(9, -1, -1)]]
    found = made_up_classes.by_class(
        [run(orders[0], values), run(orders[1], values + 0.02)]
    )
    np.testing.assert_allclose(found["A", "real", "new only"], values + 0.01)


def test_pixels_are_averaged_in_squares():
    images = np.arange(32.0).reshape(2, 4, 4)
    found = made_up_classes.halved(images)
    assert found.shape == (2, 4)
    np.testing.assert_allclose(found[0], [2.5, 4.5, 10.5, 12.5])


def test_every_setting_that_was_tried_is_counted_once():
    published = Published()
    effort, record = published.effort(), repro.recorded("mt_mnist")
    counted = np.sum(list(effort.values()), axis=0)
    assert counted.tolist() == [len(record["tried"]), len(record["tried_on_pairs"])]
    assert method_of("PLDA, 8 of 16 made up") == "PLDA"
    assert method_of("full covariance, doodles") == "Mahalanobis and mixtures"


def test_what_the_halves_bought_is_paired_over_digits_and_corrected():
    published = Published()
    bought = published.bought(10)
    for variant in ASKED:
        each = published.by_digit(BEST, 10) - published.by_digit(variant, 10)
        alone = metrics.bootstrap(each)
        assert bought[variant].value == pytest.approx(alone.value)
        assert bought[variant].low <= alone.low + 1e-9


def test_the_record_shared_its_test_images_as_the_lesson_says():
    assert Published().shared_images()


def test_differences_on_the_folds_are_paired_and_leave_out_what_is_not_whole():
    rng = np.random.default_rng(0)
    values = {
        v: rng.uniform(0.8, 1, 10) for v in ("Mahalanobis/all", "classifier/bent")
    }
    variants = {v: {w: {"by_class": list(a)} for w in FOLDS} for v, a in values.items()}
    found = fold_differences(variants)
    name = "both halves minus the classifier, real"
    gap = (values["Mahalanobis/all"] - values["classifier/bent"]).mean()
    for where in FOLDS:
        assert set(found[where]) == {name}
        assert found[where][name].value == pytest.approx(gap)
    assert fold_differences({"pixels": variants["classifier/bent"]}) == {}


def test_the_metric_head_is_compared_with_steps_on_the_same_classes():
    made, gap = list(lesson_09.SOURCES)[1], np.linspace(-0.02, 0.07, 10)
    auroc = {}
    for place in lesson_09.PLACES:
        auroc["OC-ANIL", made, place] = np.full(10, 0.9)
        auroc["Mahalanobis", made, place] = 0.9 + gap
    of = type("Longer", (), {"auroc": auroc})
    line = against_steps({"clothes": of}).splitlines()[-1]
    assert line.startswith("| clothes | 0.025 [") and line.count("0.025 [") == 2
