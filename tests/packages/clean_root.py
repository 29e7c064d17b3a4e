#!/usr/bin/python3
"""Makes a root directory that holds some Debian packages, those that they depend on, and nothing else.

Usage: clean_root.py ROOT PACKAGE... The files are copies of this machine's, as is the packages' database, cut
down to them: dpkg works in it, without a network. Run as root, or as root of a user namespace.
"""

import pathlib
import re
import shutil
import subprocess
import sys

DATABASE = pathlib.Path("/var/lib/dpkg")
PLACES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")  # links into usr/ since Debian 12


def field(paragraph, name):
    found = re.search(rf"^{name}: (.*)$", paragraph, re.MULTILINE)
    return found[1] if found else ""


def names(dependencies):
    """Of "a (>= 1) | b, c:any": [[a, b], [c]]."""
    return [[re.sub(r"[:( ].*", "", name.strip()) for name in one.split("|")]
            for one in dependencies.split(",") if one.strip()]


def installed():
    """The database's paragraph of each installed package, by name."""
    paragraphs = (DATABASE / "status").read_text(encoding="utf-8").strip().split("\n\n")
    return {field(p, "Package"): p for p in paragraphs if "\nStatus: install ok installed" in p}


def closure(packages, wanted):
    provided = {}
    for name, paragraph in packages.items():
        for (virtual,) in names(field(paragraph, "Provides")):
            provided.setdefault(virtual, name)
    found, left = set(), list(wanted)
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        for choices in names(field(packages[name], "Pre-Depends") + "," + field(packages[name], "Depends")):
            real = [c if c in packages else provided.get(c) for c in choices]
            left += [next(c for c in real if c)]
    return found


def files_of(name):
    lists = [*DATABASE.glob(f"info/{name}.list"), *DATABASE.glob(f"info/{name}:*.list")]
    return [line for one in lists for line in one.read_text(encoding="utf-8").splitlines()]


def main():
    root = pathlib.Path(sys.argv[1])
    packages = installed()
    essential = [n for n, p in packages.items() if field(p, "Essential") == "yes"]
    chosen = closure(packages, essential + sys.argv[2:])

    for place in PLACES:
        if pathlib.Path("/", place).is_symlink():
            (root / "usr" / place).mkdir(parents=True)
            (root / place).symlink_to(f"usr/{place}")
    # What packages' scripts made: the links of the alternatives.
    alternatives = [f for f in pathlib.Path("/usr/bin").iterdir()
                    if f.is_symlink() and str(f.readlink()).startswith("/etc/alternatives/")]
    files = {f for name in chosen for f in files_of(name) if f != "/."}
    files |= {str(f) for f in (*alternatives, *pathlib.Path("/etc/alternatives").iterdir())}
    files |= {"/etc/passwd", "/etc/group"}
    listed = "\n".join(sorted(f".{f}" for f in files if pathlib.Path(f).exists() or pathlib.Path(f).is_symlink()))
    archive = subprocess.Popen(["tar", "-C", "/", "--no-recursion", "-cf", "-", "-T", "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    unpack = subprocess.Popen(["tar", "-C", root, "--keep-directory-symlink", "-xf", "-"], stdin=archive.stdout)
    archive.stdin.write(listed.encode())
    archive.stdin.close()
    if archive.wait() or unpack.wait():
        sys.exit("the files could not be copied")

    database = root / "var/lib/dpkg"
    for folder in ("info", "updates", "triggers"):
        (database / folder).mkdir(parents=True, exist_ok=True)
    (database / "status").write_text("\n\n".join(packages[n] for n in sorted(chosen)) + "\n\n", encoding="utf-8")
    for name in chosen:
        for file in (*DATABASE.glob(f"info/{name}.*"), *DATABASE.glob(f"info/{name}:*")):
            shutil.copy(file, database / "info")
    for name in ("info/format", "triggers/File"):
        if (DATABASE / name).exists():
            shutil.copy(DATABASE / name, database / name)
    print(f"{len(chosen)} packages")


if __name__ == "__main__":
    main()
