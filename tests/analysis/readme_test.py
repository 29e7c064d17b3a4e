"""The lines of analysis/README.md do what they promise, and print the values that are in the file."""

import re
import unittest

from workplace import TypedLines, blocks_of

TOOLS_ABSENT = ("matlab", "julia", "mathematica")


class Readme(TypedLines):
    def test_every_block_that_can_run_here(self):
        outputs = {}
        for language, code in blocks_of("analysis/README.md"):
            self.assertLessEqual(len(code.strip().splitlines()), 5, code)
            if language in TOOLS_ABSENT:
                continue
            with self.subTest(code=code):
                outputs.setdefault(language, []).append(self.type_in(language, code))
                self.assert_pictures(code)
        self.assertEqual(set(outputs), set(self.TOOLS))
        first, shell = outputs["sh"][0], next(o for o in outputs["sh"] if "filetype" in o)
        rows = re.findall(r"(?m)^ +(\d) +\S+ +\S+ +(\S+)", first)
        self.assertEqual(len(rows), 6)
        self.check_the_shell(shell, [float(contribution) for _, contribution in rows])
        series = re.findall(r"(?m)^(\d) +(\S+)$", outputs["python"][0])
        self.assertEqual([l for l, _ in series], [l for l, _ in rows])
        for (_, found), (_, printed) in zip(series, rows):
            self.assertAlmostEqual(float(found), float(printed), delta=1e-6)

    def check_the_shell(self, output, contributions):
        """The bars stand at their l and are as long as it is large; ncdump prints the numbers."""
        self.assertIn("skeleta estimate", output)
        bars = re.findall(r"(?m)^(\d) (\S+) *(#*)$", output)
        self.assertEqual([int(l) for l, _, _ in bars], list(range(len(contributions))))
        dumped = re.search(r"contribution =\s+([^;]*);", output)[1].split(",")
        self.assertEqual(len(dumped), len(contributions))
        for (_, value, bar), number, expected in zip(bars, dumped, contributions):
            self.assertAlmostEqual(float(value), expected, delta=1e-5 * expected)
            self.assertAlmostEqual(float(number), expected, delta=1e-5 * expected)  # printed as far as it is known
            self.assertAlmostEqual(len(bar), 5000 * expected, delta=1)

    def test_every_tool_of_the_page_has_its_lines(self):
        blocks = blocks_of("analysis/README.md")
        self.assertEqual({language for language, _ in blocks}, set(self.TOOLS) | set(TOOLS_ABSENT))
        for language, code in blocks:
            if language != "sh":
                self.assertIn("run.h5", code)
                self.assertIn("contribution", code)


if __name__ == "__main__":
    unittest.main()
