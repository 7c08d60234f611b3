"""Numbers that describe a token and its neighbours: shape, rarity, endings, no
pretrained model.

    features = TokenFeatures()
    X = features.fit_transform(train)       # float64 (tokens, d), numbers in columns_
    X_new = features.transform(test)
    S = features.strings(test)              # sparse (tokens, 2**15), for linear models

[1] Ratinov and Roth, Design challenges and misconceptions in named entity recognition,
CoNLL 2009 (the usual features of a word).
[2] Weinberger et al., Feature hashing for large scale multitask learning, ICML 2009."""

import zlib
from collections import Counter

import numpy as np

EDGE = ""  # the neighbour of the first and of the last token
OWN = str.split("""length letters digits capital capitals inside_capital mark handle rare
    rare_as_written capital_habit first capital_inside joined vowels""")
NEXT_TO = ("capital", "capitals", "mark", "digits", "rare")  # told of both neighbours
HASHED = {"prefix": 8, "suffix": 16, "before": 32, "after": 32}


class TokenFeatures:
    """Describe tokens by numbers; rarity is learned from the sentences of `fit`.

    Parameters
    ----------
    buckets : int, columns of the sparse description that strings are hashed to [2].

    Attributes
    ----------
    columns_ : names of the d columns of `transform`; the first `plain_` of them are
        plain numbers, those after them are hashed strings.
    counts_, written_ : Counter of tokens in small letters, and as written.
    capitals_ : Counter of tokens (small letters) that began with a capital where they
        did not begin the sentence; inside_ : how often they stood there at all.
    """

    def __init__(self, buckets=2**15):
        self.buckets = buckets

    def fit(self, sentences):
        """Count the tokens of sentences: lists of str, or of (token, tag). Tags are not
        looked at.

        Raises ValueError where there is no token."""
        told = words(sentences)
        if not any(told):
            raise ValueError("fit needs sentences with tokens; got none.")
        self.written_ = Counter(t for s in told for t in s)
        self.counts_ = Counter(t.lower() for s in told for t in s)
        self.total_ = self.counts_.total()
        self.inside_ = Counter(t.lower() for s in told for t in s[1:])
        self.capitals_ = Counter(
            t.lower() for s in told for t in s[1:] if t[0].isupper()
        )
        near = [f"{name} {side}" for side in ("before", "after") for name in NEXT_TO]
        self.plain_ = len(OWN) + len(near)
        strings = [f"{n} {i}" for n, size in HASHED.items() for i in range(size)]
        self.columns_ = [*OWN, *near, *strings]
        return self

    def fit_transform(self, sentences):
        """Fit, and describe the same tokens (n, d), each counted without itself: a token
        that comes once is as new here as one that comes in no sentence of `fit`.
        """
        return self.fit(sentences)._described(words(sentences), itself=1)

    def transform(self, sentences):
        """Describe new tokens by numbers: float64 (n, d), in the sentences' order."""
        return self._described(words(sentences), itself=0)

    def plain(self, X):
        """Take the plain numbers (n, plain_) of a description (n, d)."""
        return X[:, : self.plain_]

    def strings(self, sentences):
        """Describe tokens by what they are made of and stand next to: sparse 0/1 matrix
        (n, buckets), strings hashed to its columns.
        """
        from scipy.sparse import csr_matrix

        told = [_spelled(s, i) for s in words(sentences) for i in range(len(s))]
        at = [sorted({_bucket(t, self.buckets) for t in each}) for each in told]
        ends = np.cumsum([0, *map(len, at)])
        columns = np.concatenate([np.asarray(a, np.int64) for a in at])
        ones = np.ones(len(columns))
        return csr_matrix((ones, columns, ends), shape=(len(at), self.buckets))

    def _described(self, told, itself):
        own = [self._own(s, i, itself) for s in told for i in range(len(s))]
        own = np.array(own, dtype=np.float64)  # (n, len(OWN))
        first = np.array([i == 0 for s in told for i in range(len(s))])
        last = np.array([i == len(s) - 1 for s in told for i in range(len(s))])
        chosen = own[:, [OWN.index(name) for name in NEXT_TO]]
        before, after = np.roll(chosen, 1, axis=0), np.roll(chosen, -1, axis=0)
        before[first], after[last] = 0.0, 0.0
        hashed = np.zeros((len(own), sum(HASHED.values())))
        rows = np.arange(len(own))
        strings = [_four(s, i) for s in told for i in range(len(s))]
        start = 0
        for k, size in enumerate(HASHED.values()):
            hashed[rows, [start + _bucket(each[k], size) for each in strings]] = 1.0
            start += size
        return np.hstack([own, before, after, hashed])

    def _own(self, sentence, i, itself):
        """The numbers of one token, in the order of OWN."""
        token, n = sentence[i], len(sentence[i])
        low, upper = token.lower(), token[0].isupper()
        letters = sum(c.isalpha() for c in token)
        all_capitals = letters > 1 and token.isupper()
        total = self.total_ + 1.0
        inside = self.inside_[low] - itself * (i > 0)
        capitals = self.capitals_[low] - itself * (i > 0 and upper)
        return (
            np.log1p(n),
            letters / n,
            sum(c.isdigit() for c in token) / n,
            float(upper),
            float(all_capitals),
            float(any(c.isupper() for c in token[1:]) and not all_capitals),
            float(letters == 0 and not any(c.isdigit() for c in token)),
            float(token[0] in "@#" or low.startswith(("http", "www."))),
            -np.log((max(self.counts_[low] - itself, 0) + 0.5) / total),
            -np.log((max(self.written_[token] - itself, 0) + 0.5) / total),
            max(capitals, 0) / (max(inside, 0) + 1.0),
            float(i == 0),
            float(upper and i > 0),
            float(letters > 0 and any(c in "-'’&." for c in token)),
            sum(c in "aeiou" for c in low) / n,
        )


