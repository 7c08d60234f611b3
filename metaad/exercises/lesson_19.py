"""Exercises of lesson 19: rare entities in text."""

from metaad.exercises import tagged_text as of
from metaad.exercises.core import Exercise, Wrong

EXERCISES = (
    Exercise(
        "19.1",
        of.to_iob2,
        of.iob1,
        wrong=(
            Wrong(of.every_begins, "Now each token is a name of its own."),
            Wrong(
                of.after_o_alone,
                "A place right after a person begins too, with no O between: compare "
                "the kinds.",
            ),
            Wrong(
                of.not_the_first,
                "Nothing stands before the first token, so an I- there begins a name.",
            ),
            Wrong(
                of.touching_joined,
                "You lost the B- that parts two names of one kind. Keep a B- as it is.",
            ),
            Wrong(of.nothing_to_do, "An I- that begins a name has to become a B-."),
            Wrong(
                of.compares_marks_too,
                "Compare the kinds, not the whole tags: I- after B- of its kind goes on.",
            ),
        ),
        praise=(
            "The kind and the tag before decide everything. That is also how the scorer "
            "reads both schemes without being told which one it has."
        ),
        hint="I- begins a name after O, at the start, and after another kind; B- stays.",
        edges=of.IOB1_EDGES,
    ),
    Exercise(
        "19.2",
        of.name_f1,
        of.names,
        wrong=(
            Wrong(
                of.starts_alone, "Half a name is no name: its end must be right too."
            ),
            Wrong(
                of.kinds_left_out, "A person called a place is wrong. Compare kinds."
            ),
            Wrong(
                of.overlap_is_enough,
                "That gives credit for touching a name. The shared task gives none.",
            ),
            Wrong(of.jaccard, "That is hits over the union; F1 counts hits twice."),
            Wrong(
                of.precision_alone, "That is precision. Names that were missed count."
            ),
            Wrong(of.recall_alone, "That is recall. Names that are not there count."),
            Wrong(
                of.plain_mean,
                "F1 is the harmonic mean of precision and recall, not the plain one.",
            ),
        ),
        praise="A set's own & does it: start, end and kind agree, or nothing does.",
        hint="hits = len(true & given), and F1 = 2 hits / (those given + those there).",
        edges=of.NAME_EDGES,
    ),
    Exercise(
        "19.3",
        of.others_alike,
        of.some_tokens,
        wrong=(
            Wrong(
                of.with_itself,
                "Each token counts itself. In train the rarest has 1 and in test 0, so a "
                "model learns from a number that it never meets again.",
            ),
            Wrong(of.as_written, "The and the are one word: count in small letters."),
            Wrong(of.those_before, "Those that come after it count as well."),
            Wrong(of.share_of_all, "Return the number, not a share."),
            Wrong(of.seen_or_not, "How many others, not whether there are any."),
            Wrong(of.as_logarithm, "Return the plain number, without a logarithm."),
        ),
        praise=(
            "Now a word that comes once in train looks as new as an unseen word of test. "
            "Features that count their own row leak."
        ),
        hint="Count in small letters, and take one off.",
        edges=of.TOKEN_EDGES,
    ),
    Exercise(
        "19.4",
        of.runs,
        of.flagged_tokens,
        wrong=(
            Wrong(of.across_sentences, "A name can't go on into the next sentence."),
            Wrong(of.one_token_each, "Neighbours that are flagged are one name."),
            Wrong(of.last_included, "The end is exclusive: one after the last token."),
            Wrong(of.last_run_lost, "A run that reaches the last token is lost."),
            Wrong(of.starts_only, "Return (start, end) for each run."),
            Wrong(
                of.one_per_sentence,
                "A sentence may hold two names with other tokens between them.",
            ),
        ),
        praise="A detector of tokens is now a finder of names, and can be scored as one.",
        hint="Walk along; a run ends where a flag is off or a sentence begins.",
        edges=of.FLAG_EDGES,
    ),
    Exercise(
        "19.5",
        of.honest_figure,
        of.two_parts,
        wrong=(
            Wrong(
                of.best_on_test,
                "The best of many on test is chosen by test. It is too high.",
            ),
            Wrong(
                of.best_on_dev,
                "Dev has chosen the method, so its figure there is too high.",
            ),
            Wrong(of.mean_of_test, "Nobody uses the mean of all methods."),
            Wrong(of.which_one, "That is the number of the method; return its figure."),
            Wrong(
                of.best_of_both, "Test has a say in the choice: choose by dev alone."
            ),
            Wrong(of.mean_of_parts, "The dev half of that mean is too high."),
            Wrong(of.worst_on_dev, "You took the worst on dev."),
        ),
        praise="Dev chooses, test speaks once.",
        hint="Find the best method on dev; return what it has on test.",
        edges=of.PART_EDGES,
        draws=8,
    ),
)
