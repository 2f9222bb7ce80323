"""An installation that bench/golden feeds, and what it says and does as text that two runs of one build have alike."""
import calendar
import email.utils
import json
import os
import re
import subprocess
import tempfile
import time

from server import OWNER, begin, end, free_port, wait_for

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
MONTH = "(?:" + MONTHS.replace(" ", "|") + ")"
ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "TZ": "UTC", "LC_ALL": "C.UTF-8",
               "CARTEIRO_NO_BUILD": "1"} | {name: os.environ[name] for name in ("JAVA_HOME",) if name in os.environ}


class Words:
    """What differs from run to run, and what stands for it. Numbers of messages, deliveries and ids are counted by their first
    appearance in a case."""

    def __init__(self, fixed):
        self.fixed = fixed  # octets: what stands for them
        self.begun = int(time.time()) - 10
        self.day = 86400
        self.forget()

    def forget(self):
        self.counted = {}

    def number(self, kind, octets):
        of_kind = self.counted.setdefault(kind, {})
        return b"<%s%d>" % (kind, of_kind.setdefault(octets, len(of_kind) + 1))

    def now(self, seconds):
        """Whether a time is one of this run: dates of the test data are none."""
        return self.begun <= seconds <= time.time() + 400 * self.day

    def date(self, found):
        parsed = email.utils.parsedate_tz(found.group(0).decode("latin-1").replace("_", " "))
        return b"<DATE>" if parsed and self.now(email.utils.mktime_tz(parsed)) else found.group(0)

    def other_date(self, form):
        def replace(found):
            try:
                seconds = calendar.timegm(time.strptime(found.group(0).decode("latin-1"), form))
            except ValueError:
                return found.group(0)
            return b"<DATE>" if self.now(seconds) else found.group(0)
        return replace

    def message_id(self, found):
        seconds = calendar.timegm(time.strptime(found.group(1).decode(), "%Y%m%d%H%M%S"))
        return b"<STAMP>.<PID>" if self.now(seconds) else found.group(0)

    def seconds(self, found):
        return b"<SECONDS>" if self.now(int(found.group(0))) else found.group(0)

    def stable(self, octets):
        """The octets with all that differs replaced."""
        for volatile, word in self.fixed.items():
            octets = octets.replace(volatile, word)
        month = MONTH.encode()
        octets = re.sub(rb"(?:[A-Z][a-z]{2},[ _]?)?(?<!\d)\d{1,2}[ _]" + month + rb"[ _]\d{4}[ _]\d\d:\d\d:\d\d[ _](?:[-+]\d{4}|GMT)",
                        self.date, octets)
        octets = re.sub(rb"\b[A-Z][a-z]{2} " + month + rb" [ \d]\d \d\d:\d\d:\d\d \d{4}\b",
                        self.other_date("%a %b %d %H:%M:%S %Y"), octets)
        octets = re.sub(rb"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b", self.other_date("%Y-%m-%d %H:%M:%S"), octets)
        octets = re.sub(rb"(?<![\d.])1\d{9}(?!\d)", self.seconds, octets)
        octets = re.sub(rb"<SECONDS>\.M\d+P\d+Q\d+", b"<SECONDS>.M<MICROS>P<PID>Q<COUNT>", octets)
        octets = re.sub(rb"<SECONDS>\.\d+(?=@)", b"<SECONDS>.<PID>", octets)
        octets = re.sub(rb"\b(20\d{12})\.\d+(?=\.qmail@)", self.message_id, octets)
        octets = re.sub(rb"for at most \d+ s\b", b"for at most <N> s", octets) if octets.startswith(b"start: ") else octets
        octets = re.sub(rb"\b\d+ ms\b", b"<MS>", octets) if octets.startswith(b"queue: ready: ") else octets
        octets = re.sub(rb"(\bpid )\d+", rb"\1<PID>", octets)
        octets = re.sub(rb"(\(qmail[ _])\d+(?=[ _]invoked[^;\n]*;[ _]<DATE>)", rb"\1<PID>", octets)
        octets = re.sub(rb"(SMTP[A-Z]*[ _]id[ _])([0-9a-z]{12})(?=(?:[ _]tls[ _][^;\n]*)?;[ _]<DATE>)"
                        rb"|(\bid )([0-9a-z]{12})(?= message-id )",
                        lambda m: (m.group(1) or m.group(3)) + self.number(b"ID", m.group(2) or m.group(4)), octets)
        return re.sub(rb"(\bmsg |\bqp |_qp_|\bqp_|/qp_|#|bounce/|\bmessage )([1-9]\d*)(?![\d.])", self.message, octets)

    def message(self, found):
        known = self.counted.get(b"M", {})
        if found.group(1) in (b"#", b"message ") and found.group(2) not in known:
            return found.group(0)
        return found.group(1) + self.number(b"M", found.group(2))


class Line(bytes):
    """A line of the log in its plain form; event is the whole of it where the log is JSON."""

    event = None


