"""Postfix, Exim and OpenSMTPD from Debian's packages, each at work in a room of its own.

Debian lets one mail server be installed at a time, so none is: the packages are downloaded and unpacked, and each server
runs in a mount namespace and a chroot in which /usr is the machine's with the package laid over it, /etc holds its
configuration and accounts, and /var is a folder of the measuring folder. It runs from the paths it was built for, with its
own users and set-user-id bits; the machine's mail server, its users and its files are not touched. Only the libraries the
packages name are installed, if missing.
"""
import os
import re
import shutil
import subprocess

from server import OWNER, ROOT, begin, count, end, free_port, greets, resident, set_aside, wait_for

PACKAGES = os.path.join(ROOT, "target", "bench", "packages")
POLICY = "/usr/sbin/policy-rc.d"
ENTER = """
set -e
mount -t overlay overlay -o "lowerdir=$1:/usr" "$2/usr"
mount --rbind /dev "$2/dev"
mount --rbind /proc "$2/proc"
room=$2
shift 2
exec chroot "$room" "$@"
"""


class Absent(Exception):
    """Why a peer cannot be measured here."""


def apt(*arguments, cwd=None):
    done = subprocess.run(["apt-get", "-q", *arguments], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C"))
    if done.returncode != 0:
        raise Absent(f"apt-get {arguments[0]} {arguments[-1]}: {done.stdout.strip().splitlines()[-1]}")


def install(packages):
    """Installs packages that lack; no daemon starts by it."""
    lacking = [p for p in packages if "install ok installed" not in subprocess.run(
        ["dpkg-query", "-W", "-f=${Status}", p], capture_output=True, text=True).stdout]
    if not lacking:
        return
    made = not os.path.exists(POLICY)
    if made:
        with open(POLICY, "w") as f:
            f.write("#!/bin/sh\nexit 101\n")
        os.chmod(POLICY, 0o755)
    try:
        print(f"installing {' '.join(lacking)}", flush=True)
        apt("update")
        apt("install", "-y", "--no-install-recommends", *lacking)
    finally:
        if made:
            os.remove(POLICY)


def unpack(packages):
    """The folder a set of packages is unpacked in, and the version of the first. Downloads what it does not have."""
    if not shutil.which("apt-get"):
        raise Absent("its packages come from Debian, and there is no apt-get here")
    into = os.path.join(PACKAGES, packages[0])
    done = os.path.join(into, "version")
    if not os.path.exists(done):
        shutil.rmtree(into, ignore_errors=True)
        os.makedirs(into)
        os.chmod(into, 0o755)
        try:
            apt("download", *packages, cwd=into)
        except Absent:
            apt("update")
            apt("download", *packages, cwd=into)
        needs = []
        for name in sorted(os.listdir(into)):
            if name.endswith(".deb"):
                deb = os.path.join(into, name)
                subprocess.run(["dpkg-deb", "-x", deb, os.path.join(into, "files")], check=True)
                depends = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], capture_output=True, text=True).stdout
                needs += re.findall(r"(?:^|, *)(lib[a-z0-9.+-]+)", depends)
        install(sorted(set(needs)))
        deb = [d for d in os.listdir(into) if d.startswith(packages[0] + "_")][0]
        version = subprocess.run(["dpkg-deb", "-f", os.path.join(into, deb), "Version"], capture_output=True, text=True)
        with open(done, "w") as f:
            f.write(version.stdout.strip())
    return os.path.join(into, "files"), open(done).read()


def tools():
    """smtp-source and smtp-sink: a function that makes their command, and their environment."""
    files, _ = unpack(["postfix"])
    environment = dict(os.environ, LD_LIBRARY_PATH=os.path.join(files, "usr/lib/postfix"))
    return lambda name: os.path.join(files, "usr/sbin", name), environment


