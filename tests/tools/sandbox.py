"""A function of somebody else's, run in a process that can do no harm (Linux).

    outcome = run(work, seconds=10, memory=1_000, readable=[...])

The process has its own network (none), its own process numbers, makes no other process,
reads only what is named, writes only into a folder of its own; its memory, its time and
the size of its files have limits. The kernel keeps it so: namespaces, Landlock [1], a filter of
system calls [2], resource limits.
It is forked, so that what is imported need not be imported again.

What it does not keep: the function shares a process with the code that judges it, so a
student who attacks the judge can make up an answer. Such a notebook can be read.

References
----------
1. Landlock: unprivileged access control, Linux kernel documentation,
   userspace-api/landlock.
2. Seccomp BPF, the same, userspace-api/seccomp_filter.
"""

import contextlib
import ctypes
import faulthandler
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from typing import NamedTuple

# <linux/sched.h>
NEW_USER, NEW_PID, NEW_NET, NEW_IPC = 0x10000000, 0x20000000, 0x40000000, 0x08000000
# <linux/prctl.h>
DIE_WITH_PARENT, SET_FILTER, NO_NEW_PRIVILEGES = 1, 22, 38
# <linux/landlock.h>; the numbers are the same on every architecture
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
READING = EXECUTE | READ_FILE | READ_DIR
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many each version knows
# system calls that make a process, by architecture: those refused, clone, clone3
MAKING = {
    "x86_64": (0xC000003E, (57, 58), 56, 435),
    "aarch64": (0xC00000B7, (), 220, 435),
}
THREAD = 0x00010000  # the flag of clone that a thread has
TCP = 0b11  # bind and connect, from version 4 on
MOST_SAID = 100_000  # bytes of an answer that are read


class SandboxError(RuntimeError):
    """This machine can't shut a process in."""


class Outcome(NamedTuple):
    """How the function ended. state: "ok", "time", "memory", "died". value: from JSON."""

    state: str
    value: object = None


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


class _Step(ctypes.Structure):
    """One instruction of a filter, <linux/filter.h>."""

    _fields_ = [
        ("code", ctypes.c_uint16),
        ("true", ctypes.c_uint8),
        ("false", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step))]


def run(work, *, seconds, memory, readable):
    """Run work(folder) in a process of its own that is shut in.

    Parameters
    ----------
    work : function of a path, the only folder that it may write to; what it returns must
        be fit for JSON.
    seconds : float, of the clock.
    memory : int, MB beyond what is in use now.
    readable : paths that it may read.

    Returns
    -------
    Outcome

    Raises
    ------
    SandboxError
        if the kernel offers no namespaces or no Landlock.
    """
    folder = tempfile.mkdtemp(prefix="metaad-sandbox-")
    answer, told = os.pipe()
    trouble, troubled = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(answer)
        os.close(trouble)
        _outer(work, folder, seconds, memory, readable, told, troubled)
    os.close(told)
    os.close(troubled)
    try:
        said, in_time = _read(answer, seconds)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(answer)
        problem = os.read(trouble, 1000).decode(errors="replace")
        os.close(trouble)
        shutil.rmtree(folder, ignore_errors=True)
    if problem:
        raise SandboxError(problem)
    if not in_time:
        return Outcome("time")
    try:
        state, value = json.loads(said)
        return Outcome(state, value)
    except (ValueError, TypeError):
        return Outcome("died")


def _read(pipe, seconds):
    """What the process says until it closes the pipe; whether that was in time."""
    end, pieces = time.monotonic() + seconds, []
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            return b"", False
        piece = os.read(pipe, 65536)
        if not piece or sum(map(len, pieces)) > MOST_SAID:
            return b"".join(pieces), True
        pieces.append(piece)


