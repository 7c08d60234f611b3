"""The lessons on other CPUs: the core of two to ten digits, and every stored output to
the last digit and pixel shown.

PyTorch, MKL, oneDNN, OpenBLAS and NumPy choose their instructions by the CPU they find,
and the choice moves the last digit of a sum. `python tests/tools/other_cpu.py lessons`, or
`lessons 03 05` for some of them, compares their stored outputs with fresh ones while
these libraries are held to older instructions, and while NumPy's functions are off by
one unit in the last place: minutes per lesson.

`python tests/tools/other_cpu.py` computes, once natively and once under QEMU's Haswell (which
has AVX2 and no AVX-512),

- the Isolation Forest's scores of 1,000 MNIST digits (lesson 03), and
- 50 training steps, 8 digits each, of the 784-128-64-32-10 autoencoder in float64, then
  scores (lesson 05),

and records the largest relative difference of any score or loss in
data/results/other_cpu.json.

It needs qemu-user and, on a quiet machine, a few minutes: importing PyTorch is most of
the start, and emulated vector instructions run about a hundred times slower, hence the
small batch."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

AGREE = 1e-10
MODEL = "Haswell"
THREADS = {
    name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
}
TESTS = Path(__file__).resolve().parent
AVX2_AND_NEWER = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"
INSTRUCTIONS = {  # what each library may use; it reads the variable when it is loaded
    "SSE": {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Prescott",
        "NPY_DISABLE_CPU_FEATURES": AVX2_AND_NEWER,
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA",
    },
    "AVX": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_CBWR": "AVX",
        "ONEDNN_MAX_CPU_ISA": "AVX",
        "OPENBLAS_CORETYPE": "Sandybridge",
    },
    "last bit": {
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(TESTS / "last_bit"), os.environ.get("PYTHONPATH")])
        )
    },
}


def core(rows):
    """Compute what both CPUs must agree on from float64 rows (1000, 784) in [0, 1];
    printed as JSON, which keeps all 17 digits.
    """
    import torch

    from metaad.detectors import AutoencoderDetector, IsolationForest, anomaly_score

    torch.set_num_threads(1)
    X = np.load(rows)
    forest = IsolationForest(random_state=0).fit(X)
    few = X[:80]  # 5 passes of 10 steps
    settings = {
        "epochs": 5,
        "batch_size": 8,
        "dtype": "float64",
        "device": "cpu",
        "random_state": 0,
    }
    autoencoder = AutoencoderDetector(**settings).fit(few)
    numbers = {
        "forest scores": anomaly_score(forest, X).tolist(),
        "autoencoder losses": autoencoder.history_,
        "autoencoder scores": anomaly_score(autoencoder, few).tolist(),
    }
    print(
        json.dumps(
            {
                "instructions": torch.backends.cpu.get_cpu_capability(),
                "numbers": numbers,
            }
        )
    )


def child(command, rows):
    """Run `core` in a process of its own: what it printed, with the seconds it took."""
    began = time.perf_counter()
    done = subprocess.run(
        [*command, sys.executable, __file__, "core", str(rows)],
        env={**os.environ, **THREADS},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command) or 'native'} run failed:\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout), "seconds": round(time.perf_counter() - began, 1)}


def largest_difference(a, b):
    """max |a - b| / max(|a|, |b|) over the entries of two equally long lists."""
    a, b = np.asarray(a), np.asarray(b)
    return float(
        np.max(
            np.abs(a - b)
            / np.maximum(np.maximum(np.abs(a), np.abs(b)), np.finfo(float).tiny)
        )
    )


def main():
    from metaad import data, repro

    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        sys.exit(
            "qemu-x86_64 is not installed; on Debian or Ubuntu: apt-get install "
            "qemu-user. Nothing was checked."
        )
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.npy"
        X = data.load("mnist-5k").X
        np.save(rows, X[:: len(X) // 1000][:1000].reshape(1000, -1))
        here = child([], rows)
        there = child([emulator, "-cpu", MODEL], rows)
    differences = {
        n: largest_difference(here["numbers"][n], there["numbers"][n])
        for n in here["numbers"]
    }
    run = repro.Run("other_cpu", "quick", 0, "cpu", {})
    versions = {**run.fingerprint()["versions"], "qemu": version(emulator)}
    result = {
        "cpus": {
            "native": {
                "name": run.fingerprint()["cpu"],
                **{k: here[k] for k in ("instructions", "seconds")},
            },
            "emulated": {
                "name": f"QEMU {MODEL}",
                **{k: there[k] for k in ("instructions", "seconds")},
            },
        },
        "largest relative difference": differences,
        "agree to": AGREE,
        "holds": max(differences.values()) <= AGREE,
        "versions": versions,
        "numbers compared": {n: len(values) for n, values in here["numbers"].items()},
    }
    print(json.dumps(result, indent=1))
    made = {"command": ["python tests/tools/other_cpu.py"], **result}
    repro.write_json(repro.results_dir() / "other_cpu.json", made)
    return 0 if result["holds"] else 1


def lessons(wanted):
    """Compare stored with fresh outputs under each set of instructions; the number
    of sets under which they differ.
    """
    import lesson_runs
    import run_notebooks

    lesson_runs.environment(threads_fixed=True)
    paths = map(str, run_notebooks.lessons(wanted))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-p",
        "no:cacheprovider",
        *paths,
    ]
    differ = []
    for name, variables in INSTRUCTIONS.items():
        print(
            f"== {name}: {' '.join(f'{k}={v!r}' for k, v in variables.items())}",
            flush=True,
        )
        done = subprocess.run(
            command, env={**os.environ, **variables}, cwd=TESTS.parent, check=False
        )
        differ += [name] * (done.returncode != 0)
    print(
        f"outputs differ under {', '.join(differ)}"
        if differ
        else f"the same under {', '.join(INSTRUCTIONS)}"
    )
    return len(differ)


def version(emulator):
    first = subprocess.run(
        [emulator, "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]
    return first.split("version ")[-1]


if __name__ == "__main__":
    if sys.argv[1:2] == ["core"]:
        core(sys.argv[2])
    elif sys.argv[1:2] == ["lessons"]:
        sys.exit(lessons(sys.argv[2:]))
    else:
        sys.exit(main())
