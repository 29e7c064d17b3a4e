"""analysis/mathematics.md numbers its statements in order, and whatever cites one names one that is there."""

import pathlib
import re
import sys

PAGE = "mathematics.md"
KINDS = "Definition|Lemma|Proposition|Remark|Theorem"
WHERE = ("include", "lib", "apps", "tests", "analysis")
ENDINGS = (".h", ".cpp", ".py", ".md", ".toml")


def statements(page):
    """{number: kind} of what the page numbers, in its order."""
    return {number: kind for kind, number in re.findall(rf"(?m)^\*\*({KINDS}) (\d+\.\d+)\.?\*\*", page)}


def unwrapped(text):
    """Comments and paragraphs on one line."""
    return re.sub(r"[ \t]*\n[ \t]*(?:///?<?|#)?[ \t]*", " ", text)


def misnumbered(page):
    """Statements that are not the next one of the section they stand in."""
    section, last = 0, 0
    for heading, number, name in re.findall(rf"(?m)^(?:## (\d+)\.|\*\*(?:{KINDS}) ((\d+\.\d+))\.?\*\*)", page):
        if heading:
            section, last = int(heading), 0
            continue
        last += 1
        if number != f"{section}.{last}":
            yield f"{PAGE}: {name} stands where {section}.{last} is due"


def unknown(known, text, name):
    """What a text cites and the page has not."""
    pattern = rf"(?<!notes' )\b({KINDS}) (\d+\.\d+)" if name == PAGE else rf"{re.escape(PAGE)}, ({KINDS}) (\d+\.\d+)"
    for kind, number in re.findall(pattern, unwrapped(text)):
        if known.get(number) != kind:
            yield f"{name}: cites {kind} {number}, which {PAGE} has not"


def vague(text, name):
    """A citation without a number."""
    for after in re.findall(rf"{re.escape(PAGE)}(.{{0,20}})", unwrapped(text)):
        if not re.match(rf", (?:{KINDS}) \d+\.\d+", after):
            yield f"{name}: cites {PAGE} without a statement: '{after}'"


def missing_files(root, page, name):
    """Files that a page links to or names by their path."""
    folder = root / "analysis"
    links = [folder / link for link in re.findall(r"\]\(([^)#:]+)\)", page)]
    paths = [root / path for path in re.findall(r"(?<![\w/])((?:lib|include|tests|analysis|data|apps)/[\w/.]+\.\w+)", page)]
    for path in links + paths:
        if not path.exists():
            yield f"{name}: names {path.relative_to(root)}, which is not there"


def complaints(root):
    page = (root / "analysis" / PAGE).read_text(encoding="utf-8")
    known = statements(page)
    yield from misnumbered(page)
    yield from unknown(known, page, PAGE)
    yield from missing_files(root, page, PAGE)
    for path in sorted(path for folder in WHERE for path in (root / folder).rglob("*") if path.suffix in ENDINGS):
        if path.name in (PAGE, pathlib.Path(__file__).name):
            continue
        text, name = path.read_text(encoding="utf-8"), str(path.relative_to(root))
        if PAGE in text:
            yield from unknown(known, text, name)
            if name.split("/")[0] in ("include", "lib", "apps"):
                yield from vague(text, name)


def self_test():
    """The check must be able to fail."""
    page = "## 1. One\n**Definition 1.1** (a).\n**Lemma 1.2.** By Definition 1.1.\n## 2. Two\n**Theorem 2.1.** Lemma 1.2.\n"
    known = statements(page)
    assert known == {"1.1": "Definition", "1.2": "Lemma", "2.1": "Theorem"}
    assert not list(misnumbered(page)) and not list(unknown(known, page, PAGE))
    assert list(misnumbered(page.replace("Lemma 1.2.**", "Lemma 1.3.**")))
    assert list(misnumbered(page.replace("## 2.", "## 3.")))
    assert list(unknown(known, page.replace("Lemma 1.2.\n", "Theorem 1.2.\n"), PAGE))
    good = "/// so it is (mathematics.md,\n/// Lemma 1.2).\n"
    assert not list(unknown(known, good, "a.h")) and not list(vague(good, "a.h"))
    assert list(unknown(known, good.replace("1.2", "1.3"), "a.h"))
    assert list(unknown(known, good.replace("Lemma", "Theorem"), "a.h"))
    assert list(vague("// see mathematics.md\n", "a.h"))


if __name__ == "__main__":
    self_test()
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "what is cited is there")
    sys.exit(bool(found))
