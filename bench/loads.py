"""The loads of bench/compare and bench/profile, and what sends them."""
import contextlib
import dataclasses
import os
import re
import subprocess
import time

import client
import peers
from server import begin, free_port, greets, wait_for


@dataclasses.dataclass
class Load:
    what: str
    clients: int
    kept: bool
    octets: int
    share: float  # of --messages and --warm
    recipients: int = 1
    relay: bool = False
    latency: bool = False


LOADS = {
    "deliver": Load("20 clients, a connection a message, 4 KiB", 20, False, 4096, 1.0),
    "deliver-kept": Load("50 clients, kept connections, 4 KiB", 50, True, 4096, 1.0),
    "relay": Load("20 clients, a connection a message, 4 KiB, relayed to smtp-sink", 20, False, 4096, 1.0, relay=True),
    "100k": Load("20 clients, a connection a message, 100 KiB", 20, False, 100 << 10, 0.25),
    "5m": Load("4 clients, a connection a message, 5 MiB", 4, False, 5 << 20, 0.01),
    "100-recipients": Load("4 clients, kept connections, 4 KiB, 100 recipients a message", 4, True, 4096, 0.02,
                           recipients=100),
    "one-client": Load("one client, a kept connection, 4 KiB", 1, True, 4096, 0.5, latency=True),
}
LEAST = 4  # messages in a round, however slow the server


class Sink:
    """smtp-sink; with -c it prints how many messages it took."""

    def __init__(self, folder, tool, environment):
        self.port = free_port()
        self.out = open(os.path.join(folder, f"sink-{self.port}"), "wb")
        self.process = begin(
            [tool("smtp-sink"), "-c", "-u", "nobody", f"127.0.0.1:{self.port}", "1000"], stdout=self.out, env=environment)
        wait_for(lambda: greets(self.port), 10, "smtp-sink")
        self.base = 0

    def taken(self):
        with open(self.out.name, "rb") as f:
            f.seek(max(0, os.path.getsize(self.out.name) - 200))
            found = re.findall(rb"mesg= *(\d+)", f.read())
        return int(found[-1]) - self.base if found else 0

    def reset(self):
        self.base += self.taken()


class Generator:
    """Sends loads to a server by Postfix's smtp-source; what is relayed goes to a smtp-sink."""

    def __init__(self, folder):
        self.folder = folder
        self.tool, self.environment = peers.tools()
        self.sink = self.new_sink()

    def new_sink(self):
        return Sink(self.folder, self.tool, self.environment)

    def source(self, port, messages, load, most=1000):
        """Sends a load: when it began and ended, and the seconds of each message if it was measured."""
        to = "user@relay.example" if load.relay else "user@bench.example"
        if load.latency:
            return client.one_by_one(port, messages, load.octets, to)
        command = [self.tool("smtp-source"), "-s", str(min(load.clients, messages, most)), "-m", str(messages),
                   "-l", str(load.octets), "-f", "sender@client.example", "-t", to, "-r", str(load.recipients)]
        if load.kept:
            command.append("-d")
        begun = time.monotonic()
        done = subprocess.run(command + [f"127.0.0.1:{port}"], env=self.environment, timeout=120, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(f"smtp-source: {done.stdout.strip()[-200:]}")
        return begun, time.monotonic(), []

    def done(self, server, load):
        """Deliveries of a load since the server and the sink were cleared."""
        return self.sink.taken() if load.relay else server.delivered()

    def measure(self, server, load, messages, watch=contextlib.nullcontext()):
        """Messages a second: accepted; done; and the seconds of each. The watch is a context manager around just that."""
        server.clear()
        self.sink.reset()
        os.sync()  # what the last round left for the disk to do is not the next one's
        with watch:
            begun, accepted, took = self.source(server.port, messages, load, getattr(server, "clients", 1000))
            wait_for(lambda: self.done(server, load) >= messages * load.recipients, 60, f"it to deliver {messages} messages")
            ended = time.monotonic()
        return messages / (accepted - begun), messages / (ended - begun), took
