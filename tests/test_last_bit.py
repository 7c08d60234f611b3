"""The last-bit mode moves NumPy, SciPy and PyTorch by one unit, and only by one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import special

HERE = Path(__file__).resolve().parent / "tools" / "last_bit"
PROGRAM = """
import json, sys, numpy as np
assert "torch" not in sys.modules and "scipy" not in sys.modules
from scipy import special
import torch
x = np.linspace(0.1, 2, 40)
t = torch.linspace(0.1, 2, 40, dtype=torch.float64, requires_grad=True)
t.exp().sum().backward()
flat = torch.tensor(x)
with torch.no_grad():
    out = {
        "np.exp": np.exp(x), "np.sum": np.sum(x[None] * x[:, None], axis=1),
        "np.dot": np.dot(x, x), "digamma": special.digamma(x),
        "torch.exp": flat.exp(), "torch.tanh": torch.tanh(flat),
        "torch.matmul": flat[:, None] @ flat[None],
        "torch.sum": (flat[None] * flat[:, None]).sum(1),
        "torch.linear": torch.nn.functional.linear(flat[:, None], flat[:, None]),
        "float32": flat.float().exp().double(),
        "exact": [np.exp(0.0), np.log2(8.0), np.sum(np.ones(7)), torch.ones(7).sum()],
        "equal": np.exp(np.full(3, 0.7)), "gradient": t.grad,
    }
print(json.dumps({k: np.asarray(v).tolist() for k, v in out.items()}))
"""


@pytest.fixture(scope="module")
def found():
    """The program's numbers, off by a bit, and as they are."""
    answers = []
    for path in (str(HERE), ""):
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers.append({k: np.array(v) for k, v in json.loads(done.stdout).items()})
    return answers


NAMES = ("np.exp", "np.sum", "np.dot", "digamma", "torch.exp", "torch.tanh")
NAMES += ("torch.matmul", "torch.sum", "torch.linear")


@pytest.mark.parametrize("name", NAMES)
def test_every_result_is_off_by_one_unit_and_some_go_up_and_some_down(found, name):
    off, plain = (answers[name] for answers in found)
    units = (off.view(np.int64) - plain.view(np.int64)).ravel()
    assert set(units.tolist()) <= {-1, 0, 1} and (units != 0).mean() > 0.9
    if units.size > 1:
        assert {-1, 1} <= set(units.tolist())


def test_float32_results_move_by_a_unit_of_theirs(found):
    off, plain = (a["float32"].astype(np.float32).view(np.int32) for a in found)
    assert set((off - plain).tolist()) == {-1, 1}


def test_exact_results_stay_exact_and_equal_ones_stay_equal(found):
    off, plain = found
    np.testing.assert_array_equal(off["exact"], plain["exact"])
    assert len(set(off["equal"])) == 1 and off["equal"][0] != plain["equal"][0]


def test_the_gradient_passes_through_a_result_that_was_moved(found):
    off, plain = found
    np.testing.assert_allclose(off["gradient"], plain["gradient"], rtol=1e-15)


def test_what_is_compared_with_is_what_these_libraries_give(found):
    x = np.linspace(0.1, 2, 40)
    np.testing.assert_array_equal(found[1]["digamma"], special.digamma(x))
    np.testing.assert_array_equal(found[1]["torch.exp"], torch.tensor(x).exp().numpy())
