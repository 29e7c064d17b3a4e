"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import skeleta


@pytest.mark.parametrize("name", ["skeleta", *(f"skeleta.{module.name}" for module in
                                               pkgutil.iter_modules(skeleta.__path__) if module.name != "_core")])
def test_examples(name):
    if name == "skeleta.torch":
        pytest.importorskip("torch", reason="python3-torch is not installed")
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
