# SPDX-License-Identifier: Apache-2.0
"""Programs of the tree whose names do not end in .py, as Python imports others."""

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

from .paths import TREE


def load_program(name, path):
    """What the program at `path` defines, imported by that name."""
    loader = SourceFileLoader(name, str(TREE / path))
    sys.modules[name] = found = module_from_spec(spec_from_loader(name, loader))
    loader.exec_module(found)
    return found
