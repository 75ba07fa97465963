#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A wide-area link between two routers: two TUN devices with delay and loss between them.

    wan.py NETNS DEVICE NETNS DEVICE DELAY_MS LOSS_PERCENT

Both devices exist already.  What comes out of one goes into the other after
DELAY_MS (and up to half of that again, in order), except LOSS_PERCENT of the
packets.  tc's netem does the same, but many small kernels come without it.
"""
import collections
import ctypes
import fcntl
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000


def open_tun(netns, device):
    ns = os.open("/run/netns/" + netns, os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(ns, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns " + netns)
    os.close(ns)
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def main():
    a, b = open_tun(sys.argv[1], sys.argv[2]), open_tun(sys.argv[3], sys.argv[4])
    delay, loss = float(sys.argv[5]) / 1000, float(sys.argv[6]) / 100
    other = {a: b, b: a}
    queues = {a: collections.deque(), b: collections.deque()}  # by destination
    chance = random.Random(1)
    while True:
        due = min((q[0][0] for q in queues.values() if q), default=None)
        wait = None if due is None else max(0, due - time.monotonic())
        for fd in select.select([a, b], [], [], wait)[0]:
            packet = os.read(fd, 65536)
            if chance.random() < loss:
                continue
            q = queues[other[fd]]
            at = time.monotonic() + delay * (1 + chance.random() / 2)
            q.append((max(at, q[-1][0]) if q else at, packet))
        now = time.monotonic()
        for fd, q in queues.items():
            while q and q[0][0] <= now:
                try:
                    os.write(fd, q.popleft()[1])
                except OSError:  # the device is going down, or its queue is full
                    pass


main()
