"""The experiment's shortcuts change no number: features computed once, judgements
paired over variants.
"""

import numpy as np
import pytest
import torch

from metaad import data
from metaad.experiments.images.mt_mnist_calibrated import (
    curves,
    judged_again,
    thresholds,
)
from metaad.experiments.images.mt_mnist_judge import (
    KEPT_OUT,
    SHOTS,
    embedded,
    images_of,
    judge,
    judge_all,
    judgements,
    moved,
    part,
    scores_file,
    scores_of,
    summarise,
)
from metaad.meta.few_shot import few_shot, unfreeze
from metaad.tasks import OneClassTasks
from metaad.tasks.all_pairs import AllPairs
from metaad.tasks.made_up import MadeUpTasks


@pytest.fixture(scope="module")
def digits():
    table = data.load("digits")  # 8 × 8
    return table.X.reshape(len(table.X), -1).astype(np.float32), table.y


@pytest.fixture(scope="module")
def learners(digits):
    tasks = MadeUpTasks(
        OneClassTasks(*digits, k=3, n_query=2, normal=range(8), anomalous=range(8))
    )
    quick = {"iterations": 3, "n_tasks": 6, "side": 8, "device": "cpu"}
    found = {
        m: few_shot(m, **quick).fit(AllPairs(tasks))
        for m in ("ProtoNet", "Mahalanobis", "PLDA", "OC-ANIL")
    }
    return found | {
        "OC-MAML": unfreeze(found["OC-ANIL"], iterations=1, n_tasks=2).fit(tasks)
    }


@pytest.mark.parametrize(
    "method", ["ProtoNet", "Mahalanobis", "PLDA", "OC-ANIL", "OC-MAML"]
)
def test_features_computed_once_give_the_same_scores(learners, digits, method):
    X, y = digits
    rest, Z = embedded(learners[method], X)
    raw, once = (
        OneClassTasks(rows, y, k=5, n_query=20, normal=(8,)).sample(3, 0)
        for rows in (X, Z)
    )
    torch.testing.assert_close(
        rest.scores(once), learners[method].scores(raw), rtol=1e-4, atol=1e-5
    )
    assert (Z is X) == (method == "OC-MAML")


def test_support_and_query_of_all_pairs_pass_batch_normalisation_as_one_batch(
    learners, digits
):
    tasks = AllPairs(
        MadeUpTasks(
            OneClassTasks(*digits, k=3, n_query=2, normal=range(8), anomalous=range(8))
        )
    )
    learner, batch = learners["ProtoNet"], tasks.sample(6, 0)
    learner.module_.train()
    with torch.no_grad():
        loss = learner.loss(batch)
        z = learner.module_["net"](
            torch.cat([batch.support.flatten(0, 1), batch.query[0]])
        )
        support, query = z[:18].view(6, 3, -1), z[18:]
        distance = (
            (query[None] - support.mean(dim=1, keepdim=True)).square().mean(dim=-1)
        )
        scale, threshold = (
            learner.module_["head"][n] for n in ("log_scale", "threshold")
        )
        scores = scale.exp() * (distance - threshold)
        by_hand = torch.where(
            batch.y == 1, -torch.sigmoid(scores).log(), -torch.sigmoid(-scores).log()
        )
    learner.module_.eval()
    torch.testing.assert_close(
        loss, (batch.weight * by_hand).mean(), rtol=1e-4, atol=1e-5
    )


def test_a_judge_sees_the_digits_that_it_says(digits):
    class Reader:
        """Calls normal what carries the support's number."""

        def scores(self, task):
            return (task.query[..., 0] - task.support[:, :1, 0]).abs().numpy() - 0.5

    y = digits[1]
    found, (scores, labels, shown) = judge(
        Reader(), y[:, None].astype(float), y, 2, 3, (3, 5, 7), 10
    )
    assert found["accuracy"] == found["auroc"] == 1.0
    assert set(shown[labels == 0]) == {3} and set(shown[labels == 1]) == {5, 7}
    assert [found["called_normal"][d] for d in (3, 5, 7, 0)] == [1.0, 0.0, 0.0, None]
    assert summarise(-scores, labels, shown)[0]["auroc"] == 0.0


def test_no_split_is_judged_on_what_it_trains_on():
    for split in range(9):
        assert judgements("mt-mnist", split)[0] == ("test", split, None)
        what, digit, anomalies = judgements("mt-mnist", split)[1]
        assert (
            (what, digit) == ("validation", 9)
            and split not in anomalies
            and 9 not in anomalies
        )
    for split, out in enumerate(KEPT_OUT):
        found = judgements("pairs", split)
        assert [f[1] for f in found] == list(out) and all(
            9 in f[2] and not set(out) & set(f[2]) for f in found
        )
    assert judgements("five-folds", 2) == [
        ("others", 4, None),
        ("others", 5, None),
        ("held-out", 4, (5,)),
        ("held-out", 5, (4,)),
    ]


