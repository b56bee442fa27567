"""python -m models.migrations "what changes": write the migration that leads from the last one to the tables.

Alembic compares the tables in the code with those that the migrations make, in a database thrown away at once.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from models.migrations import configuration, head


def write(what_changes: str) -> None:
    """Write the next migration, named by its number and `what_changes`; it is to be read before it is used."""
    number = f"{int(head() or 0) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'huifang.db'}", poolclass=NullPool)
        with engine.begin() as connection:
            command.upgrade(configuration(connection), "head")
        with engine.begin() as connection:
            command.revision(configuration(connection), what_changes, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('Say what changes: make migration m="customers get a city"')
    write(sys.argv[1])
