"""Names as the rare class among tokens: detectors without labels, one column alone, and a
plain classifier with labels, all on the same description.
"""

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from metaad.detectors import (
    IsolationForest,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
    anomaly_score,
)
from metaad.metrics import best_first
from metaad.scores import CharacterModel, ContextModel
from metaad.scores import by_sentence as by
from metaad.scores.tags import entity_counts
from metaad.tasks.tokens import TokenFeatures, words

ROWS = 3000  # tokens that the neighbours are sought among
SINGLE = ("a capital inside the sentence", "rare word")
UNLABELLED = (
    "odd letters",
    "odd after the word before",
    "Isolation Forest",
    "kNN",
    "PCA",
    "Mahalanobis",
)


class Part(NamedTuple):
    """Sentences as a table of tokens.

    X : float64 (n, d), scaled by train. y : int (n,), 1 for a token of a name.
    sentence : int (n,). sentences : lists of (token, tag).
    """

    X: np.ndarray
    y: np.ndarray
    sentence: np.ndarray
    sentences: list

    @property
    def tags(self):
        """Tags, a list of str for each sentence."""
        return [[tag for _, tag in s] for s in self.sentences]


class Corpus(NamedTuple):
    """Train and test as tables, and the features that made them."""

    train: Part
    test: Part
    features: TokenFeatures
    name: str


def described(text):
    """Describe the tokens of a `data.Text`: Corpus. Means and deviations of train scale
    both parts.
    """
    features = TokenFeatures()
    X, new = features.fit_transform(text.train), features.transform(text.test)
    mean, spread = X.mean(axis=0), X.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    parts = [
        _part((rows - mean) / spread, sentences)
        for rows, sentences in ((X, text.train), (new, text.test))
    ]
    return Corpus(*parts, features, text.name)


def _part(X, sentences):
    tags = [tag for s in sentences for _, tag in s]
    y = np.array([tag != "O" for tag in tags], dtype=np.int64)
    return Part(
        X, y, np.repeat(np.arange(len(sentences)), [*map(len, sentences)]), sentences
    )


def without_labels(corpus, seed=0):
    """Score the test tokens without any tag: {method: float64 (n,)}, large = odd.

    The first two are single columns; models of letters and of words read the tokens;
    the rest are detectors on the plain numbers, fitted to all of train, kNN to a random
    3,000 tokens of it."""
    train, test, features = corpus.train, corpus.test, corpus.features
    at = features.columns_.index
    told, new = words(train.sentences), words(test.sentences)
    low = [[w.lower() for s in part for w in s] for part in (told, new)]
    X, Z = features.plain(train.X), features.plain(test.X)
    some = np.random.default_rng(seed).permutation(len(X))[:ROWS]
    return {
        SINGLE[0]: Z[:, at("capital_inside")],
        SINGLE[1]: Z[:, at("rare")],
        "odd letters": CharacterModel().fit(low[0]).surprise(low[1]),
        "odd after the word before": ContextModel().fit(told).surprise(new),
        "Isolation Forest": anomaly_score(IsolationForest(random_state=seed).fit(X), Z),
        "kNN": anomaly_score(KNNDetector().fit(X[some]), Z),
        "PCA": anomaly_score(PCADetector().fit(X), Z),
        "Mahalanobis": anomaly_score(MahalanobisDetector().fit(X), Z),
    }


def classifier(X, y, C=1.0):
    """Fit the plain logistic regression that every claim here is measured against."""
    return LogisticRegression(C=C, max_iter=1000).fit(X, y)


def with_labels(corpus):
    """Score the test tokens by logistic regression on the tags of train, the same
    columns: float64 (n,), large = of a name.
    """
    train = corpus.train
    return classifier(train.X, train.y).decision_function(corpus.test.X)


def by_labelled(corpus, numbers, draws=5, seed=0):
    """Return the average precision of logistic regression on so many labelled
    sentences: {number: float64 (draws,)}. Sentences are drawn again where they hold no
    name.
    """
    rng, train, test = np.random.default_rng(seed), corpus.train, corpus.test
    found = {}
    for number in numbers:
        found[number] = []
        while len(found[number]) < draws:
            chosen = rng.permutation(len(train.sentences))[:number]
            rows = np.isin(train.sentence, chosen)
            if train.y[rows].any():
                model = classifier(train.X[rows], train.y[rows])
                found[number].append(model.decision_function(test.X))
    return found


