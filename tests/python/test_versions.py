"""The package, the readers, the figures and the notebook run on every Python from 3.9 on.

mypy reads them twice, for 3.9 and for this Python: what it finds fault with only in the first is newer: modules,
functions, arguments, types.
"""

import ast
import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
OLDEST = (3, 9)
FILES = sorted([*ROOT.glob("apps/python/**/*.py"), *ROOT.glob("analysis/python/**/*.py")])


def faults(files, version) -> set:
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--cache-dir=/dev/null", "--python-version", version,
         "--check-untyped-defs", "--follow-imports=skip", "--no-error-summary",
         "--hide-error-context", "--no-color-output", *files], capture_output=True, text=True)
    assert found.returncode in (0, 1), found.stdout + found.stderr  # 2: it could not go on
    return set(found.stdout.splitlines())


def newer(files) -> list:
    pytest.importorskip("mypy", reason="python3-mypy is not installed")
    found = faults(files, "{}.{}".format(*OLDEST)) - faults(files, "{}.{}".format(*sys.version_info))
    return sorted(fault for fault in found if 'module named "tomli"' not in fault)  # which the packages ask for


def test_nothing_is_newer(tmp_path):
    assert len(FILES) > 25
    notebook = json.loads((ROOT / "analysis/python/notebook.ipynb").read_text())
    cells = tmp_path / "notebook.py"
    cells.write_text("\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"))
    for file in [*FILES, cells]:
        ast.parse(file.read_text(), feature_version=OLDEST)
    assert newer([*FILES, cells]) == []


NEWER = ["import tomllib", "zip([1], [2], strict=True)", "def f(x: int | None): pass",
         "import itertools; itertools.pairwise([])", "import math; math.cbrt(8.0)", "from datetime import UTC",
         "import enum\nclass A(enum.StrEnum): pass", "import contextlib; contextlib.chdir('.')",
         "from dataclasses import dataclass\n@dataclass(slots=True)\nclass A: pass",
         "import bisect; bisect.bisect([1], 2, key=abs)", "isinstance(1, int | str)", "(5).bit_count()",
         "import tempfile; tempfile.TemporaryDirectory(ignore_cleanup_errors=True)", "Exception().add_note('')",
         "from typing import Self", "import inspect; inspect.get_annotations(int)"]


def test_what_is_newer_is_found(tmp_path):
    for number, lines in enumerate(NEWER):
        (tmp_path / f"newer{number}.py").write_text("def outer():\n    " + lines.replace("\n", "\n    ") + "\n")
    found = "\n".join(newer(sorted(tmp_path.glob("*.py"))))
    assert [lines for number, lines in enumerate(NEWER) if f"newer{number}.py:" not in found] == []


def test_newer_syntax_is_found():
    for text in ("match 1:\n    case 1: pass", "try: pass\nexcept* ValueError: pass"):
        with pytest.raises(SyntaxError):
            ast.parse(text, feature_version=OLDEST)


def test_packages_say_so():
    for file in ("apps/python/pyproject.toml", "analysis/python/pyproject.toml"):
        text = (ROOT / file).read_text()
        assert 'requires-python = ">=3.9"' in text and "\"tomli>=1.1; python_version < '3.11'\"" in text
