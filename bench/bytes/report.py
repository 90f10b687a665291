"""Tables in Markdown of what was measured, and their places in docs/bytes.md."""

import re

from catalogue import DAY, GOALS, NAMES

BASELINE = "HTTP/2"
FORMATS = {60: "CBOR", 11060: "CBOR, deflate", 65079: "packed"}


def number(value):
    return f"{value:,}"


def table(heading, rows):
    """Left-aligned first column, right-aligned others."""
    lines = ["| " + " | ".join(heading) + " |", "|---|" + "--:|" * (len(heading) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def is_ours(column):
    return column.startswith("Lowband")


def operations_table(figures):
    """`figures`: {column: {operation: bytes}}. The ratio is of the last column."""
    last = list(figures)[-1]
    rows = []
    for key, name in NAMES.items():
        base = figures[BASELINE][key]
        cells = [_marked(column, sizes[key], base) for column, sizes in figures.items()]
        goal = f"≤{number(GOALS[key])}" if key in GOALS else f"≤{number(base)}"
        met = figures[last][key] <= GOALS.get(key, base)
        ratio = f"{figures[last][key] / base:.2f}"
        rows.append([name, *cells, ratio, goal, "yes" if met else "no"])
    heading = ["operation", *figures, f"{last} ÷ {BASELINE}", "goal", "met"]
    return table(heading, rows)


def _marked(column, size, base):
    """Bold if it is one of ours and above the baseline."""
    return f"**{number(size)}**" if is_ours(column) and size > base else number(size)


def above(figures):
    """{our column: [operations above HTTP/2]}"""
    return {
        column: [NAMES[key] for key in NAMES if sizes[key] > figures[BASELINE][key]]
        for column, sizes in figures.items()
        if is_ours(column)
    }


def above_text(figures):
    lines = []
    for column, names in above(figures).items():
        said = "none" if not names else f"{len(names)}: " + "; ".join(names)
        lines.append(f"* {column}: {said}")
    return "\n".join(lines)


def day_totals(figures):
    return {
        column: sum(count * sizes[key] for key, count in DAY.items())
        for column, sizes in figures.items()
    }


def day_table(figures):
    rows = []
    for key, count in DAY.items():
        name = NAMES[key].split(":")[0] if key == "idle" else NAMES[key]
        rows.append([name, str(count), *(number(count * one[key]) for one in figures.values())])
    totals = day_totals(figures)
    rows.append(["**all**", "", *(f"**{number(one)}**" for one in totals.values())])
    base = totals[BASELINE]
    rows.append([f"÷ {BASELINE}", "", *(f"{one / base:.2f}" for one in totals.values())])
    return table(["operation", "times", *figures], rows)


def bodies_table(bodies):
    """Bold: ours above HTTP."""
    formats = list(bodies[0].ours)
    heading = ["body", "JSON", "gzip -6", "over HTTP", *(_format_name(one) for one in formats)]
    rows = [
        [body.name.replace("_", " "), number(body.json), number(body.gzip), number(body.http),
         *(_heavy(body.ours[one], body.http) for one in formats)]
        for body in bodies
    ]  # fmt: skip
    totals = [sum(getattr(body, one) for body in bodies) for one in ("json", "gzip", "http")]
    totals += [sum(body.ours[one] for body in bodies) for one in formats]
    rows.append(["**all**", *(f"**{number(one)}**" for one in totals)])
    return table(heading, rows)


def _heavy(size, base):
    return f"**{number(size)}**" if size > base else number(size)


def _format_name(one):
    return FORMATS.get(one, f"format {one}")


def bodies_text(bodies):
    """How many bodies are larger than over HTTP, and than under gzip."""
    lines = []
    for one in bodies[0].ours:
        http = [body.name.replace("_", " ") for body in bodies if body.ours[one] > body.http]
        gzip = sum(body.ours[one] > body.gzip for body in bodies)
        names = ": " + ", ".join(http) if 0 < len(http) <= 40 else ""
        lines.append(
            f"* {_format_name(one)}: {len(http)} of {len(bodies)} larger than over HTTP{names}; "
            f"{gzip} larger than gzip's result"
        )
    return "\n".join(lines)


def put(path, sections):
    """Replaces what stands between `<!-- NAME -->` and `<!-- end -->`, for each section."""
    text = path.read_text()
    for name, content in sections.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text, count = re.subn(
            pattern, lambda m, c=content: f"{m[1]}{c}\n{m[2]}", text, flags=re.DOTALL
        )
        if count != 1:
            raise SystemExit(f"error: {path} has no section {name}")
    path.write_text(text)
