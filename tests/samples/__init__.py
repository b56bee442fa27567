"""Values with which the test of the templates renders each stem's messages, where plain text will not do.

A module is named like its stem and has CHOICES: a variable, or "message.variable", to the values to try; a function
among them is given a hostile text. Every module of this package is found by itself.
"""

import importlib
import pkgutil
from typing import Any

STEMS: dict[str, dict[str, list[Any]]] = {
    module.name: importlib.import_module(f"tests.samples.{module.name}").CHOICES
    for module in pkgutil.iter_modules(__path__)
}
