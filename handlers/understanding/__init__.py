"""What words are for: a customer's, and an agent's."""

from handlers.understanding.suggesting import Suggestion, suggest

__all__ = ["Suggestion", "suggest"]
