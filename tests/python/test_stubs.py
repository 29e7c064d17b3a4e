"""The stubs say what the compiled module has."""

import ast
import pathlib

from skeleta import _core

STUBS = pathlib.Path(__file__).parents[2] / "apps/python/skeleta/_core.pyi"


def public(names):
    return {name for name in names if not name.startswith("_")}


def test_names():
    tree = ast.parse(STUBS.read_text())
    declared = {node.name: node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    constants = {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    assert public(dir(_core)) == public(declared) | constants
    for name, node in declared.items():
        if isinstance(node, ast.ClassDef):
            members = {child.name for child in node.body if isinstance(child, ast.FunctionDef)}
            assert public(vars(getattr(_core, name))) == public(members), name
