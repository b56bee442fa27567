"""Return visits: calling on customers again, by the bot and by agents, at the right moment."""

from handlers.visits import absence, asking, due, lists, planning, recurring, spoken, tasks

__all__ = ["absence", "asking", "due", "lists", "planning", "recurring", "spoken", "tasks"]
