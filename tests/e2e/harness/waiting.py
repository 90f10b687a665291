"""Waiting for an event, or for a time. Nothing else in these tests sleeps: tests/tidy checks it."""

import time


def settle(seconds, why):
    """Lets time pass where there is nothing to wait for; `why` says for what."""
    assert why
    time.sleep(seconds)


def holds_within(seconds, condition):
    """Polls `condition` until it is true; whether it was in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        settle(0.05, "between two looks")
    return False


def wait_until(condition, seconds, what):
    """Polls `condition` until it is true; the seconds that it took."""
    began = time.monotonic()
    assert holds_within(seconds, condition), f"not within {seconds} s: {what}"
    return time.monotonic() - began
