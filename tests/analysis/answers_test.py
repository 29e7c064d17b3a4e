"""The commands of analysis/answers.md run, shortened, and print the numbers that the text states."""

import os
import re
import unittest

from workplace import SOURCE, Workplace, program

# What takes minutes is cut down; what the text states is still computed.
SHORTER = {
    "--samples 1e2,1e3,1e4,1e5,1e6,1e7,1e8": "--samples 1e2,1e4,1e6,1e8 --measure-up-to 1e4",
}
# The text's words, and the output of which command must hold which number.
STATED = (
    ("than 75 % of its size", "linear moments", r"0\.1 +1e\+08 +0\.7462 .*"),
    ("the floor is 7.5 %", "linear moments", r"0\.01 +1e\+06 +0\.07462 +0\.01667 +0\.07646"),
    ("it is 0.75 %", "linear moments", r"0\.001 +1e\+08 +0\.007462"),
    ("samples still leave 0.86 %", "linear moments", r"0\.001 +1e\+08 +0\.007462 +0\.00\d+ +0\.00864"),
    ("samples of a typical run it is 44 %", "linear moments", r"0\.001 +1e\+04 .*0\.4357 "),
    ("reach the minimum 6", "--scale 0.3", r"gradient +[\d.]+ +6 "),
    ("it stops anywhere", "--scale 0.3", r"encoder +[\d.]+ +8\.26"),
)


def text():
    return (SOURCE / "analysis/answers.md").read_text(encoding="utf-8")


def commands():
    blocks = re.findall(r"```sh\n(.*?)```", text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


class Answers(Workplace):
    def test_every_command_runs_and_prints_what_is_stated(self):
        for name in ("analysis", "data"):
            (self.folder / name).symlink_to(SOURCE / name)
        release = self.folder / "build/release"
        release.mkdir(parents=True)
        (release / "skeleta").symlink_to(program())
        environment = {**os.environ, "PYTHONPATH": "analysis/python", "MPLBACKEND": "Agg"}
        outputs = {}
        for command in commands():
            short = command.replace("python3 ", "/usr/bin/python3 ", 1)
            for long, shorter in SHORTER.items():
                short = short.replace(long, shorter)
            with self.subTest(command=command):
                outputs[command] = self.run_command("bash", "-euc", short, cwd=self.folder,
                                                    env=environment)
                for name in re.findall(r"\w+\.png", command):
                    self.assertGreater((self.folder / name).stat().st_size, 2000, name)
        words = " ".join(text().split())
        for statement, part, number in STATED:
            with self.subTest(statement=statement):
                self.assertIn(statement, words)
                found = [output for command, output in outputs.items() if part in command]
                self.assertTrue(any(re.search(number, output) for output in found), found)

    def test_every_long_command_is_still_there(self):
        for long in SHORTER:
            self.assertIn(long, text())

    def test_every_figure_is_there(self):
        for name in re.findall(r"\]\((figures/[^)]+)\)", text()):
            self.assertTrue((SOURCE / "analysis" / name).exists(), name)


if __name__ == "__main__":
    unittest.main()
