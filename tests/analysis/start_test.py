"""What README.md prints: its table, its lines, and names of files that no other page uses otherwise."""

import re
import unittest

from workplace import PAGES, SOURCE, TypedLines, blocks_of, text_of

# Somebody's model, of which the page says how to store it.
MODEL = """
import types, torch
model = types.SimpleNamespace(W=torch.nn.Parameter(torch.eye(3)[:2]), bias=torch.nn.Parameter(torch.zeros(3)))
"""
# The page's words, and what one of its commands must print.
STATED = (
    ("the pentagon's 0.0089035937", "skeleta train", r"0\.0089035937"),
    ("# a pentagon, to 0.0018", "thomson match", r"pentagon(?s:.)* 0\.00178 "),
    ("# the icosahedron", "thomson solve", r"icosahedron"),
    ("# a proven global minimum", "--certify", r"certified 0\.00331945\d* <= min of the loss <= 0\.00331948"),
)


class Start(TypedLines):
    def test_the_table_is_what_the_program_prints(self):
        page = text_of("README.md")
        command, table = re.search(r"`(skeleta estimate [^`]+)` prints it:\n\n```\n(.*?)```", page, re.DOTALL).groups()
        printed = self.type_in("sh", f"build/release/{command}")
        self.assertIn(table, printed)
        share = float(re.search(r"Q0 \+ Q1 +\S+ (\S+) %", printed)[1])
        self.assertIn(f"it is {share:.0f} %", " ".join(page.split()))
        beyond = float(re.search(r"P\(N >= 2\) (\S+)", printed)[1])
        self.assertIn(f"only {100 * beyond:.0f} % of the data", " ".join(page.split()))

    def test_every_line_runs_and_prints_what_is_stated(self):
        outputs = []
        for language, code in blocks_of("README.md"):
            if language == "python":
                self.type_in(language, code, before=MODEL)
            elif language == "sh":
                for line in code.splitlines():
                    with self.subTest(line=line):
                        outputs.append((line, self.type_in("sh", line)))
                self.assert_pictures(code)
        self.assertGreater(len(outputs), 15)
        for statement, part, pattern in STATED:
            with self.subTest(statement=statement):
                self.assertIn(statement, text_of("README.md"))
                self.assertTrue(any(part in line and re.search(pattern, output) for line, output in outputs))

    def test_one_name_one_file(self):
        """A name that two pages write with different commands would be refused, or overwritten."""
        writers = {}
        for page in PAGES:
            for language, code in blocks_of(page):
                for line in code.splitlines() if language == "sh" else ():
                    command = line.split(" #")[0].strip()
                    for name in re.findall(r" -o (\S+)", command):
                        writers.setdefault(name, set()).add(command)
        self.assertGreater(len(writers), 15)
        for name, commands in writers.items():
            self.assertEqual(len(commands), 1, f"{name}: {commands}")

    def test_every_link_leads_somewhere(self):
        for page in (*PAGES, "analysis/glossary.md"):
            for target in re.findall(r"\]\(([^)#:]+)\)", text_of(page)):
                self.assertTrue(((SOURCE / page).parent / target).exists(), f"{page}: {target}")


if __name__ == "__main__":
    unittest.main()
