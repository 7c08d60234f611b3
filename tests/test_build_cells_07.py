"""The loops that lesson 07 writes by hand compute what the package's do, second order
included.
"""

import json
from pathlib import Path

import pytest
import torch

from metaad.experiments.lessons.lesson_07_network import Small
from metaad.meta import squared_error
from metaad.meta.inner_loop import inner_loop
from metaad.nets import MLP
from metaad.tasks import SinusoidTasks

LESSON = Path(__file__).resolve().parents[1] / "notebooks" / "07_maml_maths.ipynb"


@pytest.fixture(scope="module")
def built():
    """What the lesson's build cells define, in one namespace."""
    cells = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
    names = {"torch": torch}
    for cell in cells:
        if "build" in cell["metadata"].get("tags", []):
            exec(compile("".join(cell["source"]), LESSON.name, "exec"), names)
    return names


@pytest.fixture(scope="module")
def by_hand(built):
    """The inner loop that the lesson's slower build cell defines."""
    return built["inner_loop"]


@pytest.mark.parametrize("seed", [0, 1])
def test_both_loops_of_the_lesson_end_at_the_weights_of_maml(built, seed):
    small = Small(seed)
    assert small.ends_like_the_package(built["outer_loop"], seed)

    def wrong(net, loss, batches, optimizer, **inner):
        return built["outer_loop"](
            net, loss, batches, optimizer, first_order=True, **inner
        )

    assert not small.ends_like_the_package(wrong, seed)


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
