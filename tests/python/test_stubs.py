"""The stubs say what the compiled module has.

mypy's stubtest compares names, classes and constants; pybind11 gives its functions no signature that stubtest could
read, so parameters are compared with what it writes of them, and results with values.
"""

import ast
import pathlib
import re
import subprocess
import sys
import typing

import numpy as np
import pytest

from skeleta import _core

STUBS = pathlib.Path(__file__).parents[2] / "apps/python/skeleta/_core.pyi"
TREE = ast.parse(STUBS.read_text())
NAMES = {}
exec(compile(TREE, str(STUBS), "exec"), NAMES)

CONFIGURATION = """
[mypy]
cache_dir = /dev/null
[mypy-skeleta.*,skeleta_analysis.*,torch.*,h5py.*,xarray.*,matplotlib.*]
follow_imports = skip
"""


def test_stubtest(tmp_path):
    pytest.importorskip("mypy", reason="python3-mypy is not installed")
    (tmp_path / "mypy.ini").write_text(CONFIGURATION)
    found = subprocess.run([sys.executable, "-m", "mypy.stubtest", "skeleta._core",
                            "--mypy-config-file", tmp_path / "mypy.ini"], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def split(words: str) -> list:
    """At the commas that are not within brackets."""
    parts, depth = [""], 0
    for letter in words:
        depth += (letter in "[(") - (letter in "])")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def signature(function):
    """Of what pybind11 writes of a function, 'f(self: x, W: y, arg1: z) -> w': names, '' where there are none, types,
    and the type of the result."""
    words = function.__doc__.splitlines()[0]
    parameters = [part.split(":", 1) for part in split(words[words.index("(") + 1:words.rindex(") ->")])]
    return ([re.sub(r"^arg\d+$", "", name.strip()) for name, _ in parameters], [kind.strip() for _, kind in parameters],
            words[words.rindex(") ->") + 4:].strip())


def declared(stub) -> str:
    """A type of the stubs, private names written out."""
    if isinstance(stub, ast.Name) and stub.id.startswith("_"):
        [alias] = [node.value for node in TREE.body if isinstance(node, ast.Assign) and node.targets[0].id == stub.id]
        return declared(alias)
    return ast.unparse(stub)


PATTERNS = {"handle": ".*", "object": ".*", "int": "int", "bool": "bool", "str": r"str|Union\[str, bytes\]",
            "None": "None", "dict": r"dict\[.*\]", "list": r"list\[.*\]", "List[str]": r"list\[bytes\]",
            "tuple": r"tuple\[.*\]|Union\[_One, _Batch\]", "numpy.ndarray[numpy.float64]": r"NDArray\[np.float64\]", "skeleta._core.Law": r"Law|Optional\[Law\]",
            "skeleta._core.Problem": "Problem", "skeleta._core.ExactOptions": "ExactOptions"}


def functions():
    """(name, (itself, its stub, how many of its parameters are the object))."""
    for node in TREE.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, (getattr(_core, node.name), node, 0)
        for child in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(child, ast.FunctionDef) and not child.decorator_list and not child.args.vararg:
                yield f"{node.name}.{child.name}", (getattr(getattr(_core, node.name), child.name), child, 1)


FUNCTIONS = dict(functions())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parameters(name):
    function, stub, receivers = FUNCTIONS[name]
    found, kinds, result = signature(function)
    found = found[receivers:]
    assert not stub.args.kwonlyargs and not stub.args.defaults
    arguments = (stub.args.posonlyargs + stub.args.args)[receivers:]
    names = [argument.arg for argument in arguments]
    assert len(found) == len(names), (found, names)
    if any(found):
        assert found == names and not stub.args.posonlyargs
    elif found:
        assert not stub.args.args, "they have no names: the stub must end them with /"
    annotations = [argument.annotation for argument in arguments]
    for kind, type_ in [*zip(kinds[receivers:], annotations), (result, stub.returns)]:
        assert re.fullmatch(PATTERNS[kind], declared(type_)), (kind, declared(type_))


def is_of(value, kind) -> bool:
    """Has value the type that the stubs say?"""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is typing.Any:
        return True
    if kind is None:
        return value is None
    if origin is typing.Union:
        return any(is_of(value, part) for part in parts)
    if origin is tuple:
        return type(value) is tuple and len(value) == len(parts) and all(map(is_of, value, parts))
    if origin is list:
        return type(value) is list and all(is_of(one, parts[0]) for one in value)
    if origin is dict:
        return type(value) is dict and all(is_of(key, parts[0]) and is_of(one, parts[1]) for key, one in value.items())
    if origin is np.ndarray:
        [number] = typing.get_args(parts[1])
        return type(value) is np.ndarray and (number is typing.Any or value.dtype == number)
    return type(value) is (getattr(_core, kind.__name__) if kind in NAMES.values() else kind)


def test_types_of_values(tmp_path):
    """One call at least of each function, and each property."""
    law = _core.Law([0.1, 0.2], None, "half-normal:1", "exclusive(0,1)")
    W = np.eye(2)
    one, batch, untied = (_core.Problem(weights, None, None, 0.1, None, None, None, decoder, "relu", None, 0.0)
                          for weights, decoder in ((W, None), (np.stack([W, W]), None), (W, 2.0 * W)))
    options = _core.exact_options(1e-8, 0.0, 1e-6, "rigorous", 1 << 18, 0)
    evaluator = _core.Evaluator(0.1, None, None, None, 2, options)
    model = (W, None, None, None, "relu", None, 0.0)
    path = str(tmp_path / "model.h5")
    __import__("skeleta").save_model(path, W)
    values = [("Law." + name, getattr(law, name)) for name in ("size", "plain", "density", "values", "groups")]
    values += [("Law." + name, getattr(law, name)()) for name in ("datasets", "means", "moment_matrix")]
    values += [("Problem." + name, getattr(one, name)) for name in (
        "batch", "instances", "activation", "features")]
    values += [(name, getattr(_core, name)(problem, options)) for name in ("loss", "loss_and_gradient")
               for problem in (one, batch, untied)]
    values += [("Evaluator." + name, getattr(evaluator, name)(*model)) for name in ("loss", "loss_and_gradient")]
    values += [("Problem.validate", one.validate()), ("exact_options", options), ("commands", _core.commands()),
               ("estimate", _core.estimate(one, 0, "plain", {"samples": 100}, None)),
               ("integrate", _core.integrate(law, lambda x: x, 2, False, "plain", {"samples": 100}, None)),
               ("sample", _core.sample(law, 3, 1)), ("dense_sample", _core.dense_sample(law, 3, 1)),
               ("geometry", _core.geometry(W)), ("congruence", _core.congruence(W, W)),
               ("read_models", _core.read_models(path, False)), ("run", _core.run([b"--version"], None))]
    methods = {f"{node.name}.{child.name}": getattr(NAMES[node.name], child.name)
               for node in TREE.body if isinstance(node, ast.ClassDef)
               for child in node.body if isinstance(child, ast.FunctionDef) and child.name != "__init__"}
    stubs = {**{node.name: NAMES[node.name] for node in TREE.body if isinstance(node, ast.FunctionDef)}, **methods}
    assert {name for name, _ in values} == set(stubs)
    for name, value in values:
        stub = stubs[name]
        kind = (stub.fget if isinstance(stub, property) else stub).__annotations__["return"]
        assert is_of(value, kind), (name, kind, value)
    for name, kind in NAMES["__annotations__"].items():
        assert is_of(getattr(_core, name), kind), name
    assert not is_of((1, 2.0), tuple[int, int]) and not is_of(np.zeros(2, "f4"), NAMES["_Floats"])
    assert not is_of(True, int) and not is_of({"a": 1}, dict[str, str]) and not is_of(law, NAMES["Problem"])
