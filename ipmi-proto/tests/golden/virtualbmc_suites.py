#!/usr/bin/env python3
"""Run one VirtualBMC; with --more-suites, one that also speaks suites 7, 8, 15, 16, 17.

No BMC simulator among Debian's and PyPI's packages serves SHA-256: ipmi_sim
2.0.33 knows SHA-1 and MD5 only, and pyghmi's server (which VirtualBMC is built
on) answers every request with suite 3. So that suite 17 can be captured at
all, this script teaches pyghmi's server session to accept what the client
asked for. Whether it did so rightly is judged by the clients: ipmitool,
FreeIPMI and pyghmi each check RAKP 2, RAKP 4 and every packet by code of
their own, and a capture counts only if they went on to the end.

    virtualbmc_suites.py --port 9002 --domain test \\
        --libvirt-uri 'test+unix:///default?socket=SOCKET' [--more-suites]

Needs virtualbmc and pyghmi. Ends by itself after --seconds.
"""
import argparse
import hashlib
import hmac
import os
import signal
import struct

from pyghmi.ipmi.private import constants
from pyghmi.ipmi.private import serversession
from pyghmi.ipmi.private import session as ipmisession
from virtualbmc.vbmc import VirtualBMC

# RAKP authentication algorithm -> (hash, bytes of RAKP 4's integrity check value)
AUTH = {1: (hashlib.sha1, 12), 2: (hashlib.md5, 16), 3: (hashlib.sha256, 16)}
# suite -> (authentication, integrity, confidentiality), table 22-20
SUITES = {3: (1, 1, 1), 7: (2, 2, 0), 8: (2, 2, 1), 15: (3, 0, 0), 16: (3, 4, 0), 17: (3, 4, 1)}


class SuiteSession(serversession.ServerSession):
    """pyghmi's server session, with the algorithms of the client's request."""

    def create_open_session_response(self, request):
        auth, integ, conf = request[12], request[20], request[28]
        reply = bytearray(super().create_open_session_response(request))
        if (auth, integ, conf) not in SUITES.values():
            return bytearray([request[0], 0x11, 0, 0]) + self.clientsessionid
        self.wanted = (auth, integ, conf)
        self.currhashlib, self.currhashlen = AUTH[auth]
        reply[16], reply[24], reply[32] = auth, integ, conf
        return reply

    def _mac(self, key, data):
        return hmac.new(key, bytes(data), self.currhashlib).digest()

    def _got_rakp1(self, data):
        self.Rm, self.rolem, self.username = data[8:24], data[24], bytes(data[28:])
        self.maxpriv = self.rolem & 0b111
        password = self.authdata.get(self.username.decode("utf-8"))
        if password is None:
            return  # as the original: silence
        self.uuiddata = self.uuid.bytes
        self.Rc = os.urandom(16)
        self.kuid = password.encode("utf-8")
        self.kg = self.kg or self.kuid
        code = self._mac(
            self.kuid,
            self.clientsessionid + self.managedsessionid + self.Rm + self.Rc
            + self.uuiddata + struct.pack("2B", self.rolem, len(self.username)) + self.username,
        )
        self.send_payload(
            bytearray([data[0], 0, 0, 0]) + self.clientsessionid + self.Rc + self.uuiddata + code,
            constants.payload_types["rakp2"], retry=False,
        )

    def _got_rakp3(self, data):
        who = struct.pack("2B", self.rolem, len(self.username)) + self.username
        if data[1] or bytes(data[8:]) != self._mac(self.kuid, self.Rc + self.clientsessionid + who):
            return  # as the original: silence
        self.sik = self._mac(self.kg, self.Rm + self.Rc + who)
        self.k1 = self._mac(self.sik, b"\x01" * 20)
        self.k2 = self._mac(self.sik, b"\x02" * 20)
        self.aeskey = self.k2[:16]
        self.localsid = struct.unpack("<I", self.managedsessionid)[0]
        self.ipmicallback = self.handle_client_request
        code = self._mac(self.sik, self.Rm + self.managedsessionid + self.uuiddata)
        self.send_payload(
            bytearray([data[0], 0, 0, 0]) + self.clientsessionid + code[:self.currhashlen],
            constants.payload_types["rakp4"], retry=False,
        )
        _, integ, conf = self.wanted
        self.integrityalgo = integ
        self.confalgo = "aes" if conf else 0
        self.sequencenumber = 1
        self.sessionid = struct.unpack("<I", bytes(self.clientsessionid))[0]

    def _handle_ipmi2_packet(self, data):
        if getattr(self, "wanted", (0, 1))[1] == 0 and data[5] == 0:
            # no integrity: pyghmi drops such packets by itself
            size = data[14] + (data[15] << 8)
            return self._parse_ipmi_payload(data[16:16 + size])
        return super()._handle_ipmi2_packet(data)


def send_cipher_suites(self, myaddr, mylun, clientaddr, clientlun, clientseq, data, sockaddr):
    """pyghmi's own, with suite 17's record beside suite 3's."""
    head = bytearray([clientaddr, clientlun | (7 << 2)])
    head.append(ipmisession._checksum(*head))
    body = bytearray([myaddr, mylun | clientseq << 2, 0x54, 0, 1])
    if not data[-2] & 0x3F:  # list index 0; the later ones are empty
        for suite in (3, 17):
            auth, integ, conf = SUITES[suite]
            body += bytearray([0xC0, suite, auth, 0x40 | integ, 0x80 | conf])
    body.append(ipmisession._checksum(*body))
    packet = bytearray(b"\x06\x00\xff\x07\x06\x00") + bytes(8)
    packet += struct.pack("<H", len(head) + len(body)) + head + body
    ipmisession._io_sendto(self.serversocket, packet, sockaddr)


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--port", type=int, default=9002)
    p.add_argument("--domain", default="test")
    p.add_argument("--libvirt-uri", required=True)
    p.add_argument("--user", default="admin")
    p.add_argument("--password", default="password")
    p.add_argument("--seconds", type=int, default=60, help="end after that long (default 60)")
    p.add_argument("--more-suites", action="store_true")
    o = p.parse_args()
    signal.alarm(o.seconds)
    if o.more_suites:
        serversession.ServerSession = SuiteSession
        serversession.IpmiServer.send_cipher_suites = send_cipher_suites
    VirtualBMC(o.user, o.password, o.port, "127.0.0.1", o.domain, o.libvirt_uri).listen(timeout=1)


if __name__ == "__main__":
    main()
