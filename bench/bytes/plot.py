"""A plot of the operations as SVG: bars on a logarithmic scale."""

import math
from xml.sax.saxutils import escape

COLORS = ("#9aa5b1", "#52606d", "#7cc4fa", "#0967d2", "#f7a400", "#c65d21")
LEFT, RIGHT, TOP, BAR, GAP = 330, 70, 56, 9, 9
WIDTH = 900


def draw(figures, names):
    """`figures`: {column: {operation: bytes}}; `names`: {operation: its name}."""
    columns = list(figures)
    largest = max(figures[column][key] for column in columns for key in names)
    decades = len(str(largest))
    row = len(columns) * BAR + GAP
    height = TOP + row * len(names) + 30

    def x(value):
        # The scale begins at 100 bytes.
        share = max(0, math.log10(max(1, value)) - 2) / (decades - 2)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="10" y="18" font-size="13">Bytes with IP headers, both ways (logarithmic)</text>',
    ]
    for number, column in enumerate(columns):
        at = 10 + number * 140
        out.append(f'<rect x="{at}" y="28" width="10" height="10" fill="{COLORS[number]}"/>')
        out.append(f'<text x="{at + 14}" y="37">{escape(column)}</text>')
    for decade in range(2, decades + 1):
        at = x(10**decade)
        out.append(
            f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{height - 22}" stroke="#e4e7eb"/>'
        )
        label = f"{10**decade:,}"
        out.append(
            f'<text x="{at:.1f}" y="{height - 8}" text-anchor="middle">{label}</text>'
        )
    for place, (key, name) in enumerate(names.items()):
        top = TOP + place * row
        middle = top + len(columns) * BAR / 2 + 4
        out.append(f'<text x="{LEFT - 8}" y="{middle:.1f}" text-anchor="end">{escape(name)}</text>')
        for number, column in enumerate(columns):
            value = figures[column][key]
            y = top + number * BAR
            out.append(
                f'<rect x="{LEFT}" y="{y}" width="{x(value) - LEFT:.1f}" height="{BAR - 1}" '
                f'fill="{COLORS[number % len(COLORS)]}"/>'
            )
            out.append(
                f'<text x="{x(value) + 3:.1f}" y="{y + BAR - 1.5}" font-size="8">{value:,}</text>'
            )
    return "\n".join([*out, "</svg>", ""])

