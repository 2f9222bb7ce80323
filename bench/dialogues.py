"""The two ends that bench/golden plays: a client that sends recorded dialogues to smtpd, and a host that takes what remote brings."""
import re
import socket
import ssl
import threading
import time

PATIENCE = 20  # seconds for a reply
SILENCE = 0.4  # seconds after which nothing more is expected of half a command


class Client:
    """Plays one side of a dialogue, follows what the server makes of it, and writes down both."""

    def __init__(self, connection):
        self.connection = connection
        self.connection.settimeout(PATIENCE)
        self.received, self.pending, self.chunk = b"", b"", 0
        self.state, self.tls, self.written = "command", False, []
        self.messages = 0  # that the server has answered 250 for

    def note(self, who, octets):
        self.written.append(who + b" " + octets)

    def more(self, patience):
        """Whether there was something to read within that time."""
        self.connection.settimeout(patience)
        try:
            octets = self.connection.recv(65536)
        except (TimeoutError, ssl.SSLWantReadError):
            return False
        except OSError:
            octets = b""
        if not octets:
            if self.received:
                self.note(b"S (half a line)", self.received)
                self.received = b""
            self.note(b"S", b"(closed)")
            self.state = "closed"
        self.received += octets
        return bool(octets)

    def line(self, patience=PATIENCE):
        """One line of a reply; None if there is none, or no more."""
        end = time.monotonic() + patience
        while b"\n" not in self.received:
            if self.state == "closed" or not self.more(max(0.001, end - time.monotonic())):
                return None
        line, _, self.received = self.received.partition(b"\n")
        self.note(b"S", line.removesuffix(b"\r") if line.endswith(b"\r") else line + b"(no CR)")
        return line

    def reply(self):
        """The last line of a reply; an empty one when the server has closed the connection."""
        while True:
            line = self.line()
            if line is None:
                if self.state != "closed":
                    self.note(b"S", b"(nothing)")
                return b""
            if line[3:4] != b"-":
                if line.startswith(b"421"):
                    self.closed()
                elif re.match(rb"250 .*\bqp \d", line):
                    self.messages += 1
                return line

    def closed(self):
        """Reads until the server has closed the connection."""
        end = time.monotonic() + PATIENCE
        while self.state != "closed" and time.monotonic() < end:
            self.line(end - time.monotonic())
        if self.state != "closed":
            self.note(b"S", b"(does not close)")
            self.state = "closed"

    def send(self, octets):
        """Sends, and reads the reply of each command and text that is whole by now."""
        if self.state == "closed":
            return
        if self.tls:
            self.tls = False
            self.begin_tls()
            if self.state == "closed":
                return
        try:
            self.connection.settimeout(PATIENCE)
            self.connection.sendall(octets)
        except OSError:
            pass  # what it said before is read below
        self.pending += octets
        while self.progress():
            pass
        if re.search(rb"(?<!\r)\n", self.pending) and self.state != "closed":  # it may be refused at once, or never
            while self.line(SILENCE) is not None:
                pass

    def progress(self):
        """Takes one command or text off what was sent; False when there is none."""
        if self.state == "closed":
            return False
        if self.state == "chunk":
            if len(self.pending) < self.chunk:
                return False
            self.note(b"C", b"(%d octets)" % self.chunk)
            self.pending, self.state = self.pending[self.chunk:], "command"
            self.answer(b"")
            return True
        if self.state == "text":
            end = 0 if self.pending.startswith(b".\r\n") else self.pending.find(b"\r\n.\r\n") + 2
            if end == 1:
                return False
            self.note(b"C", b"(text of %d octets)" % end)
            self.pending, self.state = self.pending[end + 3:], "command"
            self.answer(b"")
            return True
        line, found, rest = self.pending.partition(b"\r\n")
        if not found:
            return False
        self.pending = rest
        self.note(b"C", line if len(line) < 1100 else line[:1000] + b"... (%d octets)" % len(line))
        chunk = re.match(rb"(?i)BDAT (\d{1,9})\b", line)
        if chunk:
            self.state, self.chunk = "chunk", int(chunk.group(1))
            return True
        self.answer(line)
        return True

    def answer(self, command):
        reply, verb = self.reply(), command.strip().upper()
        if verb == b"DATA" and reply.startswith(b"354"):
            self.state = "text"
        elif verb == b"STARTTLS" and reply.startswith(b"220"):
            self.tls = True
        elif verb == b"QUIT" and reply.startswith(b"221"):
            self.closed()

    def begin_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            self.connection.settimeout(PATIENCE)
            self.connection = context.wrap_socket(self.connection)
            self.note(b"C", b"(TLS begins: %s)" % self.connection.version().encode())
        except OSError as e:
            self.note(b"C", b"(no TLS: %s)" % type(e).__name__.encode())
            self.state = "closed"

    def end(self):
        """Closes; what both said."""
        if self.pending and self.state != "closed":
            self.note(b"C (half)", self.pending[:1000])
        if self.state != "closed":
            while self.line(0.05) is not None:
                pass
            self.note(b"C", b"(closes)")
        self.connection.close()
        return b"".join(line + b"\n" for line in self.written)


