"""Stacks and split policies in JSON: full precision, and one sentence for each file that
can't be one.
"""

import json
import math

import numpy as np
import pytest

from metaad.detectors.forest import split_policy
from metaad.detectors.forest.split_policy import SplitPolicy
from metaad.meta import Stack
from metaad.meta.stack.stack import SHIPPED
from metaad.search.forest.leaves import as_score

STACK = json.loads((SHIPPED / "adbench-v1.json").read_text(encoding="utf-8"))
POLICY = json.loads((split_policy.FOLDER / "halved.json").read_text(encoding="utf-8"))


def changed(content, **parts):
    content = json.loads(json.dumps(content))
    content.get("parameters", content).update(
        {n: v for n, v in parts.items() if n not in content}
    )
    return content | {n: v for n, v in parts.items() if n in content}


def without(content, name):
    return {n: v for n, v in content.items() if n != name}


BROKEN_STACKS = {
    "truncated": json.dumps(STACK)[:-20],
    "empty": "",
    "null": "null",
    "a list": "[]",
    "deep": "[" * 100_000,
    "no weights": json.dumps(without(STACK, "weights")),
    "no features": json.dumps(without(STACK, "features")),
    "no rate": json.dumps(without(STACK, "rate")),
    "null weights": json.dumps(changed(STACK, weights=None)),
    "null in weights": json.dumps(changed(STACK, weights=[None] * 65)),
    "NaN weights": json.dumps(changed(STACK, weights=[math.nan] * 65)),
    "infinite rate": json.dumps(changed(STACK, rate=math.inf)),
    "too few weights": json.dumps(changed(STACK, weights=STACK["weights"][:-1])),
    "other features": json.dumps(changed(STACK, features=STACK["features"][::-1])),
    "null parameters": json.dumps(changed(STACK, parameters=None)),
    "a parameter too few": json.dumps(
        changed(STACK, parameters=without(STACK["parameters"], "n_trees"))
    ),
    "a parameter too many": json.dumps(changed(STACK, depth=3)),
    **{
        f"{name} = {value}": json.dumps(
            changed(STACK, parameters=STACK["parameters"] | {name: value})
        )
        for name, value in [
            ("n_trees", 100_000_000),
            ("n_trees", 1e8),
            ("n_trees", None),
            ("n_trees", "100"),
            ("max_rows", 10**9),
            ("counts", []),
            ("counts", [0]),
            ("ridge", math.nan),
            ("steps", -1),
            ("inner_rate", 0),
            ("cross_fit", "yes"),
            ("random_state", -1),
        ]
    },
}
BROKEN_POLICIES = {
    "truncated": json.dumps(POLICY)[:-20],
    "null": "null",
    "a list": "[1]",
    "no weights": json.dumps(without(POLICY, "weights")),
    "no proposals": json.dumps(without(POLICY, "proposals")),
    "one field more": json.dumps(POLICY | {"depth": 3}),
    **{
        f"{name} = {value}": json.dumps(POLICY | {name: value})
        for name, value in [
            ("weights", None),
            ("weights", {"few": None}),
            ("weights", {"few": math.nan}),
            ("weights", {"few": "1"}),
            ("proposals", 10**9),
            ("proposals", 1),
            ("proposals", None),
            ("proposals", 8.0),
            ("smallest", math.nan),
            ("smallest", None),
            ("share", math.nan),
            ("share", None),
            ("score", None),
            ("score", {"path": [1.0]}),
            ("score", POLICY["score"] | {"parted": [math.inf] * 9}),
            ("name", None),
        ]
    },
}


@pytest.mark.parametrize("text", BROKEN_STACKS.values(), ids=BROKEN_STACKS)
def test_a_broken_stack_gets_one_sentence_with_the_files_name(text, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(
        ValueError, match="does not hold a stack as Stack.save"
    ) as caught:
        Stack.load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", BROKEN_POLICIES.values(), ids=BROKEN_POLICIES)
def test_a_broken_policy_gets_one_sentence_with_the_files_name(text, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="does not hold a split policy") as caught:
        split_policy.load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_stack_is_saved_with_all_its_digits(tmp_path):
    stack = Stack.load("adbench-v1")
    stack.weights_ = stack.weights_ + np.random.default_rng(0).normal(size=65) / 3
    stack.save(tmp_path / "s.json")
    back = Stack.load(tmp_path / "s.json")
    assert back.weights_.tobytes() == stack.weights_.tobytes()
    assert (back.rate_, back.loss_) == (stack.rate_, stack.loss_)
    stack.weights_[3] = np.nan
    with pytest.raises(ValueError, match="all finite"):
        stack.save(tmp_path / "nan.json")
    assert not (tmp_path / "nan.json").exists()


def test_a_policy_is_saved_with_all_its_digits(tmp_path):
    policy = SplitPolicy({"few": 1 / 3}, share=0.7, score=as_score(np.arange(22) / 3))
    split_policy.save(policy, tmp_path / "p.json")
    assert split_policy.load(tmp_path / "p.json") == policy
