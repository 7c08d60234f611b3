"""Run what needs a GPU, and record it: data/results/gpu.json.

python tests/tools/gpu.py
        the tests marked gpu; lessons 05 and 08 in full; OC-ANIL and ten autoencoders on
        the GPU and on this CPU. Under 10 minutes: what is not done by then is stopped,
        and the record says so
python tests/tools/gpu.py --dry --out FILE
        the same path on the CPU, with tiny sizes: is the script itself in order?

Where there is no GPU, one sentence says so, the status is 2, and nothing is written.
"""

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import gpu_runs
import lesson_runs
import torch

from metaad import repro
from metaad.experiments import record

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "python tests/tools/gpu.py"
MINUTES = 9.5
LESSONS = ("05_autoencoder_on_mnist", "08_few_shot_one_class")
TESTS = ("tests/test_devices.py", "tests/test_meta_devices.py")


class Busy(threading.Thread):
    """How busy the GPU is, asked for once per second while a block runs."""

    def __init__(self, ask):
        super().__init__(daemon=True)
        self.ask, self.seen, self.over = ask, [], threading.Event()

    def run(self):
        while not self.over.wait(1.0):
            percent = self.ask()
            if percent is not None:
                self.seen.append(percent)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    @property
    def mean(self):
        """Percent, None where nobody could be asked."""
        return round(statistics.mean(self.seen), 1) if self.seen else None


def utilisation():
    """Percent of the last second in which the GPU worked; None if nothing tells."""
    try:
        return float(torch.cuda.utilization())
    except (ModuleNotFoundError, RuntimeError, AssertionError):
        pass
    words = ["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(
            ["nvidia-smi", *words],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
        return float(done.stdout.split()[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def tested(left):
    """Run the tests that need a GPU: dict of how many passed, failed, were skipped."""
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-p"]
    command += ["no:cacheprovider", "-rN", *TESTS]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=left, check=False
        )
    except subprocess.TimeoutExpired:
        return {"state": "stopped"}
    # 5: nothing was collected
    state = "ok" if done.returncode in (0, 5) else "failed"
    return {"state": state, **gpu_runs.counts(done.stdout)}


def lesson(path, device, profile, folder, left):
    """Run a lesson: dict of its state, seconds, the GPU's use, and its AUROCs.

    In a process of its own, which is stopped after `left` seconds. Its records go into
    `folder`, so that those of the CPU stay as they are.
    """
    words = [sys.executable, str(Path(__file__).with_name("gpu_runs.py")), str(path)]
    words += [str(folder), profile, device]
    began = time.perf_counter()
    with Busy(utilisation) as busy:
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=left, check=False
            )
            state = "ok" if done.returncode == 0 else done.stdout.strip()[-300:]
        except subprocess.TimeoutExpired:
            state = "stopped"
    found = {"state": state, "seconds": round(time.perf_counter() - began, 1)}
    found |= {"utilisation": busy.mean, **gpu_runs.results(folder, path.stem)}
    return found | gpu_runs.against_cpu(path.stem, found)


def everything(device, dry, until):
    """Run it all: the content of the record."""

    def left():
        return max(1.0, until - time.monotonic())

    found = {"tests": tested(left())}
    print(f"tests: {found['tests']}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, run in gpu_runs.TRAININGS.items():
            found[name] = gpu_runs.compared(run, device, dry)
            print(f"{name}: {found[name]}", flush=True)
        paths = [ROOT / "notebooks" / f"{name}.ipynb" for name in LESSONS]
        if dry:
            paths = [gpu_runs.tiny_lesson(folder)]
        found["lessons"] = {}
        for path in paths:
            profile = "quick" if dry else "full"
            found["lessons"][path.stem] = lesson(path, device, profile, folder, left())
            print(f"{path.stem}: {found['lessons'][path.stem]}", flush=True)
    return found


def name_of(device):
    """The name that a card or a processor gives itself."""
    if device == "cpu":
        return platform.processor() or platform.machine()
    return torch.cuda.get_device_name()


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dry", action="store_true", help="tiny sizes, on the CPU")
    parser.add_argument("--out", type=Path, help="default: data/results/gpu.json")
    asked = parser.parse_args(arguments)
    if asked.dry and not asked.out:
        parser.error("--dry needs --out: what it measures is no record of a GPU.")
    if not asked.dry and not torch.cuda.is_available():
        print("No CUDA device is available here, so nothing was run and written.")
        return 2
    lesson_runs.environment(threads_fixed=False)
    device = "cpu" if asked.dry else "cuda"
    began = time.monotonic()
    found = everything(device, asked.dry, began + 60 * MINUTES)
    found = {"device": name_of(device), "dry": asked.dry, **found}
    spent = {"seconds": time.monotonic() - began, "device": device}
    command = COMMAND + (" --dry" if asked.dry else "")
    out = asked.out or repro.results_dir() / "gpu.json"
    print(f"recorded in {record.write('gpu', found, [command], out, **spent).name}")
    states = [found["tests"]["state"], *(r["state"] for r in found["lessons"].values())]
    return 0 if set(states) == {"ok"} else 1


if __name__ == "__main__":
    sys.exit(main())
