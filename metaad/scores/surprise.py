"""How unexpected a word is: by its letters, and by the word before it. Nothing is tagged.

Both are mixtures that fall back on less context where there was little to learn from
(Witten and Bell [1]): of c cases and t different outcomes seen after a context,

    P(x | context) = (count(x) + t · P(x | shorter context)) / (c + t).

[1] Witten and Bell, The zero-frequency problem, IEEE Transactions on Information Theory
37, 1991."""

from collections import Counter, defaultdict

import numpy as np

START, END = "\x02", "\x03"


class _Mixture:
    """Counts of outcomes after contexts of every length up to `order`."""

    def __init__(self, order):
        self.order, self.seen = order, defaultdict(Counter)

    def add(self, context, outcome):
        for k in range(self.order + 1):
            self.seen[context[len(context) - k :]][outcome] += 1

    def probability(self, context, outcome, floor):
        """P(outcome | context); `floor` : P of any outcome where nothing is known."""
        p = floor
        for k in range(self.order + 1):
            counts = self.seen.get(context[len(context) - k :])
            if counts:
                kinds = len(counts)
                p = (counts[outcome] + kinds * p) / (counts.total() + kinds)
        return p


class CharacterModel:
    """Surprise of a word by its letters.

    order : int, letters that the next one is predicted from."""

    def __init__(self, order=3):
        self.order = order

    def fit(self, words):
        """Count the letters of words (an iterable of str), each word as often as it
        comes. Returns the model.
        """
        self.mixture_, letters = _Mixture(self.order), set()
        for word in words:
            letters.update(word)
            for context, letter in self._steps(word):
                self.mixture_.add(context, letter)
        self.floor_ = 1.0 / (len(letters) + 2)
        return self

    def surprise(self, words):
        """Return -log P(word) per letter, its end counted as one: float64 (n,), in nats;
        large = odd.
        """
        return np.array([np.mean(self._of(word)) for word in words])

    def _of(self, word):
        return [
            -np.log(self.mixture_.probability(context, letter, self.floor_))
            for context, letter in self._steps(word)
        ]

    def _steps(self, word):
        text = START * self.order + word + END
        for i in range(self.order, len(text)):
            yield text[i - self.order : i], text[i]


class ContextModel:
    """Surprise of a word by the word before it. Small and capital letters are one."""

    def fit(self, sentences):
        """Count words after words; sentences : lists of str. Returns the model."""
        self.mixture_, known = _Mixture(1), set()
        for sentence in sentences:
            for before, word in self._steps(sentence):
                known.add(word)
                self.mixture_.add(before, word)
        self.floor_ = 1.0 / (len(known) + 1)
        return self

    def surprise(self, sentences):
        """Return -log P(word | word before) of every token: float64 (n,), in nats, in
        the sentences' order; large = odd.
        """
        return np.array(
            [
                -np.log(self.mixture_.probability(before, word, self.floor_))
                for sentence in sentences
                for before, word in self._steps(sentence)
            ]
        )

    def _steps(self, sentence):
        before = START
        for word in sentence:
            yield (before,), word.lower()
            before = word.lower()
