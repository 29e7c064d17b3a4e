"""Every command that writes a file is killed at random moments; typed again, it ends with the numbers
of an undisturbed run. SKELETA_TEST_KILLS: how many times in all [90, times SKELETA_TEST_SCALE]."""
import os
import random
import signal
import subprocess
import time
import unittest

from campaign import COMMANDS, SCALE, Campaign

KILLS = int(os.environ.get("SKELETA_TEST_KILLS", str(round(90 * SCALE))))


class Kills(Campaign):
    def check(self, name, seed):
        wanted = self.undisturbed(name)
        begin = time.monotonic()
        self.undisturbed_again(name)
        length = time.monotonic() - begin
        draw, killed = random.Random(seed), 0
        for k in range(max(1, round(KILLS / len(COMMANDS)))):
            output = self.output(name)
            output.unlink(missing_ok=True)
            # Several kills of one run, at times
            for moment in [draw.uniform(0, 1.1 * length) for _ in range(draw.choice((1, 1, 3)))]:
                process = subprocess.Popen(self.words(name, output), stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
                time.sleep(moment)
                process.send_signal(signal.SIGKILL)
                killed += process.wait() == -signal.SIGKILL
                if output.exists() and output.suffix == ".h5":
                    self.numbers(output)  # what is there is whole
            with self.subTest(command=name, run=k):
                self.ends_right(name, output, wanted, k)
            self.assertEqual([left.name for left in self.folder.glob(f"{output.name}.tmp-*")], [])
        print(f"{name}: killed {killed} times")

    def undisturbed_again(self, name):
        subprocess.run(self.words(name, self.output(name, "-timed")), stdout=subprocess.DEVNULL, check=True)


for seed, command in enumerate(COMMANDS):
    setattr(Kills, f"test_{command}", lambda self, name=command, seed=seed: self.check(name, seed))

if __name__ == "__main__":
    unittest.main()
