"""The run as pictures: SVG drawn by hand, which a README can show."""

import math
from html import escape

import targets
from workloads import LIMIT, MEMCACHED, RINGCACHED

COLOURS = {RINGCACHED: "#1b6ca8", MEMCACHED: "#b8562b", LIMIT: "#7a7a7a"}
WIDTH, LABEL_WIDTH, MARGIN = 900, 330, 20
ROW, BAR = 26, 14
HEAD, FOOT = 60, 40


class Picture:
    """Shapes on white; x runs over `low` to `high` between the labels and the right margin."""

    def __init__(self, title, height, low, high):
        self.height, self.low, self.high = height, low, high
        self.shapes = []
        self.text(MARGIN, 26, title, size=16)

    def x(self, value):
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return LABEL_WIDTH + share * (WIDTH - LABEL_WIDTH - 3 * MARGIN)

    def text(self, x, y, words, anchor="start", size=12):
        self.shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
                           f'font-size="{size}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, colour, width=1.0):
        self.shapes.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                           f'stroke="{colour}" stroke-width="{width}"/>')

    def box(self, x1, y1, x2, y2, colour, opacity=1.0):
        self.shapes.append(f'<rect x="{x1:.1f}" y="{y1:.1f}" width="{max(x2 - x1, 0.5):.1f}" '
                           f'height="{y2 - y1:.1f}" fill="{colour}" fill-opacity="{opacity}"/>')

    def dot(self, x, y, colour):
        self.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>')

    def path(self, points, colour):
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.shapes.append(f'<polyline points="{places}" fill="none" stroke="{colour}" '
                           'stroke-width="2"/>')

    def scale(self, ticks, shown):
        """A thin line and a number below it for each tick."""
        for tick in ticks:
            self.line(self.x(tick), HEAD - 10, self.x(tick), self.height - FOOT, "#dddddd")
            self.text(self.x(tick), self.height - FOOT + 16, shown(tick), anchor="middle")

    def legend(self, names):
        x = LABEL_WIDTH
        for name in names:
            self.box(x, 36, x + 12, 46, COLOURS[name])
            self.text(x + 17, 46, name)
            x += 35 + 7 * len(name)

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
                f'width="{WIDTH}" height="{self.height}" font-family="sans-serif">\n'
                f'<rect width="{WIDTH}" height="{self.height}" fill="white"/>\n'
                + "\n".join(self.shapes) + "\n</svg>\n")


def ratios(played):
    """Server CPU per request as a share of memcached's: a dot and its interval per workload, the
    control as a band around 1, the limit server as a bar."""
    high = max(1.25, *(1.05 * each.ratio.high for each in played))
    picture = Picture("Server CPU per request, memcached = 1 (median, 90 % interval)",
                      HEAD + ROW * len(played) + FOOT, 0.0, high)
    picture.scale([tick / 4 for tick in range(int(high * 4) + 1)], lambda tick: f"{tick:g}")
    picture.legend([RINGCACHED, MEMCACHED, LIMIT])
    picture.line(picture.x(1), HEAD - 10, picture.x(1), picture.height - FOOT,
                 COLOURS[MEMCACHED], 1.5)
    for row, each in enumerate(played):
        y = HEAD + ROW * row + ROW / 2
        picture.text(LABEL_WIDTH - 10, y + 4, each.workload.title, anchor="end")
        picture.box(picture.x(each.control.low), y - BAR / 2, picture.x(each.control.high),
                    y + BAR / 2, COLOURS[MEMCACHED], 0.35)
        floor = each.median(LIMIT, targets.cpu)
        if floor is not None:
            share = picture.x(floor / each.median(MEMCACHED, targets.cpu))
            picture.line(share, y - BAR / 2, share, y + BAR / 2, COLOURS[LIMIT], 3)
        picture.line(picture.x(each.ratio.low), y, picture.x(each.ratio.high), y,
                     COLOURS[RINGCACHED], 2)
        picture.dot(picture.x(each.ratio.median), y, COLOURS[RINGCACHED])
    return picture.svg()


def latencies(each):
    """Both servers' latency by percentile, at the same rate; the ways up are the same length for
    each factor of two."""
    names = list(each.rounds[0][RINGCACHED].latency_us)
    curves = {role: [each.median(role, lambda run, name=name: run.latency_us[name])
                     for name in names] for role in (RINGCACHED, MEMCACHED)}
    low = 2 ** math.floor(math.log2(min(map(min, curves.values()))))
    doublings = 1
    while low * 2 ** doublings < max(map(max, curves.values())):
        doublings += 1
    step = 40
    picture = Picture(f"Latency in microseconds, {each.workload.title}",
                      HEAD + step * doublings + FOOT, 0, max(1, len(names) - 1))
    picture.legend(curves)
    picture.scale(range(len(names)), lambda at: names[at])

    def y(value):
        return picture.height - FOOT - step * math.log2(value / low)

    for power in range(doublings + 1):
        value = low * 2 ** power
        picture.line(LABEL_WIDTH, y(value), WIDTH - 3 * MARGIN, y(value), "#dddddd")
        picture.text(LABEL_WIDTH - 10, y(value) + 4, f"{value:g}", anchor="end")
    for role, curve in curves.items():
        picture.path([(picture.x(at), y(value)) for at, value in enumerate(curve)], COLOURS[role])
    return picture.svg()
