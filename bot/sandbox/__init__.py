"""Telegram on loopback: a Bot API server for tests, the demo and benchmarks.

It runs as a process of its own (`python -m bot.sandbox`), keeps everything in memory and
imports nothing of the bot; the bot imports nothing of it. README.md tells how to use it.
"""
