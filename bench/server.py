"""What the measuring commands of this folder share: Carteiro at work in a temporary home, and the machine it is on."""
import argparse
import contextlib
import glob
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CARTEIRO = os.path.join(ROOT, "carteiro")
OWNER = 41001  # the account the mailboxes belong to; needs no entry in the system's passwd


STARTED = []  # every process that is to be ended
WRITTEN = []  # the files they write to, open here too


def where(arguments):
    """The arguments of a command that say on which disk it measures."""
    arguments.add_argument("--folder", type=folder, default="/var/tmp", help="where the temporary folder is made")
    arguments.add_argument("--ext4", type=number(1), metavar="GIB",
                           help="measure on a fresh ext4 of that size, with a journal, in a file of the temporary folder (behind a"
                                " loop device with direct I/O): for a machine whose own file system is none that mail is kept"
                                " on, such as an ext4 without a journal")


@contextlib.contextmanager
def workshop(purpose, parent, ext4=None):
    """A temporary folder to measure in, with ext4 one in a file system of its own, of that many GiB. However it is left, also by
    Ctrl-C or TERM, all that was started is ended, and folder and file system are gone."""
    def leave(number, _):
        sys.exit(128 + number)
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, leave)
    folder = None
    try:
        folder = temporary(purpose, parent)
        yield mount(folder, ext4) if ext4 else folder
    finally:
        late = []  # who is in a hurry now waits some seconds, and then it is over
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, lambda number, _: late.append(number))
        for process in reversed(STARTED):
            end(process)
        for file in WRITTEN:
            file.close()
        STARTED.clear()
        WRITTEN.clear()
        if folder:
            if ext4:
                unmount(folder)
            shutil.rmtree(folder, ignore_errors=True)
        if late:
            sys.exit(128 + late[0])


def begin(command, **how):
    """Starts what the workshop ends."""
    process = subprocess.Popen(command, **how)
    STARTED.append(process)
    WRITTEN.extend(how[name] for name in ("stdout", "stderr") if hasattr(how.get(name), "close"))
    return process


def mount(folder, gib):
    """Makes an ext4 with a journal in a file of the folder; a folder in it. With direct I/O the loop device passes each write on
    to the disk; without, one thread of the kernel would do all of them by way of the page cache."""
    if shutil.disk_usage(folder).free < gib << 30:
        sys.exit(f"{os.path.dirname(folder)} has no room for an ext4 of {gib} GiB; name a smaller one, or another --folder")
    file, place = os.path.join(folder, "disk"), os.path.join(folder, "ext4")
    with open(file, "wb") as f:
        f.truncate(gib << 30)
    os.mkdir(place)
    device = run("losetup", "--find", "--show", "--direct-io=on", file).strip()
    run("mkfs.ext4", "-q", "-i", "4096", "-O", "has_journal", "-E", "lazy_itable_init=0,lazy_journal_init=0", device)
    run("mount", "-t", "ext4", device, place)
    return temporary("mail", place)


def unmount(folder):
    """Undoes mount, however far it came."""
    file, place = os.path.join(folder, "disk"), os.path.join(folder, "ext4")
    for lazily in [[]] * 50 + [["--lazy"]]:  # what was ended may take a moment to be gone
        if not os.path.ismount(place) or subprocess.run(["umount", *lazily, place], stderr=subprocess.DEVNULL).returncode == 0:
            break
        time.sleep(0.2)
    for _ in range(50):  # a device still in use is detached by the kernel when it is not
        devices = subprocess.run(["losetup", "-n", "-O", "NAME", "-j", file], capture_output=True, text=True).stdout.split()
        if not devices:
            break
        subprocess.run(["losetup", "--detach", *devices], stderr=subprocess.DEVNULL)
        time.sleep(0.2)