class Peer:
    """A mail server in its room. Subclasses say what is different."""
    packages, users, box = [], {}, "srv/mail/Maildir"
    clients = 1000  # that it can be given at once

    def __init__(self, folder, relay_port):
        self.files, self.version = unpack(self.packages)
        self.room = os.path.join(folder, re.sub(r"\W+", "-", self.name.lower()))
        self.port = free_port()
        for d in ("usr", "etc", "dev", "proc", "run", "tmp", "root", "srv/mail", "var/tmp", "var/log", "var/spool"):
            os.makedirs(os.path.join(self.room, d))
        os.chmod(self.path("tmp"), 0o1777)
        os.symlink("../run", self.path("var/run"))
        os.chown(self.path("srv/mail"), OWNER, OWNER)
        for name in ("bin", "sbin", "lib", "lib64", "lib32"):
            if os.path.islink("/" + name):
                os.symlink(os.readlink("/" + name), self.path(name))
        for name in ("nsswitch.conf", "hosts", "services", "protocols", "ld.so.cache", "localtime"):
            if os.path.exists("/etc/" + name):
                shutil.copy("/etc/" + name, self.path("etc", name))
        self.accounts()
        self.configure(relay_port)
        self.out = open(self.room + ".log", "ab")
        self.process = begin(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "enter",
             os.path.join(self.files, "usr"), self.room, *self.command()], stdout=self.out, stderr=self.out)
        try:
            wait_for(lambda: greets(self.port) or self.process.poll() is not None, 30, self.name)
        except TimeoutError as e:
            self.stop()
            raise Absent(f"{e}; it said: {self.said()}") from None
        if self.process.poll() is not None:
            raise Absent(f"it did not start: {self.said()}")

    def path(self, *parts):
        return os.path.join(self.room, *parts)

    def said(self):
        lines = [line for line in open(self.out.name, errors="replace").read().splitlines() if line.strip()]
        return lines[-1] if lines else "nothing"

    def accounts(self):
        lines = [("root", 0, "/root"), ("nobody", 65534, "/nonexistent"), ("box", OWNER, "/srv/mail")]
        lines += [(name, uid, "/var/empty") for name, uid in self.users.items()]
        with open(self.path("etc/passwd"), "w") as passwd, open(self.path("etc/group"), "w") as group:
            for name, number, home in lines:
                passwd.write(f"{name}:x:{number}:{number}::{home}:/bin/sh\n")
                group.write(f"{name}:x:{number}:\n")
            group.write("nogroup:x:65533:\n")
        with open(self.path("etc/shells"), "w") as shells:
            shells.write("/bin/sh\n")

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.write(text)

    def folder(self, name, owner=0, mode=0o755):
        os.makedirs(self.path(name), exist_ok=True)
        os.chown(self.path(name), owner, owner)
        os.chmod(self.path(name), mode)

    def delivered(self):
        return count(self.path(self.box))

    def clear(self):
        set_aside(self.path(self.box))

    def resident(self):
        return resident(self.process.pid)

    def stop(self):
        end(self.process, 20)
        self.out.close()


class Postfix(Peer):
    name, packages = "Postfix", ["postfix"]
    users = {"postfix": 41002, "postdrop": 41003}

    def configure(self, relay_port):
        shutil.copytree(os.path.join(self.files, "etc/postfix"), self.path("etc/postfix"))
        for d in ("var/spool/postfix", "var/lib/postfix"):
            self.folder(d)
        shutil.chown(self.path("var/lib/postfix"), 41002)
        self.write("etc/postfix/main.cf", f"""compatibility_level = 3.6
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.bench.example
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = bench.example
virtual_mailbox_base = /srv/mail
virtual_mailbox_maps = static:Maildir/
virtual_mailbox_limit = 0
virtual_uid_maps = static:{OWNER}
virtual_gid_maps = static:{OWNER}
virtual_minimum_uid = 100
message_size_limit = 52428800
relayhost =
transport_maps = inline:{{ {{ relay.example = smtp:[127.0.0.1]:{relay_port} }} }}
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 100
default_destination_concurrency_limit = 100
maillog_file = /var/log/postfix.log
""")
        base = open(os.path.join(self.files, "usr/share/postfix/master.cf.dist")).read()
        lines = []
        for line in base.splitlines():
            fields = line.split()
            if not line.startswith((" ", "#")) and len(fields) >= 8:
                if fields[:2] == ["smtp", "inet"]:
                    fields[0] = f"127.0.0.1:{self.port}"
                fields[4] = "n"
                lines.append(" ".join(fields))
        if "postlog " not in base:
            lines.append("postlog unix-dgram n - n - 1 postlogd")
        self.write("etc/postfix/master.cf", "\n".join(lines) + "\n")

    def command(self):
        return ["/usr/sbin/postfix", "start-fg"]


