"""A panel of lines, alone or stacked, with axes, thresholds, annotations and a legend."""

import time

import svg
import theme
import units

SIZE = 11
LEGEND_LINE = 16


def draw(canvas, panel, series, box, times, annotations):
    x, y, wide, high = box
    defaults = panel["fieldConfig"]["defaults"]
    custom = defaults["custom"]
    stacked = custom["stacking"]["mode"] == "normal"
    if theme.hides_silent(panel):
        series = [(name, values) for name, values in series if any(values)]
    coloured = [
        (name, theme.of_series(panel, index, name), values)
        for index, (name, values) in enumerate(series)
    ]
    legend = _legend_lines([entry[:2] for entry in coloured], wide - 16, 3 if high > 280 else 2)
    bottom = y + high - 8 - LEGEND_LINE * len(legend)
    _legend(canvas, legend, x + 8, bottom)
    limits = [s["value"] for s in defaults["thresholds"]["steps"] if s["value"] is not None]
    limits = limits if custom["thresholdsStyle"]["mode"] != "off" else []
    curves = _stack(coloured) if stacked else [(*entry, None) for entry in coloured]
    known = [v for *_, values, _ in curves for v in values if v is not None]
    highest = max([*known, custom.get("axisSoftMax", 0)])
    lowest = 0 if "min" in defaults else min([*known, 0])
    marks = units.ticks(lowest, highest or 1, defaults["unit"], 4 if high > 240 else 3)
    labels = [units.shown(mark, defaults["unit"]) for mark in marks]
    left = x + 14 + max(svg.width(label, SIZE) for label in labels)
    frame = Frame(left, x + wide - 12, y + 34, bottom - 22, times, (marks[0], marks[-1]))
    for mark, label in zip(marks, labels, strict=True):
        at = frame.height(mark)
        canvas.line(left, at, frame.right, at, theme.GRID)
        canvas.text(left - 6, at + 4, label, SIZE, theme.FAINT, "end")
    clock(canvas, frame)
    for _, hue, values, below in reversed(curves):
        if any(values):
            _curve(canvas, frame, hue, values, below, custom["fillOpacity"] / 100)
    for limit in limits:
        hue, at = theme.of_value(defaults, limit), frame.height(limit)
        canvas.line(left, at, frame.right, at, hue, stroke_dasharray="6 4", stroke_opacity="0.8")
    for hue, moments in annotations:
        for moment in moments:
            at = frame.across(moment)
            canvas.line(at, frame.top, at, frame.bottom, hue, stroke_dasharray="2 3",
                        stroke_opacity="0.9")  # fmt: skip
            tip = [(at - 4, frame.bottom + 5), (at, frame.bottom), (at + 4, frame.bottom + 5)]
            canvas.path([tip], fill=hue)


class Frame:
    """The coordinates of time and value."""

    def __init__(self, left, right, top, bottom, times, span):
        self.left, self.right, self.top, self.bottom = left, right, top, bottom
        self.times, (self._lowest, self._highest) = times, span

    def across(self, moment):
        first, last = self.times[0], self.times[-1]
        return self.left + (self.right - self.left) * (moment - first) / (last - first)

    def height(self, value):
        share = (value - self._lowest) / (self._highest - self._lowest)
        return self.bottom - (self.bottom - self.top) * share


def _stack(coloured):
    """Each is stacked on those before it; series that are always 0 are omitted."""
    below, curves = None, []
    for name, hue, values in coloured:
        if not any(values):
            continue
        base = below or [0] * len(values)
        top = [None if v is None else v + (b or 0) for v, b in zip(values, base, strict=True)]
        curves.append((name, hue, top, base))
        below = [b if t is None else t for t, b in zip(top, base, strict=True)]
    return curves


def _curve(canvas, frame, hue, values, below, opacity):
    runs, floors = [[]], [[]]
    for index, value in enumerate(values):
        if value is None:
            if runs[-1]:
                runs.append([])
                floors.append([])
            continue
        at = frame.across(frame.times[index])
        runs[-1].append((at, frame.height(value)))
        floors[-1].append((at, frame.height((below[index] or 0) if below else 0)))
    for run, floor in zip(runs, floors, strict=True):
        if len(run) > 1:
            outline = svg.simplified(run) + svg.simplified(floor)[::-1]
            words = "M" + "L".join(f"{svg.number(px)} {svg.number(py)}" for px, py in outline)
            canvas.shape(words + "Z", fill=hue, fill_opacity=f"{opacity * 0.85:.2f}")
    canvas.path([run for run in runs if len(run) > 1], fill="none", stroke=hue,
                stroke_width="1.4", stroke_linejoin="round")  # fmt: skip


def clock(canvas, frame):
    first, last = frame.times[0], frame.times[-1]
    room = svg.width("00:00:00", SIZE) + 18
    step = next(s for s in (30, 60, 120, 300, 600, 1800, 3600)
                if (frame.right - frame.left) * s / (last - first) > room)  # fmt: skip
    moment = (int(first / step) + 1) * step
    while moment <= last:
        at = frame.across(moment)
        canvas.line(at, frame.top, at, frame.bottom, theme.GRID)
        label = time.strftime("%H:%M:%S" if step < 60 else "%H:%M", time.gmtime(moment))
        if at - frame.left > 14 and frame.right - at > 10:
            canvas.text(at, frame.bottom + 17, label, SIZE, theme.FAINT, "middle")
        moment += step


def _legend_lines(names, room, most):
    """[(name, colour, x)…] of each line; entries that do not fit are counted."""
    lines, x = [[]] if names else [], 0
    for index, (name, hue) in enumerate(names):
        text = svg.fitted(name, SIZE, room - 24)
        needed = 18 + svg.width(text, SIZE) + 12
        if x + needed > room and lines[-1]:
            if len(lines) == most:
                rest = f"+{len(names) - index}"
                while lines[-1] and x + svg.width(rest, SIZE) > room:
                    x = lines[-1].pop()[2]
                    rest = f"+{int(rest[1:]) + 1}"
                lines[-1].append((rest, None, x))
                break
            lines.append([])
            x = 0
        lines[-1].append((text, hue, x))
        x += needed
    return lines


def _legend(canvas, lines, x, y):
    for number, line in enumerate(lines):
        base = y + LEGEND_LINE * number + 8
        for text, hue, offset in line:
            if hue:
                canvas.rect(x + offset, base - 1, 12, 3, hue, rx=1)
            canvas.text(x + offset + (16 if hue else 0), base + 4, text, SIZE, theme.TEXT)
