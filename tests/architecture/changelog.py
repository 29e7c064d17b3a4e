"""CHANGELOG.md says what is new in the version that CMakeLists.txt and CITATION.cff name."""

import pathlib
import re
import sys


def complaints(changelog, version, cited):
    sections = re.split(r"(?m)^## ", changelog)[1:]
    if not sections or sections[0].splitlines()[0] not in ("Unreleased", version):
        yield f"CHANGELOG.md begins with neither 'Unreleased' nor {version}"
    elif not re.search(r"(?m)^- \S", sections[0]):
        yield "the first section of CHANGELOG.md names no change"
    if not any(section.splitlines()[0].startswith(version) for section in sections):
        yield f"CHANGELOG.md has no section {version}"
    if cited != version:
        yield f"CITATION.cff names version {cited}, CMakeLists.txt {version}"


def self_test():
    """The check must be able to fail."""
    assert not list(complaints("# Changelog\n## Unreleased\n- one\n## 1.0.0\n- all\n", "1.0.0", "1.0.0"))
    for changelog, cited in (("# Changelog\n", "1.0.0"), ("## Unreleased\n## 1.0.0\n- all\n", "1.0.0"),
                             ("## 0.9.0\n- one\n## 1.0.0\n", "1.0.0"), ("## Unreleased\n- one\n", "1.0.0"),
                             ("## 1.0.0\n- all\n", "0.9.0")):
        assert list(complaints(changelog, "1.0.0", cited)), changelog


if __name__ == "__main__":
    self_test()
    root = pathlib.Path(sys.argv[1])
    version = re.search(r"project\(skeleta VERSION (\S+)", (root / "CMakeLists.txt").read_text())[1]
    cited = re.search(r"(?m)^version: (\S+)", (root / "CITATION.cff").read_text())[1]
    found = list(complaints((root / "CHANGELOG.md").read_text(encoding="utf-8"), version, cited))
    print("\n".join(found) or "the changelog is kept")
    sys.exit(bool(found))
