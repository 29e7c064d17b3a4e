"""The stubs say what the compiled module has."""

import ast
import pathlib
import re

import pytest

from skeleta import _core

STUBS = pathlib.Path(__file__).parents[2] / "apps/python/skeleta/_core.pyi"
TREE = ast.parse(STUBS.read_text())


def public(names):
    return {name for name in names if not name.startswith("_")}


def parameters(words: str) -> list:
    """Of what pybind11 writes of a function: 'f(self: x, W: y, arg1: z) -> w'; '' where it has no name."""
    inside, depth = words[words.index("(") + 1:words.rindex(") ->")], 0
    text = ""
    for letter in inside:
        depth += (letter in "[(") - (letter in "])")
        text += letter if depth == 0 else ""
    return [re.sub(r"^arg\d+$", "", part.split(":")[0].strip()) for part in text.split(",") if part.strip()]


def functions():
    """(name, (itself, its stub, how many of its parameters are the object))."""
    for node in TREE.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, (getattr(_core, node.name), node, 0)
        for child in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(child, ast.FunctionDef) and not child.decorator_list:
                yield f"{node.name}.{child.name}", (getattr(getattr(_core, node.name), child.name), child, 1)


FUNCTIONS = dict(functions())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parameters(name):
    function, stub, receivers = FUNCTIONS[name]
    found = parameters(function.__doc__.splitlines()[0])[receivers:]
    assert stub.args.vararg is None and not stub.args.kwonlyargs and not stub.args.defaults
    declared = [argument.arg for argument in stub.args.posonlyargs + stub.args.args][receivers:]
    assert len(found) == len(declared), (found, declared)
    if any(found):
        assert found == declared and not stub.args.posonlyargs
    elif found:
        assert not stub.args.args, "they have no names: the stub must end them with /"


def test_names():
    declared = {node.name: node for node in TREE.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    constants = {node.target.id for node in TREE.body if isinstance(node, ast.AnnAssign)}
    assert public(dir(_core)) == public(declared) | constants
    for name, node in declared.items():
        if isinstance(node, ast.ClassDef):
            members = {child.name for child in node.body if isinstance(child, ast.FunctionDef)}
            assert public(vars(getattr(_core, name))) == public(members), name