def tagger(corpus, strings=False):
    """Fit logistic regression to the tags themselves; return (tags, probabilities).

    strings : use the hashed strings of each token instead of its columns.

    Returns the test sentences' tags, lists of str, and {tag: float64 (n,)}, the
    probability of each tag that train has."""
    train, test, features = corpus.train, corpus.test, corpus.features
    X, new = train.X, test.X
    if strings:
        X, new = (features.strings(p.sentences) for p in (train, test))
    model = classifier(X, np.array([t for s in train.tags for t in s]))
    P = model.predict_proba(new)
    best = model.classes_[P.argmax(axis=1)]
    return in_sentences(best.tolist(), test), dict(
        zip(model.classes_, P.T, strict=True)
    )


def in_sentences(flat, part):
    """Cut a flat list of one entry per token into sentences."""
    ends = np.cumsum([0, *map(len, part.sentences)])
    return [flat[a:b] for a, b in zip(ends, ends[1:], strict=False)]


def flagged(scores, share):
    """Flag the given share of tokens, the highest scores: bool (n,)."""
    found = np.zeros(len(scores), dtype=bool)
    found[best_first(scores)[: round(share * len(scores))]] = True
    return found


def as_names(flags, part):
    """Turn flags (n,) into tags of one kind: neighbours that are flagged are one name."""
    return [
        ["I-NAME" if flag else "O" for flag in s]
        for s in in_sentences(flags.tolist(), part)
    ]


def one_kind(part):
    """Return the true tags without their kinds."""
    return [["O" if t == "O" else f"{t[0]}-NAME" for t in s] for s in part.tags]


def measured(corpus, scores, counts, share=None):
    """Measure scores as a detector and as a tagger of names without kinds.

    scores : float64 (n,). counts : of `by.redrawn`. share : of tokens to flag; None
    takes the share of names in train, the one number about tags that all are told.

    Returns a dict of Interval: auroc, ap, micro (F1 over tokens, O counted), names (F1
    over tokens, O left out), entity."""
    test = corpus.test
    share = corpus.train.y.mean() if share is None else share
    flags = flagged(scores, share)
    answers, true = as_names(flags, test), one_kind(test)
    where = test.y, scores, test.sentence, counts
    found = {
        "auroc": by.auroc_redrawn(*where),
        "ap": by.precision_redrawn(*where),
        "micro": by.f1_redrawn(_tokens(flags == (test.y == 1), test), counts),
        "names": by.f1_redrawn(_hits(flags, test), counts),
        "entity": by.f1_redrawn(entity_counts(true, answers), counts),
    }
    return {name: by.interval(values) for name, values in found.items()}


def _tokens(right, part):
    """Counts (sentences, 3) where every token is answered and there once."""
    one = np.ones(len(right))
    return _summed(np.stack([right, one, one], axis=1), part)


def _hits(flags, part):
    odd = part.y == 1
    return _summed(np.stack([flags & odd, flags, odd], axis=1), part)


def _summed(rows, part):
    found = np.zeros((len(part.sentences), rows.shape[1]))
    np.add.at(found, part.sentence, rows)
    return found


def tag_scores(part, answers, counts):
    """Measure answers (lists of tags, kinds and all) in three ways: dict of Interval, F1
    over tokens with O, without O, and of entities.
    """
    true, given = ([t for s in tags for t in s] for tags in (part.tags, answers))
    same = np.array([a == b for a, b in zip(true, given, strict=True)])
    there, found = (np.array([t != "O" for t in tags]) for tags in (true, given))
    inside = _summed(np.stack([same & there, found, there], axis=1), part)
    counted = {
        "micro": _tokens(same, part),
        "names": inside,
        "entity": entity_counts(part.tags, answers),
    }
    return {n: by.interval(by.f1_redrawn(c, counts)) for n, c in counted.items()}
