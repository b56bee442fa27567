"""What has happened, for others to act on: a use case notes it once, and what follows stands in one list, `AFTER`.

Stems would import each other in circles otherwise (resolving plans a visit, a visit opens a case). What follows
runs in the same unit of work, after the use case, in the order of the list. Facts of a case name their kind of
event and are kept by its timeline as well; what is only to be kept is no class here (`remember` in
`models/timeline.py`).
"""
