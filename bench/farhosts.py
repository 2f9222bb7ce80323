"""The other hosts of bench/backlog: one process that plays a slow host and a host that takes every other message.

Each port is one host, single-threaded over all of its connections. Counts are in shared memory.
"""
import multiprocessing
import selectors
import socket
import time

SLOW = 10  # seconds a connection to the slow host is kept without a word


def listener():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    s.listen(1000)
    return s


class Peer:
    """One connection to the host that takes every other message; replies to a pipelined group in one write."""

    def __init__(self, host, connection):
        self.host, self.connection = host, connection
        self.buffer, self.inside, self.refused = b"", False, False
        connection.setblocking(False)
        connection.sendall(b"220 far.example ESMTP\r\n")

    def read(self):
        """False when it is over."""
        try:
            octets = self.connection.recv(1 << 18)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not octets:
            return False
        self.buffer += octets
        out = []
        while True:
            if self.inside:
                end = self.buffer.find(b"\r\n.\r\n")
                if end < 0:
                    self.buffer = self.buffer[-4:] if len(self.buffer) > 4 else self.buffer
                    break
                self.buffer, self.inside = self.buffer[end + 5:], False
                with self.host.accepted.get_lock():
                    self.host.accepted.value += 1
                out.append(b"250 2.0.0 Ok\r\n")
                continue
            line, found, rest = self.buffer.partition(b"\r\n")
            if not found:
                break
            self.buffer = rest
            verb = line[:4].upper()
            if verb == b"EHLO":
                out.append(b"250-far.example\r\n250 PIPELINING\r\n")
            elif verb == b"RCPT":
                self.host.turn += 1
                self.refused = self.host.turn % 2 == 0
                if self.refused:
                    with self.host.refused.get_lock():
                        self.host.refused.value += 1
                out.append(b"451 4.7.1 come back later\r\n" if self.refused else b"250 2.1.5 Ok\r\n")
            elif verb == b"DATA":
                out.append(b"503 5.5.1 no recipients\r\n" if self.refused else b"354 go ahead\r\n")
                self.inside = not self.refused
            elif verb == b"QUIT":
                out.append(b"221 2.0.0 Bye\r\n")
            else:
                out.append(b"250 2.0.0 Ok\r\n")
        if out:
            try:
                self.connection.sendall(b"".join(out))
            except OSError:
                return False
        return True


class FarHosts:
    """slow: accepts connections and says nothing for ten seconds; half: takes every other message."""

    def __init__(self):
        self.slow_socket, self.half_socket = listener(), listener()
        self.slow, self.half = (s.getsockname()[1] for s in (self.slow_socket, self.half_socket))
        self.accepted, self.refused = (multiprocessing.Value("q", 0) for _ in range(2))
        self.turn = 0
        self.process = multiprocessing.Process(target=self.run, daemon=True)
        self.process.start()

    def run(self):
        chosen = selectors.DefaultSelector()
        chosen.register(self.slow_socket, selectors.EVENT_READ, "slow")
        chosen.register(self.half_socket, selectors.EVENT_READ, "half")
        waiting = []  # connections to the slow host, and when they are told to go away
        while True:
            for key, _ in chosen.select(1):
                if key.data == "slow":
                    waiting.append((time.monotonic() + SLOW, self.slow_socket.accept()[0]))
                elif key.data == "half":
                    connection = self.half_socket.accept()[0]
                    chosen.register(connection, selectors.EVENT_READ, Peer(self, connection))
                elif not key.data.read():
                    chosen.unregister(key.fileobj)
                    key.fileobj.close()
            while waiting and waiting[0][0] < time.monotonic():
                connection = waiting.pop(0)[1]
                try:
                    connection.sendall(b"421 4.3.2 busy\r\n")
                except OSError:
                    pass
                connection.close()

    def stop(self):
        self.process.kill()
        self.process.join()
