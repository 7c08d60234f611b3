"""The tool that runs tests in random order loses none and repeats an order."""

from types import SimpleNamespace

from random_order import shuffled

ITEMS = [
    SimpleNamespace(fspath=f"test_{f}.py", nodeid=f"test_{f}.py::test_{i}")
    for f in "abcd"
    for i in range(6)
]


def names(items):
    return [item.nodeid for item in items]


def test_an_order_keeps_every_test_once_and_a_file_together():
    found = shuffled(ITEMS, 1)
    assert sorted(names(found)) == sorted(names(ITEMS)) != names(found)
    files = [item.fspath for item in found]
    changes = sum(a != b for a, b in zip(files, files[1:], strict=False))
    assert changes == 3 and files != sorted(files)


def test_a_seed_gives_its_order_whatever_order_the_tests_came_in():
    assert names(shuffled(ITEMS, 1)) == names(shuffled(ITEMS[::-1], 1))
    assert names(shuffled(ITEMS, 1)) != names(shuffled(ITEMS, 2))