def words(sentences):
    """Return the tokens of sentences: lists of str from lists of (token, tag)."""
    return [[t if isinstance(t, str) else t[0] for t in s] for s in sentences]


def shape(token):
    """Return the shape of a token: "Xx" for Ruth, "X-d" for K-17, runs drawn together."""
    found = ""
    for c in token:
        mark = "d" if c.isdigit() else c
        if c.isalpha():
            mark = "X" if c.isupper() else "x"
        found += "" if found.endswith(mark) else mark
    return found


def _bucket(text, size):
    return zlib.crc32(text.encode()) % size


def _at(sentence, i):
    return sentence[i] if 0 <= i < len(sentence) else EDGE


def _four(sentence, i):
    """The strings behind the hashed columns, in the order of HASHED."""
    low = sentence[i].lower()
    return low[:3], low[-3:], _at(sentence, i - 1).lower(), _at(sentence, i + 1).lower()


def _spelled(sentence, i):
    """Every string that says something about a token, with what it says."""
    token, low = sentence[i], sentence[i].lower()
    before, after = _at(sentence, i - 1), _at(sentence, i + 1)
    found = [f"as={token}", f"low={low}", f"shape={shape(token)}", f"first={i == 0}"]
    found += [f"begins={low[:k]}" for k in (1, 2, 3, 4)]
    found += [f"ends={low[-k:]}" for k in (1, 2, 3, 4)]
    for name, near in (("before", before), ("after", after)):
        found += [f"{name}={near.lower()}", f"{name} shape={shape(near)}"]
        found += [f"{name} ends={near.lower()[-3:]}"]
    found += [f"pair={before.lower()} {low}", f"pair'={low} {after.lower()}"]
    found += [f"shapes={shape(before)} {shape(token)} {shape(after)}"]
    far = _at(sentence, i - 2), _at(sentence, i + 2)
    return [*found, f"two before={far[0].lower()}", f"two after={far[1].lower()}"]