class Exim(Peer):
    name, packages = "Exim", ["exim4-daemon-light", "exim4-base"]
    users = {"Debian-exim": 41004}

    def configure(self, relay_port):
        for d in ("var/spool/exim4", "var/log/exim4"):
            self.folder(d, 41004, 0o750)
        self.folder("var/lib/exim4")
        self.write("etc/mailname", "exim.bench.example\n")
        self.write("etc/exim4/exim4.conf", f"""primary_hostname = exim.bench.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = {self.port}
disable_ipv6
smtp_accept_max = 1000
smtp_connect_backlog = 1000
smtp_accept_max_per_connection = 100000
smtp_accept_queue_per_connection = 0
acl_smtp_rcpt = everybody
tls_advertise_hosts =
rfc1413_hosts =
host_lookup =

begin acl
everybody:
  accept

begin routers
relay:
  driver = manualroute
  domains = relay.example
  route_list = relay.example 127.0.0.1::{relay_port} byname
  self = send
  transport = onward
here:
  driver = accept
  domains = bench.example
  transport = box

begin transports
onward:
  driver = smtp
  allow_localhost
  hosts_avoid_tls = *
box:
  driver = appendfile
  directory = /srv/mail/Maildir
  maildir_format
  create_directory
  user = {OWNER}
  group = {OWNER}
""")

    def command(self):
        return ["/usr/sbin/exim4", "-bdf", "-q10m"]


class OpenSmtpd(Peer):
    name, packages = "OpenSMTPD", ["opensmtpd"]
    users = {"opensmtpd": 41005, "opensmtpq": 41006}
    clients = 5  # its backlog: of more that connect at once some wait seconds for TCP's retransmissions

    def configure(self, relay_port):
        self.folder("var/lib/opensmtpd/empty")
        self.folder("var/empty")
        self.folder("var/spool/smtpd", mode=0o711)
        self.write("etc/mailname", "opensmtpd.bench.example\n")
        self.write("etc/resolv.conf", "lookup file\n")  # it asks for the name of each client, and DNS comes first
        self.write("etc/smtpd.conf", f"""smtp limit max-mails 100000
smtp max-message-size 50M
mda limit max-session 100
mda limit max-session-per-user 100
mta limit max-conn-per-host 100
mta limit max-conn-per-route 100
mta limit max-conn-per-relay 100
mta limit max-conn-per-domain 100
mta limit max-conn-per-source 100
mta limit max-conn-per-connector 100
table box {{ "@" = "box" }}
listen on 127.0.0.1 port {self.port}
action "here" maildir "/srv/mail/Maildir" virtual <box>
action "onward" relay host "smtp+notls://127.0.0.1:{relay_port}"
match from any for domain "bench.example" action "here"
match from any for domain "relay.example" action "onward"
""")

    def command(self):
        return ["/usr/sbin/smtpd", "-d"]


class OpenSmtpdSynced(OpenSmtpd):
    """OpenSMTPD's queue is left to the page cache when it says 250. This one writes it synchronously (chattr +S)."""
    name = "OpenSMTPD, +S"

    def configure(self, relay_port):
        super().configure(relay_port)
        done = subprocess.run(["chattr", "+S", self.path("var/spool/smtpd")], capture_output=True, text=True)
        if done.returncode != 0:
            raise Absent(f"its queue cannot be made synchronous here: {done.stderr.strip().splitlines()[-1]}")


ALL = {peer.name: peer for peer in (Postfix, Exim, OpenSmtpd, OpenSmtpdSynced)}
