"""Every call of the C library that writes a file fails once, in every command that writes one: the
program ends with one sentence, what was there before is whole, and the same command typed again ends
with the numbers of an undisturbed run. SKELETA_TEST_SCALE=0.1 tries every tenth call."""
import errno
import os
import random
import subprocess
import unittest

from campaign import COMMANDS, HERE, SCALE, Campaign

CALLS = {"write": (errno.ENOSPC, errno.EIO), "fsync": (errno.EIO,), "rename": (errno.EACCES,),
         "create": (errno.EMFILE,), "flock": (errno.ENOLCK,), "pipe": (errno.EMFILE,),
         "fork": (errno.EAGAIN,)}
MOST_CALLS = 400
# Before these, static data of libraries is set up, and nothing of ours runs yet.
FIRST_ALLOCATION = 12


class Faults(Campaign):
    def setUp(self):
        super().setUp()
        self.library = self.folder / "faults.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, HERE / "faults.c", "-ldl"],
                       check=True)

    def type(self, name, output, fault):
        """The command, its call failing where `fault` says: how it ended, and whether that call came."""
        fired = self.folder / "fired"
        fired.unlink(missing_ok=True)
        environment = dict(os.environ, LD_PRELOAD=str(self.library), SKELETA_FAULT=fault,
                           SKELETA_FAULT_FIRED=str(fired))
        done = subprocess.run(self.words(name, output), env=environment, capture_output=True, text=True,
                              timeout=60)
        return done, fired.exists()

    def check(self, name):
        wanted = self.undisturbed(name)
        faults = 0
        for function, errors in CALLS.items():
            for error in errors:
                for call in range(0, MOST_CALLS, max(1, round(1 / SCALE))):
                    fault = f"{function}:{call}:{error}"
                    with self.subTest(command=name, fault=fault):
                        if not self.one(name, fault, wanted):
                            break
                        faults += 1
        print(f"{name}: {faults} faults")

    def one(self, name, fault, wanted):
        output = self.output(name)
        output.unlink(missing_ok=True)
        done, fired = self.type(name, output, fault)
        self.assertIn(done.returncode, (0, 1, 2, 141), (fault, done))
        if not fired:
            self.assertEqual(done.returncode, 0, done.stderr)
            return False
        if done.returncode != 0:
            self.assertRegex(done.stderr, r"\Askeleta: .+\n", fault)
            self.assertLessEqual(done.stderr.count("\n"), 6, done.stderr)
        else:
            self.assertTrue(output.exists(), f"{fault}: ends with 0 and without a file")
        if output.exists():  # whole: it can be read
            self.numbers(output)
        self.assertEqual([left.name for left in self.folder.glob(f"{output.name}.tmp-*")], [], fault)
        self.ends_right(name, output, wanted, fault)
        return True

    def test_memory(self):
        """Allocations, early and late ones, of all threads and children. Where one fails within HDF5
        or libstdc++, these may end the process themselves: no file is lost by it."""
        wanted = self.undisturbed("sampled")
        output = self.output("sampled")
        draw, fired, dead = random.Random(1), 0, 0
        for _ in range(max(5, round(150 * SCALE))):
            fault = f"malloc:{round(FIRST_ALLOCATION * 10 ** draw.uniform(0, 3.6))}:{errno.ENOMEM}"
            with self.subTest(fault=fault):
                output.unlink(missing_ok=True)
                done, there = self.type("sampled", output, fault)
                fired += there
                dead += done.returncode < 0
                if output.exists():
                    self.assertEqual(self.numbers(output), wanted, fault)
                self.ends_right("sampled", output, wanted, fault)
        print(f"memory: {fired} faults, {dead} ended the process")
        self.assertGreater(fired, 3)
        self.assertLess(dead, 2 + 0.1 * fired)


for command in COMMANDS:
    setattr(Faults, f"test_{command}", lambda self, name=command: self.check(name))

if __name__ == "__main__":
    unittest.main()
