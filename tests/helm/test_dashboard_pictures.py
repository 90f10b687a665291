"""The pictures of the documents: every panel drawn, and no text cut off."""

import json
import re
import sys
from xml.etree import ElementTree

import pytest

from chart import CHART, ROOT

sys.path.append(str(ROOT / "deploy" / "dashboard" / "pictures"))

import pages  # noqa: E402
import svg  # noqa: E402
import units  # noqa: E402

DASHBOARD = json.loads((CHART / "dashboards" / "lowband.json").read_text())
STEPS = 121


def seen(values):
    """Results in the form of deploy/dashboard/pictures/story.py."""
    panels = {
        str(panel["id"]): [
            [f"{panel['title']} of a replica with a long name {index}", values]
            for index in range(max(9, len(panel["targets"])) if panel["type"] != "stat" else 2)
        ]
        for panel in DASHBOARD["panels"]
        if panel["type"] != "row"
    }
    notes = [[a["name"], [1000 + 60]] for a in DASHBOARD["annotations"]["list"]]
    return {"start": 1000, "end": 1000 + 3 * (STEPS - 1), "step": 3, "panels": panels,
            "annotations": notes}  # fmt: skip


@pytest.mark.parametrize(
    "values",
    [
        [0.0] * STEPS,
        [None] * STEPS,
        [None, 3e-5] * (STEPS // 2) + [1.0],
        [float(1000**index % 7_777_777_777) for index in range(STEPS)],
    ],
    ids=["zeros", "nothing", "gaps", "large"],
)
def test_text_stays_inside(values, tmp_path):
    pages.save(DASHBOARD, seen(values), tmp_path)
    files = sorted(tmp_path.glob("dashboard-*.svg"))
    assert len(files) == len(pages.PAGES)
    titles = []
    for file in files:
        root = ElementTree.parse(file).getroot()
        wide, high = float(root.get("width")), float(root.get("height"))
        assert not re.search(r'="[^"]*\b(nan|inf|None)\b', file.read_text())
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            titles.append(text.text)
            size = float(text.get("font-size"))
            room = svg.width(text.text, size, bool(text.get("font-weight")))
            left = float(text.get("x"))
            left -= {"middle": room / 2, "end": room}.get(text.get("text-anchor"), 0)
            assert left >= 0 and left + room <= wide, text.text
            assert size <= float(text.get("y")) <= high, text.text
    assert {p["title"] for p in DASHBOARD["panels"]} <= set(titles), "cut off"


@pytest.mark.parametrize(
    "value, unit, text",
    [
        (0.0497, "s", "49.7 ms"),
        (7_776_000, "s", "12.9 weeks"),
        (0.5237, "percentunit", "52.4%"),
        (29_360_128, "bytes", "28 MiB"),
        (44_870, "Bps", "44.9 kB/s"),
        (104.1, "reqps", "104 req/s"),
        (0, "short", "0"),
    ],
)
def test_numbers_are_written_as_grafana_does(value, unit, text):
    assert units.shown(value, unit) == text


@pytest.mark.parametrize("high", [1e-6, 0.07, 1, 3, 17.3, 99_999, 4e9])
def test_ticks_reach_the_highest(high):
    marks = units.ticks(0, high, "short")
    assert marks[0] == 0 and marks[-1] >= high and 2 <= len(marks) <= 7
