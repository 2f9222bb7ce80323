"""The floor of bench/compare: floor.c, built here, at work in a temporary folder."""
import os
import shutil
import subprocess

from peers import Absent
from server import OWNER, ROOT, begin, count, end, free_port, greets, make_maildir, resident, set_aside, wait_for

SOURCE = os.path.join(ROOT, "bench", "floor.c")
PROGRAM = os.path.join(ROOT, "target", "bench", "floor")


def build():
    """Compiles it; what the compiler calls itself."""
    compiler = next((found for found in map(shutil.which, ("cc", "gcc", "clang")) if found), None)
    if not compiler:
        raise Absent("there is no C compiler here (cc, gcc or clang; in Debian: apt-get install gcc libc6-dev)")
    os.makedirs(os.path.dirname(PROGRAM), exist_ok=True)
    made = f"{PROGRAM}.{os.getpid()}"
    done = subprocess.run([compiler, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-pthread", SOURCE, "-o", made],
                          capture_output=True, text=True)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "error" in line]
        raise Absent(f"{compiler} does not build bench/floor.c: {(errors or [done.stderr.strip()])[0]}")
    os.replace(made, PROGRAM)
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout
    return version.splitlines()[0] if version else compiler


class Floor:
    """The floor, as the owner of its Maildir: one for deliveries, one that relays."""

    def __init__(self, folder, relay_port, relays, version):
        self.relays, self.version = relays, version
        self.name = "floor, relaying" if relays else "floor"
        self.place = os.path.join(folder, "floor-relaying" if relays else "floor")
        os.makedirs(self.place)
        os.chown(self.place, OWNER, OWNER)
        self.clear()
        self.port = free_port()
        command = [PROGRAM, "relay" if relays else "deliver", str(self.port), self.place]
        self.out = open(self.place + ".log", "ab")
        self.process = begin(command + (["127.0.0.1", str(relay_port)] if relays else []), stdout=self.out, stderr=self.out,
                             user=OWNER, group=OWNER, extra_groups=[])
        wait_for(lambda: greets(self.port) or self.process.poll() is not None, 60, "the floor")
        if self.process.poll() is not None:
            raise Absent(f"it did not start: {open(self.out.name, errors='replace').read().strip()}")

    def delivered(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended: {open(self.out.name, errors='replace').read().strip()}")
        return count(os.path.join(self.place, "Maildir"))

    def clear(self):
        set_aside(os.path.join(self.place, "Maildir"))
        make_maildir(os.path.join(self.place, "Maildir"))

    def resident(self):
        return resident(self.process.pid)

    def stop(self):
        end(self.process, 20)
        self.out.close()
