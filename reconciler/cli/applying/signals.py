"""Signals that ask a run to stop: between two requests, or at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from reconciler.apply.tools import Tools


@contextmanager
def signals(tools: Tools) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal ask the run to stop between two requests.

    A second one gives the queues back at once, beside the request under way, and nothing is tried again.
    """

    def say(text: str) -> None:
        with suppress(RuntimeError):  # the signal came while something else was being said
            tools.progress.say(text)

    def asked(_number: int, _frame: FrameType | None) -> None:
        if not tools.interruption.requested:
            tools.interruption.request()
            say("stopping: the request under way ends, then the queues are given back")
            return
        for reader in [tools.reader, *([tools.admin[0]] if tools.admin else [])]:
            reader.transport.stop_retrying()
        tools.interruption.hurry()
        say("the queues are given back now; the request under way is waited for, but not tried again")

    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup does
        numbers.append(signal.SIGHUP)
    former = {number: signal.signal(number, asked) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
