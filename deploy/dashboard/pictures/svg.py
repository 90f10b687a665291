"""The necessary subset of SVG: text stays text, and numbers are short."""

from xml.sax.saxutils import escape

FONT = "Inter, Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
_NARROW, _WIDE = set("fijlrtI.,:;|!'()[]/- "), set("mwMW%@")


def width(text, size, bold=False):
    """An upper estimate, so that no text is cut off with any of FONT."""
    total = 0
    for char in text:
        if char in _NARROW:
            total += 0.37
        elif char in _WIDE:
            total += 0.92
        else:
            total += 0.68 if char.isupper() else 0.61
    return total * size * (1.06 if bold else 1)


def fitted(text, size, room, bold=False):
    if width(text, size, bold) <= room:
        return text
    while text and width(text + "…", size, bold) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def number(value):
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


class Svg:
    def __init__(self, wide, high, title, background):
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
            f'height="{high}" font-family="{FONT}" role="img">',
            f"<title>{escape(title)}</title>",
        ]
        self.rect(0, 0, wide, high, background)

    def rect(self, x, y, wide, high, fill, **more):
        self._add("rect", x=x, y=y, width=max(0, wide), height=max(0, high), fill=fill, **more)

    def line(self, x1, y1, x2, y2, stroke, **more):
        self._add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, **more)

    def text(self, x, y, text, size, fill, anchor="start", bold=False, **more):
        weight = {"font_weight": 500} if bold else {}
        anchored = {} if anchor == "start" else {"text_anchor": anchor}
        self._add("text", escape(text), x=x, y=y, font_size=size, fill=fill, **anchored,
                  **weight, **more)  # fmt: skip

    def shape(self, words, **more):
        self._add("path", d=words, **more)

    def path(self, runs, close_to=None, **more):
        """`runs`: lists of points; with `close_to`, areas down to that height."""
        words = []
        for run in runs:
            points = simplified(run)
            words.append("M" + "L".join(f"{number(x)} {number(y)}" for x, y in points))
            if close_to is not None:
                back = [(run[-1][0], close_to), (run[0][0], close_to)]
                words.append("L" + "L".join(f"{number(x)} {number(y)}" for x, y in back) + "Z")
        if words:
            self.shape("".join(words), **more)

    def _add(self, tag, content=None, **attributes):
        written = " ".join(
            f'{name.replace("_", "-")}="{number(value) if isinstance(value, float) else value}"'
            for name, value in attributes.items()
        )
        self._parts.append(
            f"<{tag} {written}/>" if content is None else f"<{tag} {written}>{content}</{tag}>"
        )

    def save(self, path):
        path.write_text("\n".join([*self._parts, "</svg>"]) + "\n")


def simplified(points):
    """Without the points in the middle of a straight line."""
    kept = points[:1]
    for before, at, after in zip(points, points[1:], points[2:]):
        straight = (after[0] - before[0]) * (at[1] - before[1]) - (at[0] - before[0]) * (
            after[1] - before[1]
        )
        if abs(straight) > 0.5:
            kept.append(at)
    return kept + points[-1:] if len(points) > 1 else kept
