#!/usr/bin/env python3
"""Capture the datagrams between an IPMI client and a BMC as a golden-bytes file.

    client  ->  relay (UDP, loopback)  ->  BMC

The relay listens on one UDP address, passes every datagram on unchanged in
both directions, and writes each one as a line of hex:

    # client: ipmitool 1.8.19  server: ipmi_sim 2.0.33
    # command: ipmitool -I lanplus -C 3 -U admin -P password ... power status
    # user: admin  password: password  kg: (none)  suite: 3
    > 0600ff07...      client to server
    < 0600ff07...      server to client

The client is run by the relay itself: everything after "--" is its command
line, in which @HOST@ and @PORT@ stand for the relay's own address.

    relay.py --server 127.0.0.1:9001 --out ipmitool-ipmi_sim-power-status.txt \\
        --client-name 'ipmitool 1.8.19' --server-name 'ipmi_sim 2.0.33' \\
        --user admin --password password --suite 3 -- \\
        ipmitool -I lanplus -H @HOST@ -p @PORT@ -C 3 -U admin -P password power status

Only the standard library is used. Every loop ends: by the client's exit, by
--seconds, or by --limit. Traffic is refused to anything but loopback.
"""
import argparse
import ipaddress
import os
import selectors
import shlex
import socket
import subprocess
import sys
import time

DATAGRAM_MAX = 65535


def host_port(text):
    """"127.0.0.1:623" as a tuple; only loopback addresses are accepted."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    if not ipaddress.ip_address(host).is_loopback:
        raise argparse.ArgumentTypeError(f"{host} is not a loopback address")
    return host, int(port)


def parse_args():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--listen", type=host_port, default=("127.0.0.1", 16230),
                   metavar="HOST:PORT", help="where the client connects (127.0.0.1:16230)")
    p.add_argument("--server", type=host_port, required=True,
                   metavar="HOST:PORT", help="the real BMC")
    p.add_argument("--out", required=True, help="the file to write")
    p.add_argument("--client-name", required=True, help="name and version, for the header")
    p.add_argument("--server-name", required=True, help="name and version, for the header")
    p.add_argument("--user", default="-", help="for the header: the BMC's user (default -)")
    p.add_argument("--password", default="-", help="for the header (default -)")
    p.add_argument("--kg", default="(none)", help="for the header (default (none))")
    p.add_argument("--suite", default="-", help="for the header: cipher suite (default -)")
    p.add_argument("--shown", help="for the header: the command, where it is not what is run")
    p.add_argument("--seconds", type=float, default=40, help="longest run (default 40)")
    p.add_argument("--limit", type=int, default=64,
                   help="most datagrams; a run with more writes no file (default 64)")
    p.add_argument("--lose", type=int, action="append", default=[], metavar="N",
                   help="keep the N-th answer (from 1) from the client, to see it resend; "
                        "the answer stands in the file all the same; may be given again")
    p.add_argument("--quiet", type=float, default=0.3,
                   help="silence to wait for once the client has ended (default 0.3 s)")
    p.add_argument("command", nargs="+", help="-- CLIENT ARGS..., with @HOST@ and @PORT@")
    return p.parse_args()


class Relay:
    """Passes datagrams on, one upstream socket per client address.

    A BMC tells its clients apart by address and port, so two source ports of
    a client must stay two towards the server.
    """

    def __init__(self, listen, server, lose=()):
        family = socket.AF_INET6 if ":" in listen[0] else socket.AF_INET
        self.front = socket.socket(family, socket.SOCK_DGRAM)
        self.front.bind(listen)
        self.front.setblocking(False)
        self.server = server
        self.upstream = {}  # client address -> socket
        self.lines = []
        self.lose = set(lose)
        self.answers = 0
        self.select = selectors.DefaultSelector()
        self.select.register(self.front, selectors.EVENT_READ, None)

    def step(self, timeout):
        """Wait for at most `timeout`, pass on what is there; True if anything was."""
        busy = False
        for key, _ in self.select.select(timeout):
            busy = True
            if key.data is None:
                self._from_client()
            else:
                self._from_server(key.fileobj, key.data)
        return busy

    def _from_client(self):
        data, client = self.front.recvfrom(DATAGRAM_MAX)
        self.lines.append("> " + data.hex())
        if client not in self.upstream:
            s = socket.socket(
                socket.AF_INET6 if ":" in self.server[0] else socket.AF_INET, socket.SOCK_DGRAM
            )
            s.connect(self.server)
            s.setblocking(False)
            self.upstream[client] = s
            self.select.register(s, selectors.EVENT_READ, client)
        try:
            self.upstream[client].send(data)
        except ConnectionRefusedError:
            pass  # nobody listens there: the client sees silence, as on a network

    def _from_server(self, sock, client):
        try:
            data = sock.recv(DATAGRAM_MAX)
        except ConnectionRefusedError:
            return
        self.lines.append("< " + data.hex())
        self.answers += 1
        if self.answers not in self.lose:
            self.front.sendto(data, client)


def main():
    o = parse_args()
    relay = Relay(o.listen, o.server, o.lose)
    host, port = relay.front.getsockname()[:2]
    command = [a.replace("@HOST@", host).replace("@PORT@", str(port)) for a in o.command]

    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + o.seconds
    ended_ok = False
    while time.monotonic() < deadline and len(relay.lines) <= o.limit:
        relay.step(0.02)
        if child.poll() is not None:
            # The last answer may still be under way.
            quiet_until = min(time.monotonic() + o.quiet, deadline)
            while time.monotonic() < quiet_until and len(relay.lines) <= o.limit:
                relay.step(0.02)
            ended_ok = True
            break
    if child.poll() is None:
        child.kill()
        child.wait()

    name = os.path.basename(o.out)
    if not ended_ok or not relay.lines or len(relay.lines) > o.limit:
        print(f"{name}: NOT written: {len(relay.lines)} datagrams, "
              f"client {'ended' if ended_ok else 'stopped'}", file=sys.stderr)
        return 1
    shown = o.shown or shlex.join([os.path.basename(command[0])] + command[1:])
    with open(o.out, "w", encoding="ascii") as f:
        f.write(f"# client: {o.client_name}  server: {o.server_name}\n")
        f.write(f"# command: {shown}\n")
        f.write(f"# user: {o.user}  password: {o.password}  kg: {o.kg}  suite: {o.suite}\n")
        f.writelines(line + "\n" for line in relay.lines)
    print(f"{name}: {len(relay.lines)} datagrams, client's exit code {child.returncode}",
          file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
