"""The command line: `metaad fit my.csv -o model`, `metaad score model new.csv`, ...

| module | does |
| --- | --- |
| app | all commands; base is the door they share |
| for_tables, for_lessons | the commands, their options and their help |
| told | what went wrong, as one sentence and an exit code |
| doctor | what is installed, where data lies |
| tables | fit, score, explain |
| lessons | run: a lesson by its number, with papermill |
| findings, page | report: this machine's findings against the record, as text and HTML |
| sweep | sweep: one lesson at many parameters |

The first three need typer. Exit codes: 0 done, 2 a command, a file or a value that can't be
used, 1 everything else.
"""
