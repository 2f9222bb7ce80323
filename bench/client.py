"""SMTP clients of the measuring commands, for what smtp-source does not measure."""
import os
import socket
import statistics
import time


class Conversation:
    """A kept connection to an SMTP server."""

    def __init__(self, port, source=None, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), 120, source and (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.reply(b"220")
        self.say(b"EHLO client.example\r\n", b"250")

    def reply(self, expected):
        while True:
            while b"\n" not in self.buffer:
                octets = self.socket.recv(65536)
                if not octets:
                    raise ConnectionError("the server closed the connection")
                self.buffer += octets
            line, _, self.buffer = self.buffer.partition(b"\n")
            if line[3:4] != b"-":
                if not line.startswith(expected):
                    raise ConnectionError(f"the server said {line.decode(errors='replace').strip()}")
                return

    def say(self, octets, expected):
        self.socket.sendall(octets)
        self.reply(expected)

    def message(self, recipient, text):
        """One message, each step after the reply to the one before; the seconds it took."""
        begun = time.perf_counter()
        self.say(b"MAIL FROM:<sender@client.example>\r\n", b"250")
        self.say(b"RCPT TO:<" + recipient + b">\r\n", b"250")
        self.say(b"DATA\r\n", b"354")
        self.say(text, b"250")
        return time.perf_counter() - begun

    def quit(self):
        self.say(b"QUIT\r\n", b"221")
        self.socket.close()


def text(octets):
    """A message of that many octets, with its final dot."""
    head = b"From: <sender@client.example>\r\nTo: <user@bench.example>\r\nSubject: bench\r\n\r\n"
    line = b"x" * 76 + b"\r\n"
    body = line * max(1, (octets - len(head)) // len(line))
    return head + body + b".\r\n"


def one_by_one(port, messages, octets, recipient):
    """One client, one message after the other on one connection: when it began and ended, and the seconds of each."""
    whole = text(octets)
    conversation = Conversation(port)
    begun = time.monotonic()
    took = [conversation.message(recipient.encode(), whole) for _ in range(messages)]
    ended = time.monotonic()
    conversation.quit()
    return begun, ended, took


def lone_sync(folder, octets, times=100):
    """The median of the seconds that appending octets to a file and one fdatasync take."""
    path = os.path.join(folder, "lone-sync")
    took = []
    with open(path, "wb", buffering=0) as f:
        for _ in range(times):
            begun = time.perf_counter()
            f.write(b"x" * octets)
            os.fdatasync(f.fileno())
            took.append(time.perf_counter() - begun)
    os.remove(path)
    return statistics.median(took)
