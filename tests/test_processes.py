"""Meta-training over several processes: two that share the tasks learn what one does."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from metaad.meta import MAML, processes
from metaad.nets import MLP
from metaad.tasks import OneClassTasks, Task

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import os, sys
sys.path.insert(0, {tests!r})
import numpy as np
from test_processes import learned
from metaad.meta import processes

with processes.joined("gloo") as rank:
    found = learned()
    assert processes.world() == (rank, 2)
    np.save(os.path.join({out!r}, f"{{rank}}.npy"), found)
"""


def learned():
    """The losses and the weights of a short meta-training, in one vector."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(6), 30)
    X = rng.normal(size=(len(y), 4)) + 2.0 * rng.normal(size=(6, 4))[y]
    tasks = OneClassTasks(
        X, y, normal=range(6), anomalous=range(6), k=5, n_query=10, dtype=torch.float64
    )
    torch.manual_seed(0)
    net = MLP((4, 8, 1), dtype=torch.float64)
    learner = MAML(net, steps=2, iterations=5, n_tasks=4, random_state=0, average=0.9)
    learner.fit(tasks)
    weights = [p.detach().numpy().ravel() for p in learner.module_.parameters()]
    return np.concatenate([learner.history_, *weights])


def test_two_processes_learn_what_one_does(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(tests=str(ROOT / "tests"), out=str(tmp_path)))
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0"]
    command += ["--local-addr", "127.0.0.1", str(script)]
    variables = dict(os.environ, OMP_NUM_THREADS="1", GLOO_SOCKET_IFNAME="lo")
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (np.load(tmp_path / f"{rank}.npy") for rank in (0, 1))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, learned(), rtol=1e-9, atol=1e-12)


def ranked(monkeypatch, rank, n):
    monkeypatch.setattr(processes, "world", lambda: (rank, n))


def test_shares_are_disjoint_and_complete_and_a_shared_query_stays_whole(monkeypatch):
    support, y = torch.arange(12.0).reshape(6, 2, 1), torch.arange(6.0).reshape(6, 1)
    task = Task(support, torch.zeros(1, 1, 1), y, normal=np.arange(6))
    parts = []
    for rank in range(3):
        ranked(monkeypatch, rank, 3)
        parts.append(processes.share(task))
    assert [p.normal.tolist() for p in parts] == [[0, 3], [1, 4], [2, 5]]
    for name in ("support", "y"):
        together = torch.cat([getattr(p, name) for p in parts])
        assert set(together.ravel().tolist()) == set(
            getattr(task, name).ravel().tolist()
        )
    assert all(p.query.shape == (1, 1, 1) for p in parts)
    assert all(p.weight is None for p in parts)
    ranked(monkeypatch, 0, 1)
    assert processes.share(task) is task


def test_tasks_that_cant_be_shared_evenly_are_refused(monkeypatch):
    processes.check(7, None)  # one process alone
    ranked(monkeypatch, 0, 2)
    processes.check(8, 0)
    with pytest.raises(ValueError, match="multiple of the 2 processes.*got 7. Take 6"):
        processes.check(7, 0)
    with pytest.raises(ValueError, match="random_state must be set"):
        processes.check(8, None)


def test_one_process_alone_joins_nothing(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with processes.joined() as rank:
        assert rank == 0 and processes.world() == (0, 1)
    loss = torch.tensor(3.0)
    assert processes.average([], loss) is loss
