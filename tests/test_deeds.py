"""What CONTRIBUTING says of doors and use cases is so."""

from pathlib import Path

from tests.deeds import doors_of, modules, name_of, use_cases_of

START, END = "<!-- deeds -->\n", "<!-- /deeds -->"
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
