"""What CONTRIBUTING says of doors and use cases is so."""

from pathlib import Path

from tests.authority import ASKED, DONE, TABLE
from tests.deeds import doors_of, modules, name_of, use_cases_of
from tests.scene import EVERYBODY

START, END = "<!-- deeds -->\n", "<!-- /deeds -->"
WHO_BEGINS, WHO_ENDS = "<!-- who may -->\n", "<!-- /who may -->"
CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"


def table() -> str:
    """The table of doors and use cases, from the code."""
    lines = ["| concept | doors | use cases |", "|---|---|---|"]
    for module in modules():
        doors = ", ".join(f"`{each}`" for each in doors_of().get(module, []))
        deeds = ", ".join(f"`{name_of(each)}`" for each in use_cases_of(module))
        if doors:
            lines.append(f"| {module.rpartition('.')[2]} | {doors} | {deeds} |")
    return "\n".join([*lines, ""])


def test_the_table_of_doors_and_use_cases_is_the_code() -> None:
    written = CONTRIBUTING.read_text("utf-8").partition(START)[2].partition(END)[0]
    assert written == table(), f"write between the marks in CONTRIBUTING.md:\n{table()}"


def matrix() -> str:
    """Who may do what, from the table by which `tests/test_authority.py` lets everybody do everything."""
    told = {DONE: "yes", ASKED: "asks"}
    lines = [f"| deed | {' | '.join(EVERYBODY)} |", "|---" * (len(EVERYBODY) + 1) + "|"]
    for way in TABLE:
        cells = [told.get(way.answer(who), "") for who in EVERYBODY]
        lines.append(f"| {way} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def test_s06_the_matrix_of_who_may_do_what_is_the_code() -> None:
    written = CONTRIBUTING.read_text("utf-8").partition(WHO_BEGINS)[2].partition(WHO_ENDS)[0]
    assert written == matrix(), f"write between the marks in CONTRIBUTING.md:\n{matrix()}"
