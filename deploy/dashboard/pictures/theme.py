"""Grafana's dark colours and its grid."""

import re

PAGE, PANEL, BORDER, GRID = "#111217", "#181b1f", "#2c2e33", "#26282d"
TEXT, FAINT = "#ccccdc", "#9297a1"
COLUMN, CELL, GAP = 50, 38, 8
PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#a87fd1",
           "#96d98d", "#ffee52", "#c0d8ff", "#ffb357", "#ff7383", "#ca95e5"]  # fmt: skip
_NAMED = {"green": "#73bf69", "red": "#f2495c", "orange": "#ff9830", "blue": "#5794f2"}


def colour(name):
    return _NAMED.get(name, name)


def of_value(defaults, value):
    """By the panel's thresholds."""
    reached = None
    for step in defaults["thresholds"]["steps"]:
        if step["value"] is None or (value is not None and value >= step["value"]):
            reached = step["color"]
    return colour(reached)


def of_series(panel, index, name):
    """By the panel's overrides, else the next of the palette."""
    for override in panel["fieldConfig"]["overrides"]:
        matcher, (setting,) = override["matcher"], override["properties"]
        fits = matcher["id"] == "byRegexp" and re.search(matcher["options"], name)
        if fits and setting["id"] == "color":
            return colour(setting["value"]["fixedColor"])
    return PALETTE[index % len(PALETTE)]


def hides_silent(panel):
    return any(o["matcher"]["id"] == "byValue" for o in panel["fieldConfig"]["overrides"])
