"""One fitted object to one file and back."""

import os

from metaad.saving import objects
from metaad.saving.classes import CLASSES
from metaad.saving.file import SavedFileError
from metaad.saving.tree import read_tree, write_tree


def save(path, fitted):
    """Write a fitted object of the package, one of scikit-learn's detectors that the
    course uses, or a Pipeline of scalers and one of them, to a file.

    Whole or not at all; equal objects give equal bytes. `load` gives an object with the
    same scores, bit for bit.

    Raises
    ------
    TypeError
        for an object of another class, or one that holds what a file can't: a function,
        a network of layers that are not listed, a generator as random_state.
    ValueError
        if an attribute is not as it must be (NaN among the weights, say).
    """
    if isinstance(fitted, (str, os.PathLike)):
        raise TypeError(
            f"save takes the path first, then the fitted object; got {fitted!r} as the "
            f"object. Write save({fitted!r}, ...) with the {type(path).__name__} second."
        )
    if objects.key_of(fitted) is None:
        raise TypeError(
            f"{type(fitted).__name__} is not among the classes that are saved: "
            f"{', '.join(k.rpartition('.')[2] for k in CLASSES)}. A class of your own "
            f"needs a row in metaad.saving.classes."
        )
    write_tree(path, {"saved": fitted})


def load(path, device="cpu"):
    """Load the object that `save` wrote.

    device : where networks are put, whatever they were trained on.

    Raises
    ------
    SavedFileError
        a ValueError, in one sentence with the file's name: if there is no such file, it
        is damaged, or its content does not fit together.
    """
    tree = read_tree(path, device)
    if not isinstance(tree, dict) or list(tree) != ["saved"]:
        raise SavedFileError(
            f"{path} holds no object that metaad.saving.save wrote; a checkpoint is "
            f"loaded by the training that it belongs to."
        )
    return tree["saved"]