def connect(port, source="127.0.0.1"):
    return Client(socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0)))


def play_raw(client, steps):
    """A dialogue of whole writes."""
    client.reply()
    for step in steps:
        client.send(step)


def play_exim(client, steps):
    """A dialogue as Exim's test client had it: the texts that belonged to a DATA which is refused here are left out."""
    client.reply()
    wants_text = wants_line = False
    for who, text in steps:
        if who == "C":
            refused = wants_text and client.state == "command"
            if text.startswith(".") or wants_line:
                wants_text = wants_line = False
            if refused:
                continue
            octets = (text.replace("\\r", "\r").replace("\\n", "\n") + "\r\n").encode("latin-1", "replace")
            if client.state == "chunk":
                octets = octets[:client.chunk - len(client.pending)]
            client.send(octets)
        elif not text.startswith("-", 3):
            if client.state == "chunk" and not text.startswith("421"):  # what was masked in it made it shorter
                client.send(b" " * (client.chunk - len(client.pending)))
            wants_line = text.startswith("334")
            wants_text = text.startswith("354") or wants_line
    if client.state == "command":
        client.send(b"NOOP\r\n")
        client.send(b"QUIT\r\n")


def dotted(octets):
    """A file as the text of a message: lines that end in CR LF, dots doubled, the final dot. A file whose lines end in CR LF
    throughout is the same message; of others each octet stays."""
    if octets.count(b"\n") == octets.count(b"\r\n"):
        octets = octets.replace(b"\r\n", b"\n")
    octets = octets.replace(b"\n", b"\r\n")
    if not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", octets) + b".\r\n"


class Host:
    """Another host, on a port of its own. It takes everything but for recipients that begin with refused (550), later (451) and
    closing (it hangs up), and texts for those that begin with nodata (554). What has a text
    is kept, with the EHLO of its connection. ehlo is the reply to EHLO."""

    EHLO = b"250-far.example\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"

    def __init__(self, ehlo=EHLO):
        self.ehlo = ehlo
        self.taken, self.lock = [], threading.Lock()
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(100)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.converse, args=(connection,), daemon=True).start()

    def converse(self, connection):
        try:
            with connection, connection.makefile("rb") as lines:
                self.serve(connection, lines)
        except OSError:
            pass

    def serve(self, connection, lines):
        def say(octets):
            connection.sendall(octets)
        say(b"220 far.example ESMTP\r\n")
        hello, noted, recipients, text_refused = b"", [], 0, False
        for line in lines:
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                hello = line
                say(self.ehlo if verb == b"EHLO" else b"250 far.example\r\n")
            elif verb == b"MAIL":
                noted, recipients, text_refused = [hello, line], 0, False
                say(b"250 2.1.0 sender ok\r\n")
            elif verb == b"RCPT":
                noted.append(line)
                to = line.partition(b"<")[2].lower()
                if to.startswith(b"closing"):
                    return
                if to.startswith((b"refused", b"later")):
                    say(b"550 5.1.1 not here\r\n" if to.startswith(b"refused") else b"451 4.2.1 not now\r\n")
                else:
                    recipients += 1
                    text_refused = text_refused or to.startswith(b"nodata")
                    say(b"250 2.1.5 recipient ok\r\n")
            elif verb == b"DATA" and not recipients:
                say(b"503 5.5.1 no recipients\r\n")
            elif verb == b"DATA":
                noted.append(line)
                say(b"354 go ahead\r\n")
                for text in lines:
                    noted.append(text)
                    if text == b".\r\n":
                        break
                self.take(noted)
                say(b"554 5.6.0 not such a text\r\n" if text_refused else b"250 2.0.0 mail accepted for delivery\r\n")
            elif verb == b"QUIT":
                say(b"221 2.0.0 bye\r\n")
                return
            elif verb == b"STAR":
                say(b"454 4.7.0 no TLS now\r\n")
            else:
                say(b"250 2.0.0 ok\r\n")

    def take(self, noted):
        """Before the reply to it, so that it is there when remote has reported it."""
        with self.lock:
            self.taken.append(b"".join(noted))

    def drain(self):
        """The transactions since the last time."""
        with self.lock:
            taken, self.taken = self.taken, []
        return taken
