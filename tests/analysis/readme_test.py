"""The lines of analysis/README.md do what they promise, each in an empty folder beside a run file."""

import os
import re
import shutil
import unittest

from workplace import SOURCE, Workplace, program

TOOLS = {
    "python": ("/usr/bin/python3", "{file}"),
    "octave": ("octave-cli", "--norc", "--quiet", "{file}"),
    "r": ("Rscript", "{file}"),
    "sh": ("bash", "-euo", "pipefail", "{file}"),
}
TOOLS_ABSENT = ("matlab", "julia", "mathematica")


def blocks():
    """(language, code) of each fenced block."""
    text = (SOURCE / "analysis/README.md").read_text(encoding="utf-8")
    return re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)


class Readme(Workplace):
    def setUp(self):
        super().setUp()
        for name in ("analysis", "data"):
            (self.folder / name).symlink_to(SOURCE / name)
        release = self.folder / "build/release"
        release.mkdir(parents=True)
        (release / "skeleta").symlink_to(program())
        shutil.copy(SOURCE / "data/fixtures/estimate.h5", self.folder / "run.h5")

    def execute(self, language, code):
        script = self.folder / f"script.{language}"
        script.write_text(code, encoding="utf-8")
        bin_folder = self.folder / "bin"  # `python3` of the README is the one that has the packages
        bin_folder.mkdir(exist_ok=True)
        if not (bin_folder / "python3").exists():
            (bin_folder / "python3").symlink_to("/usr/bin/python3")
        environment = {**os.environ, "PYTHONPATH": "analysis/python", "MPLBACKEND": "Agg",
                       "PATH": f"{bin_folder}:{os.environ['PATH']}"}
        command = [part.format(file=script) for part in TOOLS[language]]
        return self.run_command(*command, cwd=self.folder, env=environment)

    def assert_pictures(self, code):
        for name in re.findall(r"\w+\.(?:png|svg|pdf)", code):
            picture = self.folder / name
            self.assertGreater(picture.stat().st_size, 2000, name)
            picture.unlink()

    def test_every_block_that_can_run_here(self):
        ran = []
        for language, code in blocks():
            self.assertLessEqual(len(code.strip().splitlines()), 5, code)
            if language in TOOLS_ABSENT:
                continue
            with self.subTest(code=code):
                if "skeleta estimate" in code:
                    (self.folder / "run.h5").unlink()
                output = self.execute(language, code)
                self.assert_pictures(code)
                self.assertTrue((self.folder / "run.h5").exists())
                if "h5dump" in code:
                    self.assertIn("skeleta estimate", output)
                    self.assertRegex(output, r"(?m)^ 2 0\.\d+ +#+$")
            ran.append(language)
        self.assertEqual(set(ran), set(TOOLS))

    def test_every_tool_of_the_page_has_its_lines(self):
        languages = {language for language, _ in blocks()}
        self.assertEqual(languages, set(TOOLS) | set(TOOLS_ABSENT))
        for language, code in blocks():
            if language != "sh":
                self.assertIn("run.h5", code)
                self.assertIn("contribution", code)


if __name__ == "__main__":
    unittest.main()
