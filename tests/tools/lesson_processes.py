"""Processes that run lessons, none of which outlives the one that asked for them."""

import contextlib
import os
import signal
import sys
import threading
import time

CHECK_EVERY = 0.5  # seconds between two looks at the parent


def stop_children():
    """Kill everything that this process started: workers, their kernels, and theirs."""
    import psutil

    # kernels lead process groups of their own, so a signal to the group is not enough
    children = psutil.Process().children(recursive=True)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(children, timeout=5)


def die_with_the_parent():
    """Start a thread that ends this worker and its kernel when the parent is gone,
    however it went.
    """
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(CHECK_EVERY)
        stop_children()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def become_worker():
    """Set a worker up. Ctrl-C in a terminal goes to all: the parent decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with_the_parent()


def stop_on_signals():
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does."""

    def stop(number, frame):
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)


@contextlib.contextmanager
def one_line_when_stopped(done, total):
    """Turn Ctrl-C in this block into one line and exit status 130. done : function."""
    try:
        yield
    except KeyboardInterrupt:
        stop_children()
        print(f"\nstopped: {done()} of {total} runs are finished, the rest is not.")
        sys.stdout.flush()
        # the pool would wait for workers that are gone
        os._exit(130)
