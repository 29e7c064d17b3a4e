#!/usr/bin/env python3
"""Each public header compiles alone (syntax only): headers_alone.py COMPILER.

Runs in CI, or when HEADERS_ALONE=1: it takes half a minute and finds what rarely goes wrong. Headers that lead to Eigen, most
of them, find it precompiled: what Eigen includes is there for them anyway.
"""

import concurrent.futures
import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-DEIGEN_MAX_ALIGN_BYTES=64", "-I", INCLUDE, "-isystem", "/usr/include/eigen3"]


@functools.cache
def leads_to_eigen(header):
    text = (INCLUDE / header).read_text()
    return "#include <Eigen/Core>" in text or any(map(leads_to_eigen, re.findall(r'#include "(skeleta/.*)"', text)))


def complaint(compiler, header, precompiled):
    before = ["-Winvalid-pch", "-include", precompiled] if leads_to_eigen(header) else []
    return subprocess.run([compiler, *FLAGS, "-fsyntax-only", *before, "-include", header, "-x", "c++", "/dev/null"],
                          capture_output=True, text=True).stderr


def main(compiler):
    if not (os.environ.get("CI") or os.environ.get("HEADERS_ALONE")):
        print("skipped: set HEADERS_ALONE=1 to run")
        return 77
    headers = sorted(str(path.relative_to(INCLUDE)) for path in INCLUDE.rglob("*.h"))
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        eigen = pathlib.Path(folder, "eigen.h")
        eigen.write_text("#include <Eigen/Core>\n")
        subprocess.run([compiler, *FLAGS, "-x", "c++-header", eigen, "-o", f"{eigen}.gch"], check=True)
        complaints = list(filter(None, pool.map(lambda header: complaint(compiler, header, eigen), headers)))
    print(*complaints, f"{len(complaints)} of {len(headers)} headers do not compile alone", sep="\n")
    return len(complaints) > 0


sys.exit(main(sys.argv[1]))
