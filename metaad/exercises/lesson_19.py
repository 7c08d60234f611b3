"""Exercises of lesson 19: rare entities in text."""

from metaad.exercises import rare_words as more
from metaad.exercises import tagged_text as of
from metaad.exercises.core import Exercise, Wrong

EXERCISES = (
    Exercise(
        "19.1",
        of.name_begins,
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
                of.wraps_round,
                "Before the first token stands nothing; tags[i - 1] is the last token "
                "there, since tags[-1] is.",
            ),
            Wrong(
                of.touching_joined,
                "You lost the B- that parts two names of one kind: B- always begins.",
            ),
            Wrong(of.b_alone, "In IOB1 an I- begins a name where none goes on."),
            Wrong(
                of.compares_marks_too,
                "Compare the kinds, not the whole tags: I- after B- of its kind goes on.",
            ),
        ),
        praise=(
            "The kind and the tag before decide everything. That is also how the scorer "
            "reads both schemes without being told which one it has."
        ),
        hint="B- begins; I- begins after O, at the start, and after another kind.",
        edges=of.IOB1_EDGES,
    ),
    Exercise(
        "19.2",
        of.name_f1,
        of.names,
        wrong=(
            Wrong(
                of.no_names_at_all,
                "Right, but a part without any name divides by 0: return 0 there.",
            ),
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
        more.others_alike,
        more.some_tokens,
        wrong=(
            Wrong(
                more.with_itself,
                "Each token counts itself. In train the rarest has 1 and in test 0, so a "
                "model learns from a number that it never meets again.",
            ),
            Wrong(more.as_written, "The and the are one word: count in small letters."),
            Wrong(more.those_before, "Those that come after it count as well."),
            Wrong(more.share_of_all, "Return the number, not a share."),
            Wrong(more.seen_or_not, "How many others, not whether there are any."),
            Wrong(more.as_logarithm, "Return the plain number, without a logarithm."),
        ),
        praise=(
            "Now a word that comes once in train looks as new as an unseen word of test. "
            "Features that count their own row leak."
        ),
        hint="Count in small letters, and take one off.",
        edges=more.TOKEN_EDGES,
    ),
    Exercise(
        "19.4",
        more.name_numbers,
        more.flagged_tokens,
        wrong=(
            Wrong(more.across_sentences, "A name can't go on into the next sentence."),
            Wrong(more.one_token_each, "Neighbours that are flagged are one name."),
            Wrong(
                more.one_per_sentence,
                "A sentence may hold two names with other tokens between them.",
            ),
            Wrong(
                more.new_in_each_sentence,
                "Count on from one sentence to the next; do not begin at 1 again.",
            ),
            Wrong(more.from_zero, "Count from 1; 0 is for tokens of no name."),
            Wrong(more.begins_alone, "All tokens of a name get its number."),
        ),
        praise="A detector of tokens is now a finder of names, and can be scored as one.",
        hint="Walk along; count up where a flag does not go on from the token before.",
        edges=more.FLAG_EDGES,
    ),
    Exercise(
        "19.5",
        more.honest_figure,
        more.two_parts,
        wrong=(
            Wrong(
                more.best_on_test,
                "The best of many on test is chosen by test. It is too high.",
            ),
            Wrong(
                more.best_on_dev,
                "Dev has chosen the method, so its figure there is too high.",
            ),
            Wrong(more.mean_of_test, "Nobody uses the mean of all methods."),
            Wrong(
                more.which_one, "That is the number of the method; return its figure."
            ),
            Wrong(
                more.best_of_both, "Test has a say in the choice: choose by dev alone."
            ),
            Wrong(more.mean_of_parts, "The dev half of that mean is too high."),
            Wrong(more.worst_on_dev, "You took the worst on dev."),
        ),
        praise="Dev chooses, test speaks once.",
        hint="Find the best method on dev; return what it has on test.",
        edges=more.PART_EDGES,
        draws=8,
    ),
)
