"""The lines of Python in README.md and in the tour run."""

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


def test_tour(tmp_path, monkeypatch, capsys):
    """Its blocks in order, those that need the module among them."""
    pytest.importorskip("torch", reason="python3-torch is not installed")
    page = (pathlib.Path(__file__).parents[2] / "analysis/tour.md").read_text()
    blocks = re.findall(r"```(?:py|python)\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 5
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks:
        exec(block, names)
    found, second, best = names["found"], names["second"], names["trained"].best["loss"]
    assert abs(second.value - found.value) < 5 * second.standard_error + second.error_bound
    assert best == pytest.approx(0.0089035937, rel=1e-7)
    last = names["exact_loss"](names["W"], names["bias"], names["density"]).item()
    assert best * (1 - 1e-6) <= last <= found.value and last == pytest.approx(best, rel=1e-4)
    assert "pentagon" in capsys.readouterr().out