def die_with_parent():
    """Let the kernel kill this process when the one that forked it ends."""
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def _outer(work, folder, seconds, memory, readable, told, troubled):
    """In the child: the namespaces. Its own child is process 1 of the new one; when it
    ends, everything that it started ends.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    die_with_parent()
    try:
        user, group = os.getuid(), os.getgid()
        if libc.unshare(NEW_USER | NEW_PID | NEW_NET | NEW_IPC):
            _stop(troubled, f"no namespaces ({os.strerror(ctypes.get_errno())})")
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
        grandchild = os.fork()
    except OSError as error:
        _stop(troubled, str(error))
    if grandchild:
        os.close(told)
        os.close(troubled)
        os.waitpid(grandchild, 0)
        os._exit(0)
    die_with_parent()
    _inner(libc, work, folder, seconds, memory, readable, told, troubled)


def _inner(libc, work, folder, seconds, memory, readable, told, troubled):
    """In process 1: limits, then the work, then the answer."""
    state, value = "died", None
    try:
        _quiet(folder)
        _limits(seconds, memory)
        _shut_in(libc, folder, readable)
    except OSError as error:
        _stop(troubled, str(error))
    os.close(troubled)
    try:
        state, value = "ok", work(folder)
        said = json.dumps([state, value]).encode()
    except MemoryError:
        said = json.dumps(["memory", None]).encode()
    except BaseException as error:
        said = json.dumps(["died", f"{type(error).__name__}: {error}"[:500]]).encode()
    with contextlib.suppress(OSError):
        os.write(told, said[:MOST_SAID])
    os._exit(0)


def _quiet(folder):
    """Nothing to read, nothing that the reader of the table must see, no secrets."""
    faulthandler.disable()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    kept = {
        k: os.environ[k] for k in ("PATH", "LANG", "OMP_NUM_THREADS") if k in os.environ
    }
    os.environ.clear()
    os.environ.update(kept, HOME=folder, TMPDIR=folder, MPLBACKEND="agg")
    os.environ.update(MPLCONFIGDIR=folder, METAAD_DATA=folder, METAAD_RESULTS=folder)
    tempfile.tempdir = folder
    os.chdir(folder)


def _limits(seconds, memory):
    with open("/proc/self/status", encoding="ascii") as file:
        used = next(int(line.split()[1]) for line in file if line.startswith("VmData"))
    most = used * 1024 + memory * 1_000_000
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1,) * 2)


def _shut_in(libc, folder, readable):
    """Landlock: read what is named, write into the folder, no more, for good."""
    version = libc.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        raise OSError("the kernel has no Landlock, or it is switched off")
    everything = (1 << RIGHTS.get(version, 16)) - 1
    asked = _Ruleset(everything, TCP if version >= 4 else 0)
    size = ctypes.sizeof(asked) if version >= 4 else 8
    rules = libc.syscall(CREATE_RULESET, ctypes.byref(asked), size, 0)
    allowed = [(path, READING) for path in readable]
    for path, rights in [*allowed, (os.devnull, 0b110), (folder, everything)]:
        try:
            at = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # what is not there can't be read either
        if not os.path.isdir(path):
            rights &= 0b111  # a file has no entries
        rule = _Beneath(rights & everything, at)
        if libc.syscall(ADD_RULE, rules, 1, ctypes.byref(rule), 0):
            raise OSError(f"Landlock refuses a rule for {path}")
        os.close(at)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if libc.syscall(RESTRICT_SELF, rules, 0):
        raise OSError("Landlock refuses to shut this process in")
    _alone(libc)


def _alone(libc):
    """Refuse to make other processes, threads excepted: a filter of system calls [2].

    A limit of their number would not do: it does not count for root."""
    if os.uname().machine not in MAKING:
        raise OSError(f"no filter is known for {os.uname().machine}")
    architecture, refused, clone, clone3 = MAKING[os.uname().machine]
    load, equal, any_bit, answer = 0x20, 0x15, 0x45, 0x06
    allow, deny, unknown, kill = 0x7FFF0000, 0x50000 | 1, 0x50000 | 38, 0x80000000
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, kill)]
    steps += [(load, 0, 0, 0)]
    for number in refused:
        steps += [(equal, 0, 1, number), (answer, 0, 0, deny)]
    # its flags lie in memory, where no filter can look; the C library falls back
    steps += [(equal, 0, 1, clone3), (answer, 0, 0, unknown)]
    steps += [(equal, 1, 0, clone), (answer, 0, 0, allow)]
    steps += [(load, 0, 0, 16), (any_bit, 0, 1, THREAD)]
    steps += [(answer, 0, 0, allow), (answer, 0, 0, deny)]
    made = (_Step * len(steps))(*(_Step(*s) for s in steps))
    program = _Program(len(steps), made)
    if libc.prctl(SET_FILTER, 2, ctypes.byref(program), 0, 0):
        raise OSError("the kernel takes no filter of system calls")


def _write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _stop(troubled, why):
    os.write(troubled, why.encode()[:900])
    os._exit(1)
