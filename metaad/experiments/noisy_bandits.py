"""Does a trust region help where rewards are noisy and two settings must fit each other?

python -m metaad.experiments noisy_bandits
    REINFORCE at four rates and TRPO at four bounds, on 100 bandits, without noise
    and with it"""

import time

import numpy as np
import torch

from metaad.experiments import lesson_13, record

RECORD = "noisy_bandits"
NOISES = (0.0, 0.5)
RATES, BOUNDS = (0.1, 0.3, 1.0, 3.0), (0.01, 0.03, 0.1, 1.0)
STEPS, BATCH, SEED = 50, 8, 0
LAST = 10  # steps at the end, in which a search should have come to rest


def ways():
    """Return the searches that are compared: dict name -> keywords of `search`."""
    reinforce = {f"REINFORCE, rate {r:g}": {"learning_rate": r} for r in RATES}
    trust = {"method": "trpo"}
    return reinforce | {f"TRPO, bound {b:g}": trust | {"max_kl": b} for b in BOUNDS}


def summary(found):
    """Return what a record holds of Climbs: dict of lists over bandits, and counts."""
    change = np.where(found.accepted, found.change, 0.0)
    lost = change < -1e-9
    return {
        "end": np.round(found.gain[:, -1], 4).tolist(),
        "down": np.round(found.down, 4).tolist(),
        "down at the end": np.round(lost[:, -LAST:].mean(axis=1), 4).tolist(),
        "deepest fall": np.round(-change.min(axis=1), 4).tolist(),
        "largest kl": round(float(found.kl.max()), 4),
        "steps down": int(lost.sum()),
        "steps taken": int(found.accepted.sum()),
    }


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("noisy_bandits", __doc__)
    found.add_argument("--bandits", type=int, default=100, help="how many; default 100")
    return found


def main(argv=None):
    """Search on every bandit in every way and write the record."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    began, found = time.process_time(), {}
    for noise in NOISES:
        for name, how in ways().items():
            one = lesson_13.climbs(asked.bandits, noise, SEED, STEPS, BATCH, **how)
            found.setdefault(f"{noise:g}", {})[name] = summary(one)
            print(noise, name, f"{time.process_time() - began:.0f} s", flush=True)
    about = {"bandits": asked.bandits, "steps": STEPS, "batch": BATCH, "last": LAST}
    words = record.options(bandits=asked.bandits)
    lines = [record.command("noisy_bandits", *words)]
    spent = time.process_time() - began
    content = {"about": about, "by noise": found}
    print(record.write(RECORD, content, lines, seconds=spent, seed=SEED))


if __name__ == "__main__":
    main()
