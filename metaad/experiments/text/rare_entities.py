"""Are names in text anomalies, and what do ten mentions of a new kind of name buy?

    python -m metaad.experiments rare_entities
        WNUT-17 whole: train of 3,394 sentences, test of 1,287, six kinds of names
    python -m metaad.experiments rare_entities --seeds 0 1 2 --draws 3
        the same, said out loud

Detectors that see no tag, one column alone and logistic regression with tags judge every
token of the test part; a tagger answers the tags themselves; each kind in turn is new and
comes with ten mentions. Nothing was tuned: every method has its defaults, and the test
part was looked at for what is recorded alone. Intervals are over test sentences."""

import time

import numpy as np

from metaad import data
from metaad.experiments import record
from metaad.experiments.text import new_kind, rare_tables, rare_tokens
from metaad.scores import by_sentence as by
from metaad.scores.tags import entity_report

NAME = "rare_entities"
SEEDS, DRAWS, RESAMPLES = (0, 1, 2), 3, 500
NUMBERS = (5, 10, 20, 50, 100, 200, 500, 1000)
LABELS = "logistic regression, with labels"


def detection(corpus, counts, seed=0):
    """Measure detectors without labels and the classifier with them.

    Returns ({method: {figure: Interval}}, {method: AP of the sample and its resamples})."""
    scores = rare_tokens.without_labels(corpus, seed)
    scores[LABELS] = rare_tokens.with_labels(corpus)
    test = corpus.test
    precision = {
        name: by.precision_redrawn(test.y, s, test.sentence, counts)
        for name, s in scores.items()
    }
    found = {n: rare_tokens.measured(corpus, s, counts) for n, s in scores.items()}
    return found, precision


def differences(precision):
    """Compare average precisions, sentence by sentence: dict name -> Interval."""
    capital, rare = (precision[name] for name in rare_tokens.SINGLE)
    trained = [precision[n] for n in rare_tokens.UNLABELLED]
    best = max(trained, key=lambda values: values[0])
    forest = precision["Isolation Forest"]
    return {
        "Isolation Forest minus the rarity column alone": by.interval(forest - rare),
        "the best detector without labels minus a capital inside": by.interval(
            best - capital
        ),
        "logistic regression minus the best single column": by.interval(
            precision[LABELS] - np.maximum(capital, rare)
        ),
    }


def labels_curve(corpus, counts, numbers=NUMBERS, draws=5, seed=0):
    """Return AP after so many labelled sentences, the mean over draws, and its resamples:
    {number: float64 (1 + resamples,)}.
    """
    test, found = corpus.test, {}
    for n, scores in rare_tokens.by_labelled(corpus, numbers, draws, seed).items():
        each = [by.precision_redrawn(test.y, s, test.sentence, counts) for s in scores]
        found[n] = np.mean(each, axis=0)
    return found


def tagging(corpus, counts, answered):
    """Measure a tagger with kinds in every way the lesson speaks of: a dict.

    answered : what `rare_tokens.tagger` returns."""
    test, (answers, probabilities) = corpus.test, answered
    seen = rare_tables.words_in_names(corpus.train)
    old, new = rare_tables.recall_redrawn(test, answers, seen, counts)
    empty = rare_tables.always_o(test)
    return {
        "tagger": rare_tokens.tag_scores(test, answers, counts),
        "always O": rare_tokens.tag_scores(test, empty, counts),
        "strict": rare_tables.strict_f1(test.tags, answers),
        "by tag": rare_tables.by_tag(test, answers, probabilities),
        "by kind": {str(k): v for k, v in entity_report(test.tags, answers).items()},
        "recall": {
            "known": by.interval(old),
            "new": by.interval(new),
            "known minus new": by.interval(old - new),
        },
    }


def new_kinds(
    corpus, counts, seeds=SEEDS, draws=DRAWS, steps=new_kind.STEPS, kinds=None
):
    """Take each kind for new, several times over: dict of figures, differences, kinds."""
    means, each, ranked = [], [], []
    for seed in seeds:
        scores = new_kind.over_kinds(corpus, kinds, draws, seed, steps)
        mean, kind = new_kind.precisions(corpus.test, scores, counts)
        auroc = new_kind.precisions(corpus.test, scores, counts, by.auroc_redrawn)[0]
        means, each, ranked = [*means, mean], [*each, kind], [*ranked, auroc]
    ap, auroc = (
        {m: np.mean([s[m] for s in all_], axis=0) for m in all_[0]}
        for all_ in (means, ranked)
    )
    maml = ap[new_kind.EPISODES[1]]
    return {
        "ap": {m: by.interval(v) for m, v in ap.items()},
        "auroc": {m: by.interval(v) for m, v in auroc.items()},
        "MAML minus": {
            m: by.interval(maml - v) for m, v in ap.items() if m != new_kind.EPISODES[1]
        },
        "by kind": {
            kind: {m: float(np.mean([s[kind][m][0] for s in each])) for m in ap}
            for kind in each[0]
        },
    }


def plain(content):
    """Turn intervals into [value, low, high], arrays and the like into lists, rounded to
    four digits, as JSON holds them.
    """
    if isinstance(content, dict):
        return {str(k): plain(v) for k, v in content.items()}
    if hasattr(content, "low"):
        return [round(float(v), 4) for v in content[:3]]
    if isinstance(content, (list, tuple)):
        return [plain(v) for v in content]
    if isinstance(content, (float, np.floating)):
        return round(float(content), 4) if np.isfinite(content) else None
    return int(content) if isinstance(content, np.integer) else content


def measured(text, seeds=SEEDS, draws=DRAWS, resamples=RESAMPLES, steps=new_kind.STEPS):
    """Measure everything on a `data.Text`: a dict as JSON holds it."""
    corpus = rare_tokens.described(text)
    counts = by.redrawn(len(text.test), resamples)
    found, precision = detection(corpus, counts)
    curve = labels_curve(corpus, counts)
    sizes = {
        "sentences": [len(text.train), len(text.test)],
        "tokens": [len(corpus.train.y), len(corpus.test.y)],
        "share of tokens in names": [corpus.train.y.mean(), corpus.test.y.mean()],
    }
    return plain(
        {
            "sizes": sizes,
            "detection": found,
            "differences": differences(precision),
            "labelled sentences": {n: by.interval(v) for n, v in curve.items()},
            "tags": tagging(corpus, counts, rare_tokens.tagger(corpus, strings=True)),
            **(
                {"new kind": new_kinds(corpus, counts, seeds, draws, steps)}
                if draws
                else {}
            ),
            "settings": {"seeds": list(seeds), "draws": draws, "steps": steps},
        }
    )


def parser():
    """Return the parser of the command line."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument(
        "--seeds", type=int, nargs="+", default=list(SEEDS), help="of the new kinds"
    )
    found.add_argument(
        "--draws",
        type=int,
        default=DRAWS,
        help="times ten mentions per kind and seed; 0 leaves new kinds out",
    )
    return found


def main(argv=None):
    """Measure WNUT-17 and write data/results/rare_entities.json."""
    asked, began = parser().parse_args(argv), time.process_time()
    content = {"wnut17": measured(data.load("wnut17"), asked.seeds, asked.draws)}
    words = record.options(seeds=asked.seeds, draws=asked.draws)
    seconds = time.process_time() - began
    path = record.write(NAME, content, [record.command(NAME, *words)], seconds=seconds)
    print(path.name)
