"""Recorded experiments, one module each.

| room | asks about |
| --- | --- |
| images | one-class and few-shot detection on images, and networks for it |
| tables | what is learned from tables, few or hundreds |
| streams | streams whose normal class changes |
| text | rare entities in text |
| practice | false-alarm rates, planted anomalies, fields of work |
| lessons | what single lessons measure and show, kept out of their cells |

    python -m metaad.experiments
        list them: what each asks, its record, its minutes
    python -m metaad.experiments NAME --help
        the steps and options of one
    python -m metaad.experiments NAME [options]
        run it

A record lies in data/results/ and holds the command that makes it again. A module here
has `main(argv=None)`, `parser()`, and a first sentence that says what it asks. To add
one, put it in a room, add its name below, and write its record with
`metaad.experiments.record.write`."""

# room -> experiment -> the record that it writes, data/results/<record>.json
ROOMS = {
    "images": {
        "adversarial_meta": "adversarial_meta",
        "architecture": "15_architecture_search",
        "autoencoder_maml": "autoencoder_maml",
        "few_shot_control": "few_shot_control",
        "few_shot_head": "few_shot_head",
        "made_up_classes": "made_up_classes",
        "mt_mnist": "mt_mnist",
        "mt_mnist_report": "mt_mnist",
        "one_class_gans": "one_class_gans",
        "one_class_mnist": "one_class_mnist",
        "robustness": "robustness",
    },
    "practice": {
        "applications": "applications",
        "conformal_rates": "conformal_rates",
        "planted_anomalies": "planted_anomalies",
    },
    "streams": {
        "drift": "drift",
    },
    "tables": {
        "do_no_harm": "do_no_harm",
        "few_labels": "few_labels",
        "many_table_context": "many_table_context",
        "many_table_context_choice": "many_table_context_choice",
        "many_table_context_blend": "many_table_context_blend",
        "many_table_context_twice": "many_table_context_twice",
        "many_table_context_labels": "many_table_context_labels",
        "many_table_labels": "many_table_labels",
        "many_table_forest": "many_table_forest",
        "many_table_tuning": "many_table_tuning",
        "many_table_rewards": "many_table_rewards",
        "policy_gradients": "13_policy_gradients",
        "tuning": "tuning",
    },
    "text": {
        "rare_entities": "rare_entities",
    },
}
RECORDS = {n: kept for room in ROOMS.values() for n, kept in room.items()}


def module(name):
    """Return the dotted name of an experiment's module: a room, and in it the name."""
    (room,) = (r for r, names in ROOMS.items() if name in names)
    return f"metaad.experiments.{room}.{name}"
