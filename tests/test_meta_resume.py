"""A meta-learner that was killed goes on to the same bytes; a checkpoint of another
training is refused.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from metaad.meta import MAML, Adversarial, Mahalanobis, training
from metaad.meta.few_shot import trunk
from metaad.nets import MLP
from metaad.tasks import AllPairs, MadeUpTasks, OneClassTasks
from metaad.tasks.draws import Draws

HERE = Path(__file__).parent
ITERATIONS = 12


def tasks(kind, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(4), 12)
    if kind in ("maml", "adversarial"):
        return OneClassTasks(rng.normal(size=(48, 6)), y, k=3, n_query=4)
    digits = OneClassTasks(rng.random((48, 64)), y, k=3, n_query=2)
    return AllPairs(MadeUpTasks(digits, share=0.5))


def learner(kind, checkpoint=None, **options):
    torch.manual_seed(3)
    options = {
        "iterations": ITERATIONS,
        "n_tasks": 4,
        "schedule": "cosine",
        "average": 0.9,
        "device": "cpu",
        "random_state": 5,
        "checkpoint": checkpoint,
    } | options
    if kind == "maml":
        # dropout draws from torch's generator
        net = torch.nn.Sequential(*MLP((6, 8, 8)), torch.nn.Dropout(0.3))
        return MAML(torch.nn.Sequential(*net, MLP((8, 1))[0]), **options)
    if kind == "adversarial":
        return Adversarial(MLP((6, 8, 4)), **options)
    return Mahalanobis(trunk(side=8), shots=(2, 3), **options)


def pretend_device():
    """Train on the CPU as on a GPU: a torch.Generator draws, losses are fetched late."""

    def source(tasks, rng, device):
        seed = int(rng.integers(2**63))
        return Draws(torch.Generator().manual_seed(seed))

    return {"source": source, "_patience": lambda self: 5}


def content(fitted):
    """All that was learned, as bytes, and the losses."""
    state = fitted.module_.state_dict()
    kept = {n: v.contiguous().numpy().tobytes().hex() for n, v in state.items()}
    return {"module": kept, "history": fitted.history_}


def main(kind, checkpoint, stop):
    """Train in a process of its own; stop : iterations after which it kills itself."""
    torch.set_num_threads(1)
    training.SECONDS = 0.0
    if kind == "device":
        pretended = pretend_device()
        training.source = pretended["source"]
        training.Training._patience = pretended["_patience"]

    seen = []

    def watch(done):
        seen.append(done)
        if done == stop:
            os.kill(os.getpid(), signal.SIGKILL)

    fitted = learner(kind, checkpoint).fit(tasks(kind), watch=watch)
    print(json.dumps(content(fitted) | {"first": seen[0]}))


def run(*arguments):
    where = {**os.environ, "PYTHONPATH": str(HERE.parent), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, *map(str, arguments)]
    return subprocess.run(
        command, env=where, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("kind", ["maml", "mahalanobis", "adversarial", "device"])
def test_a_run_killed_twice_ends_with_the_bytes_of_one_left_alone(
    kind, tmp_path, monkeypatch
):
    if kind == "device":
        pretended = pretend_device()
        monkeypatch.setattr(training, "source", pretended["source"])
        monkeypatch.setattr(training.Training, "_patience", pretended["_patience"])
    path = tmp_path / "run.safetensors"
    for stop in (4, 9):
        killed = run(kind, path, stop)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed = run(kind, path, 0)
    assert resumed.returncode == 0, resumed.stderr
    torch.set_num_threads(1)
    alone = content(learner(kind).fit(tasks(kind)))
    assert json.loads(resumed.stdout) == alone | {"first": 10}
    # the finished file gives the same once more, without a step
    assert content(learner(kind, path).fit(tasks(kind), watch=pytest.fail)) == alone
    assert [f.name for f in tmp_path.iterdir()] == ["run.safetensors"]


def test_losses_that_are_fetched_late_are_the_same_and_all_there(monkeypatch):
    at_once = learner("maml").fit(tasks("maml"))
    for patience in (5, 100):
        monkeypatch.setattr(training.Training, "_patience", lambda self, n=patience: n)
        late, seen = learner("maml"), []
        late.fit(
            tasks("maml"),
            watch=lambda done, late=late, seen=seen: seen.append(
                (done, len(late.history_))
            ),
        )
        assert content(late) == content(at_once)
        assert [done for done, _ in seen] == list(range(1, ITERATIONS + 1))
        assert [known for _, known in seen] == [
            done // patience * patience for done, _ in seen
        ]


def test_a_loss_that_is_not_finite_is_found_when_it_is_fetched(monkeypatch):
    monkeypatch.setattr(training.Training, "_patience", lambda self: 5)
    broken, seen = learner("maml", learning_rate=1e30), []
    with pytest.raises(FloatingPointError, match=r"got \w+ at iteration [2345]\."):
        broken.fit(tasks("maml"), watch=seen.append)
    assert seen == [1, 2, 3, 4]


def half(path, **options):
    learner("maml", path, **options).fit(tasks("maml"))
    return path


def test_a_constant_rate_goes_on_to_more_iterations_as_if_never_stopped(tmp_path):
    path = half(tmp_path / "a", schedule="constant", iterations=5)
    more = learner("maml", path, schedule="constant").fit(tasks("maml"))
    alone = learner("maml", schedule="constant").fit(tasks("maml"))
    assert content(more) == content(alone)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0.1}, "another training: learning_rate differ"),
        ({"random_state": 6}, "random_state differ"),
        ({"steps": 1}, "steps differ"),
        ({"iterations": ITERATIONS + 1}, "iterations differ"),  # cosine depends on it
        ({"random_state": None}, "needs a whole number as random_state"),
    ],
)
def test_a_checkpoint_of_other_parameters_is_refused(options, message, tmp_path):
    path = half(tmp_path / "a")
    with pytest.raises(ValueError, match=message):
        learner("maml", path, **options).fit(tasks("maml"))


def test_a_checkpoint_of_other_tasks_another_start_or_other_code_is_refused(
    tmp_path, monkeypatch
):
    path = half(tmp_path / "a")
    with pytest.raises(ValueError, match="tasks differ"):
        learner("maml", path).fit(tasks("maml", seed=1))
    other = learner("maml", path)
    torch.nn.init.zeros_(other.estimator[0].bias)
    with pytest.raises(ValueError, match="start differ"):
        other.fit(tasks("maml"))
    monkeypatch.setattr(training, "code_version", lambda kind: "newer")
    with pytest.raises(ValueError, match="code, tasks differ"):
        learner("maml", path).fit(tasks("maml"))


def test_a_checkpoint_with_more_iterations_than_asked_for_is_refused(tmp_path):
    path = half(tmp_path / "a", schedule="constant")
    with pytest.raises(ValueError, match="holds 12 iterations, and 5 were asked for"):
        half(path, schedule="constant", iterations=5)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    path = half(tmp_path / "a")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match="not a complete file"):
        half(path)


def test_the_digest_of_tasks_sees_every_row_and_setting():
    same, again = tasks("mahalanobis"), tasks("mahalanobis")
    assert training.content_digest(same) == training.content_digest(again)
    again.tasks.tasks.X[-1, -1] += 1
    assert training.content_digest(same) != training.content_digest(again)
    again = tasks("mahalanobis")
    again.tasks.strange = 0.26
    assert training.content_digest(same) != training.content_digest(again)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
