"""Who is drawn for a survey: always the same for the same period, and as many of each stratum as the share says."""

from hashlib import sha256

#: A share is so many of this.
SHARES = 10_000


def salt_of(*parts: object) -> int:
    """A number below SHARES that is always the same for the same words: where the counting of a stratum begins."""
    return int.from_bytes(sha256(":".join(map(str, parts)).encode()).digest()[:4], "big") % SHARES


def drawn(position: int, share: int, salt: int) -> bool:
    """Whether the customer at that place of the stratum (from 1) is drawn: every so many, beginning by the salt.

    Of any n that follow each other, n * share / SHARES are, rounded up or down.
    """
    return (position * share + salt) % SHARES < share


def drawn_case(case_id: int, episode: int, share: int) -> bool:
    """Whether a case is drawn, the time that it was resolved."""
    return salt_of("case", case_id, episode) < share
