"""How long every KPI about active people takes, beside other ways to the same numbers and the least that is possible.

`python -m bench activity --folder FOLDER [--events 5M]` makes the data in the folder, once; measures each piece of work
at least three times, always in a process of its own; refuses a time whose answer is not equal; and prints a table in
Markdown, with what was asked of Headway beside what was measured.
"""
