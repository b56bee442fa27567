"""A document of ours, in its simple Markdown, as a Word file.

It knows what our templates write: headings, paragraphs, **bold** words, numbered steps and tables.
"""

import re
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

#: Fonts for Latin and for Chinese letters, as every office program has them or replaces them well.
LATIN, HEADINGS, CHINESE, CHINESE_HEADINGS = "Calibri", "Calibri", "SimSun", "SimHei"
INK, SHADE = RGBColor(0x1F, 0x2D, 0x3D), "E8EDF3"


def write_docx(markdown: str, path: Path, language: str) -> None:
    """Write the document to a Word file; the first heading is its title. Raises OSError."""
    document = Document()
    _set_up(document, language)
    title, _, body = markdown.partition("\n")
    document.core_properties.title = document.core_properties.subject = title.removeprefix("# ")
    document.core_properties.author = ""
    _header(document, title.removeprefix("# "))
    document.add_paragraph(title.removeprefix("# "), style="Title").alignment = WD_ALIGN_PARAGRAPH.CENTER
    for block in re.split(r"\n{2,}", body.strip()):
        _block(document, block.splitlines())
    document.save(str(path))


def _block(document: Any, lines: list[str]) -> None:
    """A heading, a table, steps, or paragraphs; a heading may be followed by others without a blank line."""
    table = [line for line in lines if line.startswith("|")]
    if table:
        _table(document, [_cells(line) for line in table if not set(line) <= set("|- ")])
    for line in lines:
        if line.startswith("#"):
            marks, _, words = line.partition(" ")
            document.add_heading(words, level=len(marks) - 1)
        elif step := re.match(r"(\d+)\. (.*)", line):
            paragraph = document.add_paragraph()
            paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = Cm(0.8), Cm(-0.8)
            paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(0.8))
            _words(paragraph, f"{step[1]}.\t{step[2]}")
        elif not line.startswith("|"):
            _words(document.add_paragraph(), line)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _words(paragraph: Any, line: str) -> None:
    for number, part in enumerate(line.split("**")):
        if part:
            paragraph.add_run(part).bold = bool(number % 2)


def _table(document: Any, rows: list[list[str]]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    # A term and its meaning; wider tables share the width evenly.
    widths = (Cm(4.6), Cm(11.6)) if len(rows[0]) == 2 else (Cm(16.2 / len(rows[0])),) * len(rows[0])
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for number, cells in enumerate(rows):
        row = table.add_row()
        _set(row._tr.get_or_add_trPr(), "w:cantSplit")
        if number == 0:
            _set(row._tr.get_or_add_trPr(), "w:tblHeader")
        for cell, words, width in zip(row.cells, cells, widths, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(2)
            run = paragraph.add_run(words)
            run.font.size, run.bold = Pt(9.5), number == 0
            if number == 0:
                _set(cell._tc.get_or_add_tcPr(), "w:shd", val="clear", color="auto", fill=SHADE)
    document.add_paragraph().paragraph_format.space_after = Pt(2)


# -- how it looks


def _set_up(document: Any, language: str) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin, section.bottom_margin = Cm(2.4), Cm(2.2)
    styles = document.styles
    for name, size, latin, chinese in (
        ("Normal", 10.5, LATIN, CHINESE),
        ("Title", 22, HEADINGS, CHINESE_HEADINGS),
        ("Heading 1", 14, HEADINGS, CHINESE_HEADINGS),
        ("Heading 2", 12, HEADINGS, CHINESE_HEADINGS),
    ):
        style = styles[name]
        style.font.name, style.font.size, style.font.color.rgb = latin, Pt(size), INK
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:hAnsi"), latin)
        fonts.set(qn("w:eastAsia"), chinese)
        tag = "zh-CN" if language == "zh" else "en-US"
        _set(style.element.get_or_add_rPr(), "w:lang", val=tag, eastAsia="zh-CN")
    styles["Normal"].paragraph_format.space_after = Pt(6)
    styles["Normal"].paragraph_format.line_spacing = 1.25


def _header(document: Any, title: str) -> None:
    """The title above every page, and below it the page's number of all."""
    section = document.sections[0]
    above, below = section.header.paragraphs[0], section.footer.paragraphs[0]
    above.add_run(title).font.size = Pt(9)
    above.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for words in ("PAGE", " / ", "NUMPAGES"):
        run = below.add_run("" if words.isupper() else words)
        run.font.size = Pt(9)
        if words.isupper():
            for kind in ("begin", "end"):
                if kind == "end":
                    instruction = OxmlElement("w:instrText")
                    instruction.text = words
                    run._r.append(instruction)
                _set(run._r, "w:fldChar", fldCharType=kind)


def _set(parent: Any, tag: str, **values: str) -> None:
    element = OxmlElement(tag)
    for name, value in values.items():
        element.set(qn(f"w:{name}"), value)
    parent.append(element)
