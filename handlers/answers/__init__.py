"""What staff write to customers and to each other in a topic, and what becomes of it."""

from handlers.answers.answering import Went, answer, decide, keep_note
from handlers.answers.changing import change, recall

__all__ = ["Went", "answer", "change", "decide", "keep_note", "recall"]