class Case:
    """The lines of the log since a case began, and which of its messages are finished."""

    STARTED = re.compile(rb"starting delivery (\d+): msg (\d+) to (\S+ .*)")
    ENDED = re.compile(rb"delivery (\d+): (success|failure|deferral|report mangled)(.*)")

    def __init__(self):
        self.lines = []
        self.known, self.over, self.recipients = [], set(), {}
        self.deliveries, self.running, self.deferred = {}, set(), set()
        self.parent = {}
        self.sessions = 0
        self.last = time.monotonic()

    def add(self, line):
        self.lines.append(line)
        self.last = time.monotonic()
        if re.match(rb"smtpd: (session|turned away) ", line):
            self.sessions += 1
        elif found := re.match(rb"smtpd: accepted msg (\d+) from <.*> (\d+) recipients ", line):
            self.learn(found.group(1), None)
            self.recipients[found.group(1)] = int(found.group(2))
        elif found := re.match(rb"new msg (\d+)", line):
            self.learn(found.group(1), None)
        elif found := self.STARTED.match(line):
            self.deliveries[found.group(1)] = found.group(2)
            self.running.add(found.group(1))
        elif found := self.ENDED.match(line):
            self.running.discard(found.group(1))
            message = self.deliveries.get(found.group(1))
            if found.group(2) != b"success" and found.group(2) != b"failure":
                self.deferred.add(message)
            for child in re.findall(rb"(?<![A-Za-z])qp_(\d+)", found.group(3)) if found.group(2) == b"success" else []:
                if b"did_" in found.group(3):
                    self.learn(child, message)
        elif found := re.match(rb"bounce msg (\d+) qp (\d+)", line):
            self.learn(found.group(2), found.group(1))
        elif found := re.match(rb"end msg (\d+)", line):
            self.over.add(found.group(1))

    def learn(self, message, parent):
        if message not in self.known:
            self.known.append(message)
        if parent:
            self.parent[message] = parent

    def finished(self, sessions, messages, ended, quiet=0.3):
        """Whether so many sessions are over, so many messages came in from outside, these and their children are done or wait, and so
        many have ended. Where nothing tells that all has been said, it is silent for a moment."""
        top = [m for m in self.known if m not in self.parent]
        if self.sessions < sessions or len(top) < messages or len(self.over) < ended or self.running:
            return False
        waiting = [m for m in self.known if m not in self.over]
        for message in waiting:
            begun = sum(1 for of in self.deliveries.values() if of == message)
            if message not in self.deferred or begun < self.recipients.get(message, 1):
                return False
        return time.monotonic() - self.last > quiet or not waiting and sessions + messages > 0

    def ordered(self):
        """The lines: those of the programs, each in its order, then message by message, a child below its parent, each delivery
        with its result. The counts of what runs at once hang on time."""
        by_program, by_message, statuses = {}, {m: [] for m in self.known}, set()
        results = {}
        for line in self.lines:
            if found := self.STARTED.match(line):
                results[found.group(1)] = [line]
                by_message.setdefault(found.group(2), []).append((found.group(3), found.group(1)))
            elif (found := self.ENDED.match(line)) and found.group(1) in results:
                results[found.group(1)].append(line)
            elif found := re.match(rb"(?:new|info|end|bounce|removed|gave up) msg (\d+)", line):
                by_message.setdefault(found.group(1), []).append(line)
            elif found := re.match(rb"(?:triple|double) bounce: discarding bounce/(\d+)", line):
                by_message.setdefault(found.group(1), []).append(line)
            elif line.startswith(b"status: local "):
                statuses.add(re.sub(rb"(local|remote) \d+/", rb"\1 N/", line))
            else:
                program = re.match(rb"(?:warning: |alert: )?([a-z]+)?", line).group(1) or b""
                by_program.setdefault(program, []).append(line)
        out = [line for program in sorted(by_program) for line in by_program[program]] + sorted(statuses)
        todo = sorted((m for m in by_message if m not in self.parent), key=int, reverse=True)
        done = set()
        while todo:
            message = todo.pop()
            if message in done:
                continue
            done.add(message)
            lines = by_message.get(message, [])
            started = sorted((entry for entry in lines if isinstance(entry, tuple)), key=lambda e: (e[0], int(e[1])))
            plain = [entry for entry in lines if not isinstance(entry, tuple)]
            head = [line for line in plain if line.startswith((b"new", b"info"))]
            out += head + [line for _, delivery in started for line in results[delivery]]
            out += [line for line in plain if line not in head]
            children = []
            for _, delivery in started:
                for line in results[delivery][1:]:
                    children += re.findall(rb"qp_(\d+)", line)
            children += [child for child, parent in self.parent.items() if parent == message]
            todo += [child for child in reversed(list(dict.fromkeys(children))) if self.parent.get(child) == message]
        return out


