"""What runs: the process, its settings, its ways to and from Telegram, and its commands."""

import os

# Before the library is imported anywhere: durations are timedelta, as they will be in its next version.
os.environ.setdefault("PTB_TIMEDELTA", "1")

__version__ = "0.1.0"
