"""Where a recorded number comes from, in one line that a lesson can show."""

from metaad.repro.records import recorded

GPU = "python tests/tools/gpu.py"
LESSONS = "make full"  # what records a lesson's own full run


def source(name):
    """Return one line of Markdown: the command that made a record, its duration and its
    device.

    name : str, as in `recorded`. Of a record that several commands made, one by one,
    the last is shown; the record holds them all under "command"."""
    record = recorded(name)
    commands, run = record.get("command", LESSONS), record.get("run", {})
    commands = [commands] if isinstance(commands, str) else list(commands)
    steps = f", the last of {len(commands)} steps" if len(commands) > 1 else ""
    parts = [f"Recorded by `{commands[-1]}`{steps}", *_spent(run)]
    return f"{', '.join(parts)} (`data/results/{name}.json`)."


def on_gpu(lesson=None):
    """Return one line of Markdown: what a GPU made of a lesson's full run, or that no
    GPU has been at hand yet.

    lesson : str, the name of a lesson; None speaks of the whole record."""
    try:
        record = recorded("gpu")
    except FileNotFoundError:
        return (
            "No GPU record yet: every figure here was computed on a CPU. "
            f"`{GPU}` makes one where there is a CUDA device."
        )
    run = record if lesson is None else record.get("lessons", {}).get(lesson, {})
    seconds = run.get("seconds") or record.get("run", {}).get("seconds")
    parts = [f"Recorded on {record['device']}"]
    parts += [f"{_duration(seconds)}"] if seconds else []
    if run.get("ratio"):
        parts.append(f"{run['ratio']:.1f} times as fast as on the CPU")
    if run.get("utilisation") is not None:
        parts.append(f"the GPU busy for {run['utilisation']:.0f} % of it")
    if run.get("auroc") is not None:
        parts.append(f"mean AUROC {run['auroc']:.3f}")
    if run.get("state", "ok") != "ok":
        parts.append("not finished")
    return f"{', '.join(parts)} (`data/results/gpu.json`, by `{GPU}`)."


def _spent(run):
    device = {"cpu": "one CPU"}.get(run.get("device", "cpu"), run.get("device"))
    if not run.get("seconds"):
        return [f"on {device}"]
    return [f"{_duration(run['seconds'])} on {device}"]


def _duration(seconds):
    """Return seconds as text, in the unit that suits them."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
