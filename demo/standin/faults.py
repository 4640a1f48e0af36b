# SPDX-License-Identifier: Apache-2.0
"""Misbehaviour on demand: what a test can have X do instead of answering well.

A fault is a dictionary: path, times, when (a text that is in the call's Authorization or body; none: any call), kind and
the options of its kind.  KINDS lists the kinds;
each is a function that gets a Delivery and the options, its parameters being named as the options
are called in JSON (which is why some of them hide a builtin or a neighbour).
"""

import base64
import inspect
import json
import random
import secrets
import zlib
from urllib.parse import parse_qsl, quote

from .errors import CODES, FORMATS, Refused
from .problems import PROBLEMS, Problem
from .server import Disconnect, Reply

BLOCK = b"a" * 65536
HEADER_SIZE = 8000
MEGABYTE = 1 << 20
COMMON = ("path", "times", "when", "kind")  # what all faults have


class Delivery:
    """The way of one answer to the client."""

    def __init__(self, state, wire, request, record, close):
        self.request = request
        self.wire = wire
        self.decide = None
        self._state = state
        self._trial = state.trial
        self._record = record
        self._close = close
        self._in_flight = record["kind"] == "api"

    def proper(self):
        """The answer that is due; what it is about (a token used, say) has then happened."""
        return self._noted(self.decide())

    def send(self, reply):
        """Send an answer whole.

        The call is over just before: the client may begin the next one as soon as it has this,
        and would otherwise now and then be seen with two in flight.
        """
        self._noted(reply)
        self.over()
        self.wire.send(reply, head_only=self.request.method == "HEAD", close=self._close)

    def begin(self, reply, framing=None):
        """Send the head of an answer that is the last on this connection.

        `framing` is the header that stands for Content-Length, "" for none.
        """
        self.wire.write(self._noted(reply).head(framing, close=True))

    def wait(self, seconds):
        """Let time pass (for ever if None), until the client leaves or a reset comes."""
        self.wire.wait(seconds, lambda: self._state.trial is not self._trial)

    def over(self):
        """The call is no longer in flight, if it was."""
        if self._in_flight:
            self._in_flight = False
            self._state.leave(self.request.path)

    def _noted(self, reply):
        """The answer with the time here; its status goes into the record."""
        reply.date = self._state.now()
        self._record["status"] = reply.status
        return reply


def suffer(fault, delivery):
    """Let a fault happen."""
    KINDS[fault["kind"]](delivery, **options_of(fault))


def fault_from(wanted):
    """A fault as asked for, made whole; ValueError says what is wrong with it."""
    fault = {"path": "*", "times": None, "when": "", **wanted}
    if fault.get("kind") not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    try:
        inspect.signature(KINDS[fault["kind"]]).bind(None, **options_of(fault))
    except TypeError as error_text:
        raise ValueError(f"{fault['kind']}: {error_text}") from None
    if fault["kind"] == "error":
        if fault["code"] not in CODES or fault.get("format", "auto") not in FORMATS:
            raise ValueError(f"code is one of {list(CODES)}, format one of {list(FORMATS)}")
    if fault["kind"] == "error2" and fault["name"] not in PROBLEMS:
        raise ValueError(f"name is one of {', '.join(PROBLEMS)}")
    return fault


def options_of(fault):
    """What is left of a fault without the members all faults have."""
    return {name: value for name, value in fault.items() if name not in COMMON}


# Other answers

def status(delivery, status=500, body="", content_type="text/plain", headers=()):
    """Another status, with a body and headers (an object, or a list of pairs)."""
    pairs = headers.items() if isinstance(headers, dict) else headers
    delivery.send(Reply(status, body.encode(), content_type, list(pairs)))


def error(delivery, code, format="auto", status=None, headers=()):
    """An error of X's, by its code."""
    reply = Refused(code, status=status, shape=format).reply(delivery.request)
    reply.headers += headers.items() if isinstance(headers, dict) else headers
    delivery.send(reply)


def error2(delivery, name, parameter="", status=None, headers=()):
    """An error of OAuth 2.0 or of version 2 of the API, by its name in PROBLEMS."""
    reply = Problem(name, parameter).reply(delivery.request)
    reply.status = status or reply.status
    reply.headers += headers.items() if isinstance(headers, dict) else headers
    delivery.send(reply)


def body(delivery, body="", body_base64=None, content_type="text/html;charset=utf-8", status=200):
    """Another body."""
    content = body.encode() if body_base64 is None else base64.b64decode(body_base64)
    delivery.send(Reply(status, content, content_type))


def raw(delivery, head="", body_base64=""):
    """Other bytes instead of an answer, from its status line on; `head` is written as latin-1."""
    delivery.over()
    delivery.wire.write(head.encode("latin-1") + base64.b64decode(body_base64))
    raise Disconnect


def garbage(delivery, bytes=512):
    """Bytes without a meaning."""
    delivery.send(Reply(body=secrets.token_bytes(bytes)))


def redirect(delivery, location, status=302):
    """Somewhere else."""
    delivery.send(Reply(status, headers=[["Location", location]]))


# The proper answer in another dress

def edit(delivery, set=None, drop=(), repeat=(), shuffle=False, escape_all=False):
    """The proper answer with its fields changed, left out, said twice, mixed or escaped.

    Of an answer in JSON, "data.id" is the member id of the member data.
    """
    reply = delivery.proper()
    if reply.content_type.startswith("application/json"):
        document = edited(json.loads(reply.body), set or {}, drop)
        reply.body = in_json(document, repeat, shuffle, escape_all).encode()
        delivery.send(reply)
        return
    fields = dict(parse_qsl(reply.body.decode(), keep_blank_values=True)) | (set or {})
    pairs = [(name, str(value)) for name, value in fields.items() if name not in drop]
    pairs += [(name, str(fields[name])) for name in repeat]
    if shuffle:
        random.shuffle(pairs)
    encode = escape_every_byte if escape_all else lambda value: quote(value, safe="")
    reply.body = "&".join(f"{name}={encode(value)}" for name, value in pairs).encode()
    delivery.send(reply)