def run(*command):
    """What a command of the system prints; ends ours, with the reason, if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except (FileNotFoundError, subprocess.TimeoutExpired) as e:
        sys.exit(f"an ext4 of its own needs {command[0]}: {e}")
    if done.returncode != 0:
        sys.exit(f"an ext4 of its own: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def number(least, kind=int):
    """A type for argparse."""
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"\"{text}\" is no number") from None
        if not least <= value < 10**9:
            raise argparse.ArgumentTypeError(f"{text} is not from {least} to 999999999")
        return value
    return parse


def folder(text):
    """A type for argparse."""
    if not os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return os.path.abspath(text)


def temporary(purpose, parent):
    """A temporary folder, whose folders are spread over the disk (chattr +T): ext4 without a journal does not use the inode of a
    removed file again for some minutes, and each new file near it steps over all of these."""
    folder = tempfile.mkdtemp(prefix=f"carteiro-{purpose}-", dir=parent)
    os.chmod(folder, 0o755)
    subprocess.run(["chattr", "+T", folder], stderr=subprocess.DEVNULL)
    return folder


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, seconds, what, pause=0.02):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"gave up after {seconds} s waiting for {what}")
        time.sleep(pause)


def greets(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as s:
            s.settimeout(5)
            return s.recv(4).startswith(b"220")
    except OSError:
        return False


def machine(folder):
    """One line for the head of a table: cores, memory, file system, kernel, date."""
    model = re.search(r"^model name\s*: (.*)$", open("/proc/cpuinfo").read(), re.M)
    memory = int(re.search(r"^MemTotal:\s+(\d+)", open("/proc/meminfo").read(), re.M).group(1)) / 2**20
    fs = subprocess.run(["findmnt", "-nro", "FSTYPE,OPTIONS,MAJ:MIN", "-T", folder], capture_output=True, text=True).stdout.split()
    kind = f"{fs[0]} ({fs[1]})" if len(fs) == 3 else "unknown"
    if fs and fs[0] == "ext4":
        device = os.path.basename(os.path.realpath(f"/sys/dev/block/{fs[2]}"))
        kind += ", with a journal" if glob.glob(f"/proc/fs/jbd2/{device}-*") else ", WITHOUT A JOURNAL"
        if device.startswith("loop"):
            with open(f"/sys/block/{device}/loop/dio") as direct:
                kind += f", in a file behind a loop device {'with' if direct.read().strip() == '1' else 'WITHOUT'} direct I/O"
    if fs and fs[0] in ("tmpfs", "ramfs"):
        kind += ", WHICH KEEPS NOTHING: use --folder for a figure that means something"
    return (f"{os.cpu_count()} cores ({model.group(1) if model else os.uname().machine}), {memory:.0f} GiB memory,"
            f" file system {kind}, Linux {os.uname().release}, {time.strftime('%Y-%m-%d')}")


def table(head, rows):
    """Prints a table in Markdown, its columns aligned."""
    cells = [head] + [[str(cell) for cell in row] for row in rows]
    wide = [max(len(row[i]) for row in cells) for i in range(len(head))]
    cells.insert(1, ["-" * width for width in wide])
    for row in cells:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, wide)) + " |")
    print(flush=True)


def raise_limit(descriptors):
    """Raises the limit of open files for what is started from here; what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < descriptors:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        except (ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    elif soft < descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def descendants(pid):
    """A process and all it started."""
    children = {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            text = open(stat).read()
        except OSError:
            continue
        children.setdefault(int(text[text.rindex(")") + 2:].split()[1]), []).append(int(stat.split("/")[2]))
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += children.get(one, [])
    return found


def resident(pid):
    """Memory of a process and all it started, shared pages counted by share, in octets."""
    total = 0
    for one in descendants(pid):
        try:
            pss = re.search(r"^Pss:\s+(\d+) kB", open(f"/proc/{one}/smaps_rollup").read(), re.M)
            total += int(pss.group(1)) * 1024 if pss else 0
        except OSError:
            pass
    return total


def end(process, patience=60):
    """Ends a process we started, and whatever it leaves behind."""
    if process.poll() is not None:
        return
    started = descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in started[1:]:
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            pass


def set_aside(maildir):
    """
    Gives a Maildir another name. To delete its files would be the next round's burden: ext4 does not use the inode of a
    file again for some minutes, and every new file has to step over all of them. A few large files are deleted, for room.
    """
    if not os.path.exists(maildir):
        return
    earlier = tempfile.mktemp(prefix="earlier-", dir=os.path.dirname(maildir))
    os.rename(maildir, earlier)
    for folder, _, files in os.walk(earlier):
        if files and len(files) <= 100 and os.path.getsize(os.path.join(folder, files[0])) > 1 << 20:
            shutil.rmtree(folder)


def make_maildir(maildir):
    for path in (maildir, *(os.path.join(maildir, folder) for folder in ("new", "cur", "tmp"))):
        os.mkdir(path)
        os.chown(path, OWNER, OWNER)


def count(maildir):
    try:
        with os.scandir(os.path.join(maildir, "new")) as entries:
            return sum(1 for _ in entries)
    except FileNotFoundError:
        return 0


class Carteiro:
    """An installation in a temporary folder: mail for bench.example goes to one Maildir, for relay.example to a port. It is that of
    this checkout, or of another one that was built."""

    def __init__(self, folder, relay_port, split=False, control=None, java_options="", checkout=ROOT):
        self.launcher = os.path.join(checkout, "carteiro")
        self.name = ("Carteiro" if checkout == ROOT else "Carteiro, other") + (", split" if split else "")
        self.version = subprocess.run(["git", "-C", checkout, "describe", "--always", "--dirty"], capture_output=True,
                                      text=True).stdout.strip() or "released"
        self.split = split
        self.java_options = java_options
        os.makedirs(folder, exist_ok=True)
        self.home = os.path.join(folder, "carteiro")
        self.mail = os.path.join(folder, "carteiro-mail")
        os.makedirs(self.mail)
        self.clear()
        os.chown(self.mail, OWNER, OWNER)
        os.chmod(folder, 0o755)
        init = [self.launcher, "init", "--home", self.home, "--me", "carteiro.bench.example"]
        subprocess.run(init + (["--create-users"] if split else []), check=True, stdout=subprocess.DEVNULL)
        self.port = free_port()
        self.write({
            "smtpdlisten": f"127.0.0.1:{self.port}",
            "locals": "bench.example",
            "rcpthosts": "bench.example\nrelay.example",
            "smtproutes": f"relay.example:127.0.0.1:{relay_port}",
            "defaultdelivery": "./Maildir/",
            "concurrencylocal": "100",
            "concurrencyremote": "100",
            "concurrencyincoming": "1000",
            "concurrencyperclient": "1000",
            "concurrencyperhost": "100",
            "concurrencyperuser": "100",
        } | (control or {}))
        os.makedirs(os.path.join(self.home, "users"), exist_ok=True)
        with open(os.path.join(self.home, "users/assign"), "w") as f:
            f.write(f"+:box:{OWNER}:{OWNER}:{self.mail}:::\n.\n")
        subprocess.run([self.launcher, "qmail-newu"], check=True, env=dict(os.environ, CARTEIRO_HOME=self.home))
        self.log = open(os.path.join(folder, "carteiro.log"), "ab")
        self.start()

    def write(self, control):
        """Writes control files; a name whose text is None is removed."""
        for name, text in control.items():
            path = os.path.join(self.home, "control", name)
            if text is None:
                if os.path.exists(path):
                    os.remove(path)
            else:
                with open(path, "w") as f:
                    f.write(text + "\n")

    def start(self, patience=60):
        """Starts it; returns when it greets. first_220 is how long that took, in seconds."""
        command = [self.launcher, "run", "--home", self.home] + (["--split"] if self.split else [])
        begun = time.monotonic()
        self.process = begin(command, stdout=self.log, stderr=self.log,
                             env=dict(os.environ, CARTEIRO_JAVA_OPTS=self.java_options))
        wait_for(lambda: greets(self.port) or self.process.poll() is not None, patience, "Carteiro", 0.01)
        if self.process.poll() is not None:
            raise RuntimeError(open(self.log.name).read()[-3000:])
        self.first_220 = time.monotonic() - begun

    def ask(self, command, *arguments):
        """Runs a command of Carteiro on this installation; what it prints."""
        return subprocess.run([self.launcher, command, *arguments, "--home", self.home], capture_output=True, text=True).stdout

    def delivered(self):
        return count(os.path.join(self.mail, "Maildir"))

    def clear(self):
        set_aside(os.path.join(self.mail, "Maildir"))
        make_maildir(os.path.join(self.mail, "Maildir"))

    def resident(self):
        return resident(self.process.pid)

    def stop(self):
        end(self.process)
        self.log.close()
