"""What an experiment has done so far: parts that know what made them.

A part is used again only under its key, a checksum of code, data and settings, see
`metaad.repro.cache`; one of another key, a damaged one and one without a key are made
anew. Parts of arrays are kept by `cache.keep`, those of JSON and policies by this.
"""

import json
import time
from dataclasses import replace

from metaad import repro
from metaad.detectors.forest.split_policy import SplitPolicy, load
from metaad.repro import cache


def table_key(table):
    """Return the key of a LabelledTable: its rows, labels and family."""
    return cache.key(X=table.X, y=table.y, family=table.family)


def settings_key(settings, code, **parts):
    """Return the key of a forest or a learner; what is told `about` a policy among its
    settings, a dict, does not count.
    """
    policies = {n: v for n, v in settings.items() if isinstance(v, SplitPolicy)}
    plain = {n: replace(p, about={}) for n, p in policies.items()}
    return cache.key(code=code, settings=settings | plain, **parts)


def read(path):
    """Return the dict in a JSON file; an empty one if there is none, or no dict."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def stored(path, key):
    """Return the dict that `keep` wrote under a key, or None."""
    found = read(path)
    return found if found.get("key") == key else None


def keep(path, key, content):
    """Write a dict as JSON, with its key; return it as a reader gets it."""
    repro.write_json(path, {**content, "key": key})
    return stored(path, key)


def stored_policy(path, key):
    """Return the SplitPolicy of a file if `about` says that this key made it, or None."""
    try:
        found = load(path)
    except ValueError:
        return None
    return found if found.about.get("key") == key else None


class Steps:
    """Results by name, each with its CPU seconds, in one file: what was made from the
    same is not made again.

    Parameters
    ----------
    path : of the file. code, parts : of `metaad.repro.cache.key`, of every step.

    Attributes
    ----------
    done : dict, the steps of this run: {name: {"result", "seconds", "key"}}.
    """

    def __init__(self, path, code, **parts):
        self.path, self.code, self.parts = path, code, parts
        self.kept, self.done = read(path), {}

    def __call__(self, name, make, **parts):
        """Return the result of a step, made by `make` if it is not there.

        parts : what else it depends on, as `metaad.repro.cache.key` takes it."""
        key = cache.key(code=self.code, step=name, **self.parts, **parts)
        if self.kept.get(name, {}).get("key") != key:
            began = time.process_time()
            # as it comes back from the file, so that a run that goes on sees the same
            result = json.loads(json.dumps(make()))
            seconds = round(time.process_time() - began, 1)
            self.kept[name] = {"result": result, "seconds": seconds, "key": key}
            repro.write_json(self.path, self.kept)
            print(name, seconds, "s", flush=True)
        self.done[name] = self.kept[name]
        return self.done[name]["result"]

    def seconds(self):
        """Return the CPU seconds of all steps of this run, whenever they were made."""
        return sum(done["seconds"] for done in self.done.values())
