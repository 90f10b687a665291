"""Numbers as Grafana writes them."""

_SECONDS = [(1e-6, 1e-6, "µs"), (1e-3, 1e-3, "ms"), (1, 1, "s"), (60, 60, "min"),
            (3600, 3600, "hour"), (86400, 86400, "day"), (604800, 604800, "week"),
            (31536000, 31536000, "year")]  # fmt: skip
_SUFFIX = {"reqps": " req/s", "ops": " ops/s", "pps": " p/s"}


def _trim(value, decimals):
    return f"{value:.{decimals}f}"


def _scaled(value, base, names, decimals):
    index = 0
    while abs(value) >= base and index < len(names) - 1:
        value, index = value / base, index + 1
    return _trim(value, decimals(value)) + names[index]


def _usual(value):
    """Three significant digits, with as few decimals as possible."""
    size = abs(value)
    if size == 0 or size >= 100 or size == int(size):
        return 0
    return 1 if size >= 10 else 2 if size >= 0.01 else 3


def shown(value, unit, decimals=None):
    if value is None:
        return "No data"

    def places(number):
        return _usual(number) if decimals is None else decimals

    if unit == "percentunit":
        return _trim(value * 100, places(value * 100)) + "%"
    if unit == "bytes":
        return _scaled(value, 1024, [" B", " KiB", " MiB", " GiB"], places)
    if unit == "Bps":
        return _scaled(value, 1000, [" B/s", " kB/s", " MB/s"], places)
    if unit == "s":
        if value == 0:
            return "0 s"
        size, divisor, name = next(
            (entry for entry in reversed(_SECONDS) if abs(value) >= entry[0]), _SECONDS[0]
        )
        number = value / divisor
        return f"{_trim(number, places(number))} {name}{'s' if size > 60 and number > 1 else ''}"
    return _scaled(value, 1000, ["", " K", " Mil"], places) + _SUFFIX.get(unit, "")


def ticks(low, high, unit, wanted=4):
    """Round values from `low` to at least `high`."""
    span = (high - low) or 1
    base = 2 if unit == "bytes" else 10
    power = 1.0
    while power * base <= span / wanted:
        power *= base
    while power > span / wanted:
        power /= base
    factors = (1, 2) if base == 2 else (1, 2, 2.5, 5, 10)
    step = next(power * factor for factor in factors if power * factor * wanted >= span * 0.999)
    first = int(low / step) - (1 if low < 0 and low % step else 0)
    found = []
    while not found or found[-1] < high - step * 1e-6:
        found.append((first + len(found)) * step)
    return found
