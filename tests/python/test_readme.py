"""The lines of README.md's section on Python run."""

import pathlib
import re

import pytest


def test_lines(model):
    torch = pytest.importorskip("torch", reason="python3-torch is not installed")
    page = (pathlib.Path(__file__).parents[2] / "README.md").read_text()
    [code] = re.findall(r"```py\n(.*?)```", page, re.DOTALL)
    W, bias = (torch.tensor(array, requires_grad=True) for array in model)
    names = {"W": W.detach(), "bias": bias.detach()}
    first, second = code.split("from skeleta.torch")
    exec(first, names)
    assert names["found"].met_target
    names.update(W=W, bias=bias)
    exec("from skeleta.torch" + second, names)
    assert W.grad is not None and bias.grad is not None
