"""The chat: Telegram's doors to the use cases. What comes in passes `entrance`, where all doors stand in order."""
