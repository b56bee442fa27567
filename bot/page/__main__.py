"""python -m bot.page: the demo in a browser, until it is told to stop."""

import argparse
import asyncio

from bot.page import DEFAULT_PORT, serve_demo


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bot.page",
        description="Telegram in a browser: play a customer and staff against the real bot, without a network.",
        epilog="example: python -m bot.page --language zh",
    )
    parser.add_argument("--database-url", help="where to store everything (a throw-away SQLite file)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"port on loopback ({DEFAULT_PORT}; 0: any)")
    parser.add_argument("--language", choices=("zh", "en"), help="language of the shop and the page (the system's)")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    given = parser.parse_args()
    return asyncio.run(serve_demo(given.database_url, given.port, given.language, not given.no_browser))


if __name__ == "__main__":
    raise SystemExit(main())
