"""A Jupyter kernel inside the browser's Python: IPython's shell, whose messages go to the
page by the one function that the page offers.

`turn` is called by the page once per request. No thread, no socket, no other process.
"""

import base64
import json
import os
import sys

import _host
import comm
from comm.base_comm import BaseComm
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type


def tell(type_, content, **more):
    """Send a message to the page: {"type", "content", ...} as JSON."""
    message = {"type": type_, "content": content, **more}
    _host.call(json.dumps(message, default=_plain).encode())


def _plain(value):
    """What JSON has no form for: bytes as base64, numbers of NumPy, the rest as text."""
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    return value.item() if hasattr(value, "item") else str(value)


class Stream:
    """sys.stdout or sys.stderr: what is written becomes a message, a line at a time."""

    encoding, errors, closed = "utf-8", "replace", False

    def __init__(self, name):
        self.name, self.kept = name, ""

    def write(self, text):
        self.kept += text
        if "\n" in self.kept or "\r" in self.kept:
            self.flush()
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        if self.kept:
            tell("stream", {"name": self.name, "text": self.kept})
            self.kept = ""

    def isatty(self):
        return False

    def writable(self):
        return True

    def readable(self):
        return False


def flush():
    """Send what was written and stands in no message yet."""
    sys.stdout.flush()
    sys.stderr.flush()


class Publisher(DisplayPublisher):
    """`display(...)`: a message per call."""

    def publish(self, data, metadata=None, *, transient=None, update=False, **unused):
        flush()
        content = {
            "data": data,
            "metadata": metadata or {},
            "transient": transient or {},
        }
        tell("update_display_data" if update else "display_data", content)

    def clear_output(self, wait=False):
        flush()
        tell("clear_output", {"wait": wait})


class Result(DisplayHook):
    """The value of a cell's last line."""

    def write_output_prompt(self):
        self.result = {"execution_count": self.prompt_count}

    def write_format_data(self, format_dict, md_dict=None):
        self.result |= {"data": format_dict, "metadata": md_dict or {}}

    def finish_displayhook(self):
        flush()
        if self.result.get("data"):
            tell("execute_result", self.result)


class Shell(InteractiveShell):
    """IPython without a terminal."""

    display_pub_class = Type(Publisher)
    displayhook_class = Type(Result)
    failed = None  # the error of the running cell, as a reply names it

    def init_history(self):
        super().init_history()
        self.history_manager.enabled = False

    def enable_gui(self, gui=None):
        return None

    def _showtraceback(self, etype, evalue, stb):
        flush()
        name = getattr(etype, "__name__", str(etype))
        self.failed = {"ename": name, "evalue": str(evalue), "traceback": list(stb)}
        tell("error", self.failed)

    def system_piped(self, cmd):
        raise OSError("the browser has no other programs; nothing was run")

    system = system_piped


class Comm(BaseComm):
    """A widget's line to its half in the page."""

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        content = {"data": data or {}, "comm_id": self.comm_id, **keys}
        tell(msg_type, content, metadata=metadata or {})


class Kernel:
    """What IPython's users find at `get_ipython().kernel`."""

    def get_parent(self, channel=None):
        return {}


def start():
    """Make the shell, and put it where IPython's parts look for it."""
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    if not hasattr(os, "getuid"):
        os.getuid = int  # 0, as in other browsers' Pythons; platformdirs asks for it
    comm.create_comm = Comm
    shell = Shell.instance()
    shell.kernel = Kernel()
    shell.Completer.use_jedi = False  # it is not here
    return shell


def execute(content):
    """Run a cell: the content of an execute_reply."""
    shell.failed = None
    shell.execution_count = content["execution_count"]
    silent = content.get("silent", False)
    keep = content.get("store_history", True) and not silent
    done = shell.run_cell(content["code"], store_history=keep, silent=silent)
    flush()
    reply = {"execution_count": content["execution_count"]}
    if done.success:
        asked = content.get("user_expressions") or {}
        values = shell.user_expressions(asked)
        return reply | {"status": "ok", "user_expressions": values, "payload": []}
    if shell.failed is None:
        error = done.error_before_exec or done.error_in_exec
        name = type(error).__name__
        shell.failed = {"ename": name, "evalue": str(error), "traceback": []}
    return reply | {"status": "error"} | shell.failed


def complete(content):
    """Names that may stand at the cursor."""
    found = shell.complete(None, content["code"], content["cursor_pos"])
    start_ = content["cursor_pos"] - len(found[0])
    end = content["cursor_pos"]
    reply = {"matches": found[1], "cursor_start": start_, "cursor_end": end}
    return reply | {"metadata": {}, "status": "ok"}


def inspect(content):
    """What is known of the name at the cursor."""
    from IPython.utils.tokenutil import token_at_cursor

    name = token_at_cursor(content["code"], content["cursor_pos"])
    try:
        data = shell.object_inspect_mime(name, content.get("detail_level", 0))
    except KeyError:
        data = {}
    return {"status": "ok", "found": bool(data), "data": data, "metadata": {}}


def is_complete(content):
    """Tell whether a line ends a statement."""
    status, indent = shell.input_transformer_manager.check_complete(content["code"])
    reply = {"status": status}
    return reply | ({"indent": " " * (indent or 0)} if status == "incomplete" else {})


def comm_info(content):
    """The widgets' lines that are open."""
    wanted = content.get("target_name")
    known = comm.get_comm_manager().comms
    lines = {
        key: {"target_name": each.target_name}
        for key, each in known.items()
        if wanted in (None, "", each.target_name)
    }
    return {"comms": lines, "status": "ok"}


def hear(request):
    """Pass a comm's message from the page to the widget that it is for."""
    manager = comm.get_comm_manager()
    message = {"content": request["content"], "metadata": request.get("metadata", {})}
    message["buffers"] = []
    getattr(manager, request["type"])(None, None, message)
    flush()
    return {"status": "ok"}


ANSWERS = {
    "execute": execute,
    "complete": complete,
    "inspect": inspect,
    "is_complete": is_complete,
    "comm_info": comm_info,
}


def turn():
    """Answer the page's one request."""
    request = json.loads(_host.call(b""))
    answer = ANSWERS.get(request["type"])
    try:
        content = answer(request["content"]) if answer else hear(request)
    except Exception as error:  # the page waits for a reply, whatever happens
        content = {"status": "error", "ename": type(error).__name__}
        content |= {"evalue": str(error), "traceback": [], "execution_count": 0}
    tell("reply", content, id=request["id"])


shell = start()
