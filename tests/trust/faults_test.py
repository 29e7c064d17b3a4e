"""Every call of the C library that writes a file fails once, in every command that writes one: the
program ends with one sentence, what was there before is whole, and the same command typed again ends
with the numbers of an undisturbed run. SKELETA_TEST_SCALE=0.1 tries every tenth call."""
import errno
import os
import random
import shutil
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

    def test_full_disks(self):
        """On file systems of so many pages, where a write may end halfway: what was there is there."""
        space = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
        if subprocess.run([*space, "mount -t tmpfs none /mnt"], capture_output=True).returncode != 0:
            self.skipTest("this machine lets nobody mount a file system of their own")
        typed = ('mount -t tmpfs -o size="$1" none small && cp -a "$2" small && shift 2 && '
                 '{ "$@"; code=$?; cp -a small/. kept; exit $code; }')
        small, kept = self.folder / "small", self.folder / "kept"
        small.mkdir()
        runs = 0
        for name in COMMANDS:
            wanted, right = self.undisturbed(name), self.output(name, "-right")
            new = f"new{right.suffix}"
            page, file_pages = 4096, -(-right.stat().st_size // 4096)
            least, most = file_pages + 1, 4 * file_pages + 10
            ended = set()
            for pages in [*range(least, most, max(1, round(0.5 * file_pages / SCALE))), most]:
                kept.mkdir()
                words = [*space, typed, "sh", str(pages * page), right, *self.words(name, small / new)]
                done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=self.folder)
                runs += 1
                with self.subTest(command=name, pages=pages):
                    ended.add(done.returncode)
                    if done.returncode != 0:
                        self.assertRegex(done.stderr, r"\Askeleta: .*(space|full).*\n")
                    self.assertEqual((kept / right.name).read_bytes(), right.read_bytes())
                    left = {path.name for path in kept.iterdir()} - {right.name}
                    self.assertLessEqual(left, {new})  # whole, finished or not
                    for path in left:
                        self.numbers(kept / path)
                    if done.returncode == 0:
                        self.assertEqual(self.numbers(kept / new), wanted)
                shutil.rmtree(kept)
            self.assertEqual(ended, {0, 1}, name)
        print(f"full disks: {runs} runs")

    def test_clocks(self):
        """The time of day is only told, and what a run counts its seconds by only ends what was given
        a limit: no number of any command hangs on either."""
        environment = dict(os.environ, LD_PRELOAD=str(self.library), SKELETA_CLOCK="jumps")
        for name in COMMANDS:
            with self.subTest(command=name):
                wanted, output = self.undisturbed(name), self.output(name)
                done = subprocess.run(self.words(name, output), env=environment, capture_output=True,
                                      text=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(self.numbers(output), wanted)
        limit = self.words("sampled", self.output("limited"), "--max-seconds", "3000")
        limit[limit.index("20000")] = "1000000000000"
        done = subprocess.run(limit, env=environment, capture_output=True, text=True, timeout=120)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        self.assertLess(self.numbers(self.output("limited"))["runs"][0]["samples"], 1e12)

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