def edited(document, changed, dropped):
    """The document with members changed and left out."""
    for path in [*changed, *dropped]:
        *way, name = path.split(".")
        place = document
        for step in way:
            place = place.setdefault(step, {})
        if path in dropped:
            place.pop(name, None)
        else:
            place[name] = changed[path]
    return document


def in_json(value, repeat, shuffle, escape_all, path=""):
    """JSON in which members occur twice, in any order, with each character of a string escaped."""
    if isinstance(value, str) and escape_all:
        units = value.encode("utf-16-be", "surrogatepass").hex()
        return '"' + "".join(f"\\u{units[i:i + 4]}" for i in range(0, len(units), 4)) + '"'
    if not isinstance(value, dict):
        return json.dumps(value)
    pairs = list(value.items())
    pairs += [(name, member) for name, member in pairs if path + name in repeat]
    if shuffle:
        random.shuffle(pairs)
    members = (in_json(name, (), False, escape_all) + ": "
               + in_json(member, repeat, shuffle, escape_all, f"{path}{name}.")
               for name, member in pairs)
    return "{" + ", ".join(members) + "}"


def escape_every_byte(value):
    """%XX for each byte, also where there is no need."""
    return "".join(f"%{byte:02X}" for byte in value.encode())


def huge_headers(delivery, bytes=10 * MEGABYTE):
    """The proper answer behind so many bytes of headers."""
    reply = delivery.proper()
    lines = bytes // HEADER_SIZE + 1
    reply.headers += [[f"X-Padding-{number}", "a" * HEADER_SIZE] for number in range(lines)]
    delivery.send(reply)


def interim(delivery, count=None, status=102):
    """So many (None: endless) 1xx answers before the proper one."""
    line = Reply(status).head()
    sent = 0
    while count is None or sent < count:
        delivery.wire.write(line)
        sent += 1
    delivery.send(delivery.proper())


def gzip_bomb(delivery, bytes=64 * MEGABYTE):
    """A small body that unpacks to so many bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = [packer.compress(BLOCK) for _ in range(bytes // len(BLOCK))]
    content = b"".join([*packed, packer.flush()])
    delivery.send(Reply(body=content, headers=[["Content-Encoding", "gzip"]]))


def huge(delivery, bytes=10 * MEGABYTE, chunked=False, announced=None):
    """A body of so many bytes (None: endless), announced by its length, in chunks or neither."""
    if chunked:
        framing = "Transfer-Encoding: chunked"
    elif announced or (announced is None and bytes is not None):
        framing = f"Content-Length: {bytes}"
    else:
        framing = ""
    delivery.begin(Reply(), framing)
    sent = 0
    while bytes is None or sent < bytes:
        block = BLOCK if bytes is None else BLOCK[:bytes - sent]
        delivery.wire.write(b"%x\r\n%b\r\n" % (len(block), block) if chunked else block)
        sent += len(block)
    if chunked:
        delivery.wire.write(b"0\r\n\r\n")
    raise Disconnect


def truncate(delivery, missing=100):
    """The proper answer, its Content-Length promising more than comes."""
    reply = delivery.proper()
    delivery.begin(reply, f"Content-Length: {len(reply.body) + missing}")
    delivery.wire.write(reply.body)
    raise Disconnect


# Slow and broken connections

def delay(delivery, seconds):
    """The proper answer, late."""
    delivery.wait(seconds)
    delivery.send(delivery.proper())


def drip(delivery, bytes_per_second=1):
    """The proper answer, so slowly."""
    reply = delivery.proper()
    rest = reply.head(close=True) + reply.body
    size = max(1, int(bytes_per_second / 10))
    while rest:
        delivery.wire.write(rest[:size])
        rest = rest[size:]
        delivery.wait(size / bytes_per_second)
    raise Disconnect


def hang(delivery, at="accept", seconds=None):
    """Silence (None: for ever) instead of the answer, after its status line, within its body, or
    after it, where only the end of the connection would tell that it was whole."""
    begin_partly(delivery, at)
    delivery.wait(seconds)
    raise Disconnect


def reset(delivery, at="before"):
    """A TCP reset before the answer, after its status line or within its body."""
    begin_partly(delivery, at)
    delivery.wait(0.05)  # a reset overtakes what was sent just before it
    delivery.wire.reset()


def close(delivery):
    """An end of the connection instead of an answer."""
    raise Disconnect


def begin_partly(delivery, upto):
    """Send nothing, the proper answer's status line, its head and half of its body, or all of it."""
    if upto in ("accept", "before"):
        return
    reply = delivery.proper()
    if upto == "headers":
        delivery.wire.write(reply.head().partition(b"\r\n")[0] + b"\r\n")
    elif upto == "after":
        delivery.begin(reply, "")
        delivery.wire.write(reply.body)
    else:
        delivery.begin(reply, f"Content-Length: {len(reply.body)}")
        delivery.wire.write(reply.body[:len(reply.body) // 2])


KINDS = {kind.__name__: kind for kind in (
    status, error, error2, body, raw, garbage, redirect, edit, huge_headers, interim, gzip_bomb, huge,
    truncate, delay, drip, hang, reset, close)}
