"""The pictures: the dashboard's rows in Grafana's grid, drawn from the results of `story`."""

import blocks
import lines
import svg
import theme

CAPTION = (
    "Drawn by scripts/dashboard-pictures in Grafana's layout, from what a real Prometheus answered "
    "to the dashboard's queries. Not a screenshot of Grafana."
)
# File: rows.
PAGES = {
    "overview": ["Overview"],
    "clients": ["DTLS", "CoAP"],
    "refused": ["Who is refused"],
    "observe-http": ["Observe", "HTTP on TCP"],
    "backend": ["Translators", "Homeserver"],
    "resources": ["Resources"],
}
MARGIN, FOOT = 12, 30


def rows(model):
    """{title: panels}"""
    found = {}
    for panel in model["panels"]:
        if panel["type"] == "row":
            members = found.setdefault(panel["title"], [])
        else:
            members.append(panel)
    return found


def save(model, seen, folder):
    by_title = rows(model)
    assert sorted(by_title) == sorted(title for titles in PAGES.values() for title in titles)
    for name, titles in PAGES.items():
        page([(title, by_title[title]) for title in titles], model, seen).save(
            folder / f"dashboard-{name}.svg"
        )


def page(chosen, model, seen):
    colours = {a["name"]: theme.colour(a["iconColor"]) for a in model["annotations"]["list"]}
    annotations = [(colours[name], moments) for name, moments in seen["annotations"]]
    times = [
        seen["start"] + index * seen["step"]
        for index in range(int((seen["end"] - seen["start"]) / seen["step"]) + 1)
    ]
    heights = [max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in panels) - _first(panels)
               for _, panels in chosen]  # fmt: skip
    high = MARGIN * 2 + FOOT + sum(h * theme.CELL + 34 for h in heights)
    wide = 24 * theme.COLUMN + 2 * MARGIN
    title = "Lowband's dashboard: " + ", ".join(title for title, _ in chosen)
    canvas = svg.Svg(wide, high, f"{title}. {CAPTION}", theme.PAGE)
    top = MARGIN
    for (title, panels), height in zip(chosen, heights, strict=True):
        canvas.path([[(MARGIN + 4, top + 9), (MARGIN + 9, top + 15), (MARGIN + 14, top + 9)]],
                    fill="none", stroke=theme.TEXT, stroke_width="1.5")  # fmt: skip
        canvas.text(MARGIN + 22, top + 17, title, 15, theme.TEXT, bold=True)
        for panel in panels:
            at = panel["gridPos"]
            box = (
                MARGIN + at["x"] * theme.COLUMN + theme.GAP / 2,
                top + 30 + (at["y"] - _first(panels)) * theme.CELL,
                at["w"] * theme.COLUMN - theme.GAP,
                at["h"] * theme.CELL - theme.GAP,
            )
            draw(canvas, panel, seen["panels"][str(panel["id"])], box, times, annotations)
        top += height * theme.CELL + 34
    canvas.text(wide / 2, high - 16, CAPTION, 12, theme.FAINT, "middle")
    return canvas


def _first(panels):
    return min(panel["gridPos"]["y"] for panel in panels)


def draw(canvas, panel, series, box, times, annotations):
    x, y, wide, high = box
    canvas.rect(x, y, wide, high, theme.PANEL, stroke=theme.BORDER, rx=2)
    if panel["type"] == "stat":
        blocks.stat(canvas, panel, series, box)
        return
    title = svg.fitted(panel["title"], 13, wide - 16, True)
    canvas.text(x + 8, y + 20, title, 13, theme.TEXT, bold=True)
    if not series:
        text = panel["fieldConfig"]["defaults"].get("noValue", "No data")
        canvas.text(x + wide / 2, y + high / 2, text, 15, theme.FAINT, "middle")
    elif panel["type"] == "state-timeline":
        blocks.states(canvas, panel, series, box, times, annotations)
    else:
        lines.draw(canvas, panel, series, box, times, annotations)