def test_moved_images_are_shifted_by_whole_pixels():
    X = np.arange(32, dtype=np.float32).reshape(2, 16)
    square = X.reshape(2, 4, 4)
    np.testing.assert_array_equal(moved(X, 0, 0), X)
    down, left = moved(X, 1, 0).reshape(2, 4, 4), moved(X, 0, -1).reshape(2, 4, 4)
    np.testing.assert_array_equal(down[:, 1:], square[:, :-1])
    np.testing.assert_array_equal(left[:, :, :-1], square[:, :, 1:])
    assert (down[:, 0] == 0).all() and (left[:, :, -1] == 0).all()


def test_features_over_moved_images_are_their_mean(learners, digits):
    X, moves = digits[0][:50], ((0, 0), (1, 0), (0, -1))
    found = embedded(learners["Mahalanobis"], X, moves)[1]
    expected = np.mean(
        [embedded(learners["Mahalanobis"], moved(X, *m))[1] for m in moves], axis=0
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def keep(path, k, digit, scores):
    """One episode with a normal row and an anomaly."""
    np.savez(
        scores_file(path, k, digit),
        np.array([scores]),
        np.array([[0.0, 1.0]]),
        np.array([[digit, 9]]),
    )


def test_a_split_takes_its_threshold_from_the_other_digits(tmp_path):
    assert curves(tmp_path, "pairs", "A/all") is None
    for split, out in enumerate(KEPT_OUT):
        path = part(tmp_path, "pairs", "A/all", split, 0)
        path.touch()
        for d in out:  # right between the normal row's score and the anomaly's
            keep(path, 2, d, (0.5, 0.6) if d != 4 else (-0.6, -0.5))
            keep(path, 10, d, (1.0, 1.2) if d >= 5 else (-1.2, -1.0))
    found = thresholds(curves(tmp_path, "pairs", "A/all"))
    # eight of nine digits want that, or seven of eight
    np.testing.assert_allclose(found[2], 0.55, atol=0.03)
    # without one of 5 to 8, five digits outvote three
    np.testing.assert_allclose(found[10][5:], -1.1, atol=0.03)


def test_a_moved_threshold_is_taken_off_the_mean_score(tmp_path):
    for seed, scores in ((0, (0.0, 1.0)), (1, (1.0, 2.0))):  # means .5 and 1.5
        path = part(tmp_path, "mt-mnist", "A/all", 4, seed)
        for k in SHOTS:
            keep(path, k, 4, scores)
    members = {("A/all", s): {4: {"seconds": 2.0, "episodes": 1}} for s in (0, 1)}
    at = {
        t: judged_again(tmp_path, members, {k: np.full(9, t) for k in SHOTS})[4]
        for t in (0.4, 0.5, 1.5)
    }
    assert [at[t]["test-10"]["4"]["accuracy"] for t in at] == [0.5, 1.0, 0.5]
    assert (
        judged_again(tmp_path, members)[4]["test-10"]["4"]["accuracy"] == 0.5
        and at[0.4]["seconds"] == 4.0
    )


def test_test_and_validation_of_a_split_share_no_image_unless_told_to():
    n = 10
    test, validation = (
        np.arange(n)[images_of(what, "halves", n)] for what in ("test", "validation")
    )
    assert test.tolist() == [0, 1, 2, 3, 4] and validation.tolist() == [5, 6, 7, 8, 9]
    for what, images in (
        ("test", "shared"),
        ("validation", "shared"),
        ("others", "halves"),
        ("unseen", "halves"),
    ):
        assert len(np.arange(n)[images_of(what, images, n)]) == n
    with pytest.raises(ValueError, match="halves"):
        images_of("test", "thirds", n)


def test_the_files_of_a_split_are_judged_on_the_images_that_it_says(digits, tmp_path):
    class Reader:
        """Remembers the rows that it was given."""

        def scores(self, task):
            self.seen |= set(task.query[..., 1].numpy().astype(int).ravel())
            return np.zeros(task.query.shape[:2])

    y = np.tile(np.repeat(np.arange(10), 120), 2)  # rows of each half
    X = np.stack([y, np.arange(len(y))], axis=1).astype(np.float32)
    for images, wanted in (("halves", {0, 1}), ("shared", {0, 1})):
        reader = Reader()
        reader.seen = set()
        result = {"protocol": "mt-mnist", "split": 3, "episodes": 10}
        result["test images"] = images
        judge_all(reader, X, y, result, tmp_path / f"{images}.json")
        assert {row // 1200 for row in reader.seen} == wanted
        scores, _, shown = scores_of(tmp_path / f"{images}.json", 10, 3)
        assert scores.shape == (10, 200) and (shown[:, :100] == 3).all()
    only = [r for r in reader.seen if r >= 1200]
    assert only, "shared: the test draws on both halves"
