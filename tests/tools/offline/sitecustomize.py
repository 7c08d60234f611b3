"""On PYTHONPATH, this refuses every connection that leaves the machine: a quick
lesson must not need the network.
"""

import ipaddress
import socket

_connect, _lookup = socket.socket.connect, socket.getaddrinfo


def _local(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "", None)


def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _local(address[0]):
        raise OSError(f"offline run: refused a connection to {address[0]}")
    return _connect(self, address)


def getaddrinfo(host, *rest, **options):
    if not _local(host):
        raise socket.gaierror(f"offline run: refused to look up {host}")
    return _lookup(host, *rest, **options)


socket.socket.connect, socket.getaddrinfo = connect, getaddrinfo
