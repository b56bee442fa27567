"""The measure of all others: the echo bot of python-telegram-bot as its users write it, nothing tuned.

Usage: python -m tests.bench.echo URL TOKEN
"""

import sys
from typing import Any

from telegram import Update
from telegram.ext import ApplicationBuilder, ContextTypes, MessageHandler, filters


async def _echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    assert update.message.text is not None
    await update.message.reply_text(update.message.text)


async def _say_ready(_application: Any) -> None:
    print("ready", flush=True)


def main() -> None:
    url, token = sys.argv[1:]
    application = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{url}/bot")
        .concurrent_updates(False)
        .post_init(_say_ready)
        .build()
    )
    application.add_handler(MessageHandler(filters.TEXT, _echo))
    application.run_polling()


if __name__ == "__main__":
    main()