class Installation:
    """A home of a checkout's build, at work in one of its two forms, with accounts whose Maildirs are looked into."""

    def __init__(self, folder, checkout, split, control, assign, ports):
        self.folder, self.checkout, self.split = folder, checkout, split
        self.launcher = os.path.join(checkout, "carteiro")
        self.home, self.mail = os.path.join(folder, "home"), os.path.join(folder, "mail")
        os.makedirs(self.mail)
        os.chmod(folder, 0o755)
        os.chown(self.mail, OWNER, OWNER)
        self.port = free_port()
        self.words = Words({folder.encode(): b"<FOLDER>", checkout.encode(): b"<CHECKOUT>", b":%d" % self.port: b":<SMTP>"}
                           | {b":%d" % port: word for port, word in ports.items()})
        self.environment = ENVIRONMENT | {"CARTEIRO_HOME": self.home}
        code, out = self.ask("init", "--home", self.home, "--me", "mail.example.org")
        if code != 0:
            raise RuntimeError(out.decode(errors="replace"))
        self.said_by_init = b"".join(line for line in out.splitlines(True) if not line.startswith(b"note: "))
        self.write(control | {"smtpdlisten": f"127.0.0.1:{self.port}"})
        with open(os.path.join(self.home, "users/assign"), "w") as f:
            f.write("".join(line.replace("MAIL", self.mail) + "\n" for line in assign) + ".\n")
        self.ask("qmail-newu")
        self.log_name, self.read, self.part = os.path.join(folder, "log"), 0, b""

    def write(self, control):
        for name, text in control.items():
            with open(os.path.join(self.home, "control", name), "wb") as f:
                f.write(text if isinstance(text, bytes) else text.encode() + b"\n")

    def account(self, name, files=None, mode=0o644):
        """Makes an account's home, with a Maildir and .qmail files."""
        home = os.path.join(self.mail, name)
        for folder in ("", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp", "Maildir2", "Maildir2/new", "Maildir2/cur",
                       "Maildir2/tmp"):
            os.mkdir(os.path.join(home, folder))
        for file, text in (files or {}).items():
            with open(os.path.join(home, file), "w") as f:
                f.write(text)
            os.chmod(os.path.join(home, file), mode)
        for place, folders, names in os.walk(home):
            for name in [""] + names:
                os.chown(os.path.join(place, name), OWNER, OWNER)
        return home

    def ask(self, command, *arguments, given=b"", owner=False, environment=None, patience=60):
        """Runs a command: its exit code and all it writes. The given text is a file on its standard input."""
        with tempfile.TemporaryFile() as stdin:
            stdin.write(given)
            stdin.seek(0)
            how = {"user": OWNER, "group": OWNER, "extra_groups": []} if owner else {}
            done = subprocess.run([self.launcher, command, *arguments], stdin=stdin, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=patience, cwd="/", umask=0o022,
                                  env=self.environment | (environment or {}), **how)
        return done.returncode, done.stdout

    def start(self):
        self.out = open(self.log_name, "ab")
        command = [self.launcher, "run", "--home", self.home] + (["--split"] if self.split else [])
        self.process = begin(command, stdout=self.out, stderr=self.out, env=self.environment, cwd="/")
        case = Case()
        self.await_lines(case, lambda: any(re.match(rb"start: smtpd ready", line) for line in case.lines)
                         or self.process.poll() is not None, 60)
        if self.process.poll() is not None:
            raise RuntimeError(b"\n".join(case.lines).decode(errors="replace"))
        return case

    def stop(self):
        case = Case()
        end(self.process)
        self.take_lines(case)
        self.out.close()
        return case

    def take_lines(self, case):
        with open(self.log_name, "rb") as f:
            f.seek(self.read)
            octets = f.read()
        self.read += len(octets)
        lines = (self.part + octets).split(b"\n")
        self.part = lines.pop()
        for text in lines:
            line = Line(text)
            if text.startswith(b"{"):
                event = json.loads(text)
                line = Line(event["line"].encode("latin-1"))
                line.event = event
            case.add(line)

    def await_lines(self, case, condition, patience=30):
        """Reads the log until the condition holds; whether it did in time."""
        def holds():
            self.take_lines(case)
            return condition()
        try:
            wait_for(holds, patience, "the log", 0.005)
        except TimeoutError:
            case.add(b"(not finished within %d s)" % patience)
            return False
        return True

    def arrived(self):
        """What lies in the homes of the accounts, and is removed there: Maildirs' messages, mbox files and whatever programs made."""
        found = []
        places = [self.mail, os.path.join(self.home, "alias")]
        for top in places:
            for place, folders, names in os.walk(top):
                folders.sort()
                for name in sorted(names):
                    if name.startswith(".qmail"):
                        continue
                    path = os.path.join(place, name)
                    status = os.stat(path)
                    with open(path, "rb") as f:
                        text = f.read()
                    os.remove(path)
                    shown = os.path.relpath(path, top).encode()
                    owner = b"owner" if status.st_uid == OWNER else b"alias" if top != self.mail else b"%d" % status.st_uid
                    found.append((b"%s, mode %o, of %s" % (shown, status.st_mode & 0o7777, owner), text))
        return found
