"""Six minutes of a Lowband with everything that can happen to it, and what a real Prometheus then
answers to the dashboard's queries.

Needs tests/e2e on the path, whose harness it plays with.
"""

import itertools
import math
import pathlib
import tempfile
import time

from harness import dashboard
from harness.monitored import Monitored
from harness.relay import Weather
from harness.traffic import ANY, Traffic

STEP = 3
# The scrape interval of Grafana's data source: rates are then over 16 seconds, and lines smooth.
SCRAPE_SECONDS = 4


class Story:
    def __init__(self, world):
        self._world, self._traffic = world, Traffic(world, homeserver_ms=45)
        self._groups, self._weather = [], Weather()
        self._bad_link = self._traffic.relay(self._weather)

    def begin(self):
        for user in self._traffic.users[:2]:
            self._traffic.observer(user)
        self._traffic.sessions(3)
        for _ in range(8):
            self._traffic.http(pause=0.5, wait_ms=2000)
        self._traffic.mischief(pause=2, tricks=range(3))

    def more_people(self):
        self._groups.append(self._traffic.sessions(6))

    def phones_on_the_move(self):
        self._groups.append(self._traffic.sessions(6, self._bad_link.port))
        for user in self._traffic.users[2:]:
            self._traffic.observer(user, self._bad_link.port)

    def bad_weather(self):
        self._weather.loss, self._weather.repeat = 0.15, 0.05

    def good_weather(self):
        self._weather.loss = self._weather.repeat = 0

    def homeserver_fails(self):
        self._traffic.homeserver_is(
            {"path": "/sync", "count": ANY, "truncate": True, "delay_ms": 60},
            {"path": "/send", "count": ANY, "status": 500, "delay_ms": 60},
        )

    def homeserver_recovers(self):
        self._traffic.homeserver_is()

    def homeserver_is_slow(self):
        self._traffic.homeserver_is({"path": "/_matrix/", "count": ANY, "delay_ms": 1400})

    def translator_dies(self):
        self._world.kill_translator(1)

    def translator_returns(self):
        self._world.start_translator(1)

    def strangers(self):
        """A scan, and handshakes: of new clients, and of some that do not trust the certificate."""
        self._traffic.newcomers(150)
        self._scan = self._traffic.mischief(pause=0.05)

    def strangers_leave(self):
        self._scan.stop()

    def people_leave(self):
        for group in self._groups[-2:]:
            group.stop()

    def end(self):
        self._traffic.stop()


# (second, what happens)
CHAPTERS = [
    (0, Story.begin),
    (40, Story.more_people),
    (80, Story.more_people),
    (110, Story.phones_on_the_move),
    (130, Story.bad_weather),
    (180, Story.good_weather),
    (200, Story.homeserver_is_slow),
    (220, Story.homeserver_recovers),
    (250, Story.translator_dies),
    (262, Story.translator_returns),
    (290, Story.strangers),
    (315, Story.strangers_leave),
    (320, Story.people_leave),
    (340, Story.homeserver_fails),
]
SECONDS = 372


def play(bin_dir, say=print):
    """The results: {start, end, step, panels: {id: [[legend, values]…]}, annotations}."""
    with tempfile.TemporaryDirectory() as folder:
        world = Monitored(pathlib.Path(folder), bin_dir)
        story = None
        try:
            story = Story(world)
            start = time.time()
            for second, chapter in CHAPTERS:
                time.sleep(max(0, start + second - time.time()))
                say(f"{second:4} s  {chapter.__name__.replace('_', ' ')}")
                chapter(story)
            time.sleep(max(0, start + SECONDS - time.time()))
            return seen(world.prometheus, start + 6, start + SECONDS)
        finally:
            if story:
                story.end()
            world.stop()


def seen(prometheus, start, end):
    model = dashboard.load()
    variables = dashboard.Variables(model, STEP, SCRAPE_SECONDS)

    def ask(expression):
        return prometheus.query_range(variables.put_into(expression), start, end, STEP)

    panels = {}
    for panel in dashboard.panels(model):
        series = [
            [dashboard.legend(target, labels), on_grid(values, start, end)]
            for target in panel["targets"]
            for labels, values in ask(target["expr"])
        ]
        panels[str(panel["id"])] = series
    annotations = [
        [annotation["name"], moments(ask(annotation["expr"]))]
        for annotation in model["annotations"]["list"]
    ]
    return {"start": start, "end": end, "step": STEP, "panels": panels,
            "annotations": annotations}  # fmt: skip


def on_grid(values, start, end):
    """A value for each step; None where there is none."""
    found = [None] * (int((end - start) / STEP) + 1)
    for at, value in values:
        if math.isfinite(value):
            found[round((at - start) / STEP)] = float(f"{value:.5g}")
    return found


def moments(series):
    """The start of each run of samples, as Grafana draws the left end of a region."""
    begins = []
    for _, values in series:
        for (before, _), (at, _) in itertools.pairwise([(0, 0), *values]):
            if at - before > STEP * 1.5:
                begins.append(at)
    return sorted(begins)
