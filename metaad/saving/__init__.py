"""Every fitted object to disk and back, without pickle: one pair of verbs.

    from metaad import saving

    saving.save("forest.metaad", detector)
    detector = saving.load("forest.metaad")     # the same scores, bit for bit

A file is a safetensors file: arrays, and a JSON header that says which class they
belong to. It holds data, never code: only the classes of `metaad.saving.classes` are
made from it. What each module does:

| module | does |
| --- | --- |
| verbs | `save` and `load`: one fitted object, one file |
| file | bytes on the disk: written whole or not at all, every byte under a checksum |
| tree | nested lists, dicts, arrays and objects as JSON beside arrays |
| objects | an object of the table of classes to values and back |
| nets | networks: layers of an allow-list, their settings and weights |
| scikit | scikit-learn's fitted detectors, through skops |
| classes | the table of classes, with the attributes that each one has learned |
| fields | what an attribute must look like, asked before anything is used |

To make a new class savable, add one line to the table in `metaad.saving.classes`.
"""

from metaad.saving.file import SavedFileError
from metaad.saving.tree import read_tree, write_tree
from metaad.saving.verbs import load, save

__all__ = ["SavedFileError", "load", "read_tree", "save", "write_tree"]
