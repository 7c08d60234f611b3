"""The command line: `metaad fit my.csv -o model`, `metaad score model new.csv`, ..."""
