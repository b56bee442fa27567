"""What has happened, for others to act on: a use case notes it once, the timeline keeps what is about a case, and
what follows stands in one list, `AFTER`.

Stems would import each other in circles otherwise (resolving plans a visit, a visit opens a case). What follows
runs in the same unit of work, after the use case, in the order of the list. Facts of a case name their kind of
event; those of its details that the timeline keeps are in `models/timeline.py`.
"""
