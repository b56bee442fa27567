"""From a file to rows of text: CSV in any usual encoding and delimiter, or the first sheet of an XLSX."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from models.importing.columns import REQUIRED, BadFile, BadRow, What, columns
from models.plan import Plan

DELIMITERS = ",;\t"


def size(path: Path) -> int:
    """About how many rows the file has, for the progress bar; raises BadFile."""
    try:
        with path.open("rb") as file:
            if path.suffix.lower() == ".xlsx":
                return 0
            return max(0, sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1)
    except OSError as error:
        raise BadFile(f"cannot be read: {error.strerror}") from error


def rows(path: Path, what: What, plan: Plan) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    """Each row by its number in the file and its filled cells by our names; raises BadFile.

    The first, row 1, is the heading. The plan's own fields are named "field:ID".
    """
    read = _xlsx if path.suffix.lower() == ".xlsx" else _csv
    with read(path) as lines:
        heading = next(lines, None)
        if heading is None:
            raise BadFile("the file is empty")
        keys = _keys(heading, what, plan)
        yield 1, {key: name.strip() for key, name in zip(keys, heading, strict=True) if key}
        for number, line in enumerate(lines, 2):
            cells = [cell.strip() for cell in line]
            if not any(cells):
                continue
            if any(cells[len(keys) :]):
                yield number, BadRow(f"{len(cells)} cells, expected at most {len(keys)} as in the heading")
                continue
            yield number, {key: cell for key, cell in zip(keys, cells, strict=False) if key and cell}


def _keys(heading: list[str], what: What, plan: Plan) -> list[str | None]:
    known = {_plain(name): key for key, names in columns()[what].items() for name in names}
    if what == "customers":
        known |= {_plain(name): f"field:{each.id}" for each in plan.field for name in (each.id, *each.name.values())}
    keys = [known.get(_plain(name)) for name in heading]
    unknown = [name.strip() for name, key in zip(heading, keys, strict=True) if key is None and name.strip()]
    if unknown:
        raise BadFile(f"unknown columns: {', '.join(unknown)} (see huifang import {what} --help)")
    missing = [key for key in REQUIRED[what] if key not in keys]
    if missing:
        raise BadFile(f"missing columns: {', '.join(missing)} (see huifang import {what} --help)")
    twice = {key for key in keys if key and keys.count(key) > 1}
    if twice:
        raise BadFile(f"columns that stand twice: {', '.join(sorted(twice))}")
    return keys


def _plain(name: str) -> str:
    return "".join(name.replace("_", " ").casefold().split())


@contextmanager
def _csv(path: Path) -> Iterator[Iterator[list[str]]]:
    try:
        encoding = _encoding(path)
        with path.open(encoding=encoding, newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(DELIMITERS, key=first.count)
            yield _lines(csv.reader(file, delimiter=delimiter, strict=True))
    except OSError as error:
        raise BadFile(f"cannot be read: {error.strerror}") from error


def _lines(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise BadFile(f"row {getattr(reader, 'line_num', '?')}: {error}") from error


def _encoding(path: Path) -> str:
    """UTF-8, with or without a mark, UTF-16 with one, else GB 18030; raises BadFile for what is none of them."""
    with path.open("rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding, newline="") as text:
                while text.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise BadFile("the text is neither UTF-8 nor GB 18030")


@contextmanager
def _xlsx(path: Path) -> Iterator[Iterator[list[str]]]:
    from openpyxl import load_workbook  # a third of a second, which nobody else should wait for
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (OSError, BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise BadFile("this is no XLSX file that can be read") from error
    try:
        sheet = book.worksheets[0]
        yield ([_cell(value) for value in line] for line in sheet.iter_rows(values_only=True))
    finally:
        book.close()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, float):  # a number that somebody typed: 13800138000.0, 1234.5
        return str(int(value)) if value.is_integer() else repr(round(value, 6))
    return str(value)
