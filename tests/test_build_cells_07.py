"""The inner loop that lesson 07 writes by hand computes what the package's does,
second order included.
"""

import json
from pathlib import Path

import pytest
import torch

from metaad.meta import squared_error
from metaad.meta.inner_loop import inner_loop
from metaad.nets import MLP
from metaad.tasks import SinusoidTasks

LESSON = Path(__file__).resolve().parents[1] / "notebooks" / "07_maml_maths.ipynb"


@pytest.fixture(scope="module")
def by_hand():
    """The function that the lesson's slower build cell defines."""
    cells = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
    source = next(
        "".join(c["source"]) for c in cells if "slower" in c["metadata"].get("tags", [])
    )
    names = {"torch": torch}
    exec(compile(source, LESSON.name, "exec"), names)
    return names["inner_loop"]


@pytest.mark.parametrize("steps", [0, 1, 4])
@pytest.mark.parametrize("first_order", [False, True])
def test_outputs_and_outer_gradients_are_the_packages(by_hand, steps, first_order):
    torch.manual_seed(0)
    net = MLP((1, 7, 5, 1), dtype=torch.float64)
    task = SinusoidTasks(k=6, n_query=9, dtype=torch.float64).sample(4, 0)
    found = []
    for loop in (by_hand, inner_loop):
        networks = loop(
            net,
            squared_error,
            task.support,
            task.support_y,
            steps=steps,
            rate=0.03,
            first_order=first_order,
        )
        out = networks(task.query)
        loss = squared_error(out, task.query, task.y).sum()
        found.append(
            (
                out,
                torch.cat(
                    [
                        g.flatten()
                        for g in torch.autograd.grad(loss, list(net.parameters()))
                    ]
                ),
            )
        )
    assert found[0][0].shape == (4, 9, 1)
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-12)
