"""Panels of large numbers, and of states over time."""

import svg
import theme
import units
from lines import SIZE, Frame, clock


def stat(canvas, panel, series, box):
    x, y, wide, high = box
    defaults, options = panel["fieldConfig"]["defaults"], panel["options"]
    count = max(1, len(series))
    filled = options["colorMode"] == "background"
    ink = "#111217" if filled and count == 1 else theme.TEXT
    title, top, rest = svg.fitted(panel["title"], 13, wide - 16, True), y, high
    if count > 1:
        top, rest = y + 30, high - 30
    part = (wide + 4) / count - 4
    for index, (name, values) in enumerate(series or [("", [None])]):
        left = x + (part + 4) * index
        known = [value for value in values if value is not None]
        value = known[-1] if known else None
        hue = theme.of_value(defaults, value)
        words = defaults.get("mappings", [{"options": {}}])[0]["options"]
        text = units.shown(value, defaults["unit"], defaults.get("decimals"))
        text = words.get(str(value).removesuffix(".0"), {"text": text})["text"]
        if value is None:
            text, hue = defaults.get("noValue", "No data"), theme.FAINT
        if filled:
            canvas.rect(left, top, part, rest, hue, rx=2)
        if options["graphMode"] == "area" and len(known) > 1:
            _sparkline(canvas, values, (left, top + rest * 0.62, part, rest * 0.38), hue, filled)
        _value(canvas, text, "#111217" if filled else hue, name if count > 1 else "",
               (left, top, part, rest))  # fmt: skip
    canvas.text(x + 8, y + 20, title, 13, ink, bold=True)


def _value(canvas, text, ink, name, box):
    left, y, part, high = box
    size = 34
    while svg.width(text, size, True) > part - 20:
        size -= 1
    middle = left + part / 2
    lift = 4 if name else -6
    canvas.text(middle, y + high / 2 + size * 0.36 - lift, text, size, ink, "middle", bold=True)
    if name:
        label = svg.fitted(name, 12, part - 12)
        canvas.text(middle, y + high - 14, label, 12, ink, "middle")


def _sparkline(canvas, values, box, hue, filled):
    left, top, wide, high = box
    known = [value for value in values if value is not None]
    low, most = min(known), max(known)
    span = (most - low) or 1
    points = [
        (left + wide * index / (len(values) - 1), top + high * (1 - 0.9 * (value - low) / span))
        for index, value in enumerate(values)
        if value is not None
    ]
    ink = "#ffffff" if filled else hue
    canvas.path([points], close_to=top + high, fill=ink, fill_opacity="0.2")
    canvas.path([points], fill="none", stroke=ink, stroke_opacity="0.7")


def states(canvas, panel, series, box, times, annotations):
    x, y, wide, high = box
    defaults = panel["fieldConfig"]["defaults"]
    left = x + 16 + max(svg.width(name, 12) for name, _ in series)
    frame = Frame(left, x + wide - 12, y + 36, y + high - 26, times, (0, 1))
    row = (frame.bottom - frame.top) / len(series)
    clock(canvas, frame)
    for index, (name, values) in enumerate(series):
        top = frame.top + row * index
        canvas.text(left - 8, top + row / 2 + 4, name, 12, theme.TEXT, "end")
        for begin, end, value in _runs(defaults, values):
            start, stop = frame.across(times[begin]), frame.across(times[min(end, len(times) - 1)])
            canvas.rect(start, top + 1.5, stop - start, row - 3, value, fill_opacity="0.85")
    for hue, moments in annotations:
        for moment in moments:
            at = frame.across(moment)
            canvas.line(at, frame.top, at, frame.bottom, hue, stroke_dasharray="2 3")


def _runs(defaults, values):
    """(first, one past the last, colour) of equal colours."""
    hues = [None if value is None else theme.of_value(defaults, value) for value in values]
    begin = 0
    for index in range(1, len(hues) + 1):
        if index == len(hues) or hues[index] != hues[begin]:
            if hues[begin]:
                yield begin, index, hues[begin]
            begin = index
