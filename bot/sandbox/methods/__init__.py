"""What the methods of the Bot API do here. A method takes (world, bot, params) and returns its result."""
