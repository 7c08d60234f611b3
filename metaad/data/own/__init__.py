"""The reader's own table: from a file to numbers, and the same for rows that come later.

| module | does |
| --- | --- |
| file | `read_frame`, `read_chunks` |
| opening | bytes of a file, unpacked as they are read |
| dialect | encoding, separator, decimal sign and names of a text file |
| reading | frames out of text and parquet files, whole or piece by piece |
| arrays | .npz archives, whose sizes are checked before memory is asked for |
| labels | labels as 1, 0 and -1 |
| cells | cells as text, and numbers and dates in text |
| kinds | what a column is: number, date, category, text, or nothing to learn from |
| encode | one column as numbers, and the plain data that does it again |
| words, filled | the same for words, and for gaps |
| stored | what was learned, checked when it comes out of a file |
| examples | made tables as people have them |
| table | what `load` makes of a path |
| preparation | `Preparation`: all columns, fitted on some rows, used on others |
"""
