"""Run a command without a network: only this machine talks to itself. Exits with the command's code.

    python .ci/offline.py COMMAND ...

Where the system does not let us (no Linux, no rights), the command runs as it is, and this says so.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

UP = 0x1  # the flag of an interface that is switched on
SET_FLAGS = 0x8914  # SIOCSIFFLAGS


def switch_on_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))


def main(command):
    if command[0] == "--inside":
        switch_on_loopback()
        os.execvp(command[1], command[1:])
    isolate = ["unshare", "--net"]
    if shutil.which("unshare") is None or subprocess.call([*isolate, "true"], stderr=subprocess.DEVNULL) != 0:
        print("the network stays on: nothing here lets us switch it off", file=sys.stderr)
        return subprocess.call(command)
    return subprocess.call([*isolate, sys.executable, __file__, "--inside", *command])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
