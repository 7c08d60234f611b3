"""What every test starts from: the data at hand, one thread, results that land in a
folder of their own.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

# before torch and BLAS are loaded: several tests run side by side, and one thread gives
# the same sums everywhere
os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
)
if not os.environ.get("METAAD_DATA") and (ROOT.parent / "shared" / "data").is_dir():
    os.environ["METAAD_DATA"] = str(ROOT.parent / "shared" / "data")


def pytest_configure(config):
    config.results = tempfile.TemporaryDirectory(prefix="metaad-results-")
    os.environ["METAAD_RESULTS"] = config.results.name


def pytest_unconfigure(config):
    config.results.cleanup()


@pytest.fixture(autouse=True)
def same_torch_for_every_test():
    """A lesson's start sets torch's defaults for the process, and every net made draws
    from its generator; the next test must not inherit them.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = (
        torch.get_default_dtype(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_num_threads(),
    )
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.manual_seed(0)  # a net that a test makes is the same in any order of tests
    yield
    torch.set_default_dtype(before[0])
    torch.use_deterministic_algorithms(before[1], warn_only=warn_only)
    torch.set_num_threads(before[2])


@pytest.fixture
def cuda_build():
    """Skip where PyTorch is built for the CPU alone: it can't even pretend to have a
    CUDA device, as fake tensors do.
    """
    if not pytest.importorskip("torch").backends.cuda.is_built():
        pytest.skip("this PyTorch is built without CUDA")
