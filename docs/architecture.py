#!/usr/bin/env python3
"""Draws architecture.svg, the whole at a glance.

    docs/architecture.py           writes it anew
    docs/architecture.py --check   fails if it is not what this program draws

Needs Python 3 alone. Boxes and arrows have their places by hand, in units of the viewBox; at a width of 400 px, on a phone, a unit is
0.6 px. Widths leave room for DejaVu Sans and Verdana, the widest of the fonts that a browser is likely to take."""

import pathlib, sys
from html import escape

FILE = pathlib.Path(__file__).with_suffix(".svg")
WIDTH, HEIGHT = 680, 816

TITLE = "Aviary at a glance"
DESC = (
    "The streamer, on ECS Fargate, reads posts from X and puts them on TweetsFifoQueue. The consumer, a Lambda function, stores them in "
    "TweetsTable together with their counts in StatisticsTable, and publishes the counts to CloudWatch; what cannot be stored becomes a dead "
    "letter. Behind API Gateway and an authorizer, the functions read and control serve the web page and the REST API to people and scripts. "
    "Control writes to StreamStatusTable which keywords are requested, and wakes the streamer through StreamCloseQueue. The streamer reports to "
    "the same table. Every minute, EventBridge runs the function minute, which starts and stops the streamer as requested. On one machine, the "
    "same programs run in one process, and can read a Mastodon server instead of X."
)

# The colours of the page (crates/page/assets/page.css), light and dark. Classes rather than variables: more programs draw them.
COLOURS = {
    ".paper": ("fill:#fbfbf9", "fill:#12171a"),
    ".account": ("fill:none;stroke:#b5c0bc", "fill:none;stroke:#475359"),
    ".service": ("fill:#fff;stroke:#b5c0bc", "fill:#1a2125;stroke:#475359"),
    ".fold": ("stroke:#dde3e0", "stroke:#2d373b"),
    ".program": ("fill:#dcefec;stroke:#0b6e69", "fill:#173634;stroke:#5cc9c1"),
    ".way": ("stroke:#0b6e69", "stroke:#5cc9c1"),
    ".step": ("fill:#0b6e69", "fill:#5cc9c1"),
    ".number": ("fill:#fff", "fill:#08201e"),
    ".link": ("stroke:#7a8783", "stroke:#84928e"),
    ".tip": ("fill:#7a8783", "fill:#84928e"),
    "text": ("fill:#17211f", "fill:#e7eeec"),
    ".soft": ("fill:#55625f", "fill:#a3b1ad"),
}
SHAPES = """text{font:16px system-ui,sans-serif}
.soft{font-size:15px}
.name{font-size:18px;font-weight:600}
.number{font-size:15px;font-weight:700}
.mid{text-anchor:middle}
.end{text-anchor:end}
.account{stroke-width:1.5;stroke-dasharray:6 5}
.service{stroke-width:1.5}
.program{stroke-width:2}
.way{fill:none;stroke-width:3}
.link{fill:none;stroke-width:1.5}"""

# The three columns: left edge and middle of each, and the width of all.
LEFT, MIDDLE, RIGHT, BOX = (40, 127), (259, 346), (478, 565), 174

# Where the page's icon (crates/page/assets/icon.svg) stands.
BIRD = "translate(259 16) scale(1.5)"

out = []


def text(x, y, words, kind=""):
    out.append(f'<text x="{x}" y="{y}"' + (f' class="{kind}"' if kind else "") + f">{escape(words, quote=False)}</text>")


def box(kind, x, y, width, height, *lines):
    """A box with its lines in the middle: a program's name is the heading, what is below it is soft."""
    out.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="9"/>')
    top = y + height / 2 - 11 * len(lines) + 17
    for at, (style, words) in enumerate(lines):
        text(x + width // 2, round(top + 22 * at), words, f"{style} mid".strip())


def pair(x, y, *halves):
    """A box of two services, each with what it holds."""
    out.append(f'<rect class="service" x="{x}" y="{y}" width="{BOX}" height="112" rx="9"/>')
    out.append(f'<path class="fold" d="M{x} {y + 56}h{BOX}"/>')
    for at, (service, holds) in enumerate(halves):
        text(x + BOX // 2, y + 25 + 56 * at, service, "mid")
        text(x + BOX // 2, y + 45 + 56 * at, holds, "soft mid")


def way(path, number, x, y):
    """A leg of a post's way, with its number."""
    out.append(f'<path class="way" d="{path}" marker-end="url(#on)"/>')
    step(number, x, y)


def step(number, x, y):
    out.append(f'<circle class="step" cx="{x}" cy="{y}" r="12"/>')
    text(x, y + 5.5, str(number), "number mid")


def link(path, both=False):
    start = ' marker-start="url(#to)"' if both else ""
    out.append(f'<path class="link" d="{path}"{start} marker-end="url(#to)"/>')


def draw():
    name, plain, soft = "name", "", "soft"

    # Where posts come from, and what the picture is.
    box("service", LEFT[0], 16, BOX, 54, (name, "X"), (soft, "filtered stream"))
    out.append(f'<path class="step" transform="{BIRD}" d="M4 19c4 0 6-2 8-5s5-6 9-6c3 0 5 2 5.5 4.5L30 14l-3.5 1.2C25.5 20 21 24 15 24h-2l-2 4h-2'
               'l1.5-4.3C7 23 5 21.5 4 19z"/>')
    out.append(f'<path class="link" transform="{BIRD}" d="M1 28.5h30"/>')
    text(318, 40, "Aviary", "name")
    text(318, 62, "Follow a post from 1 to 6", "soft")

    # The account.
    out.append('<rect class="account" x="12" y="92" width="656" height="464" rx="14"/>')
    text(652, 116, "your AWS account", "soft end")

    # A post comes in.
    box("program", LEFT[0], 128, BOX, 58, (name, "streamer"), (soft, "ECS Fargate"))
    box("service", MIDDLE[0], 128, BOX, 58, (plain, "TweetsFifoQueue"), (soft, "SQS"))
    box("program", RIGHT[0], 128, BOX, 58, (name, "consumer"), (soft, "Lambda"))

    # What is kept.
    pair(LEFT[0], 232, ("StreamStatusTable", "keywords, lease"), ("StreamCloseQueue", "wake-up calls"))
    box("service", MIDDLE[0], 232, BOX, 44, (plain, "dead letters"))
    box("service", MIDDLE[0], 290, BOX, 54, (plain, "CloudWatch"), (soft, "metrics, alarms"))
    pair(RIGHT[0], 232, ("TweetsTable", "posts"), ("StatisticsTable", "counts"))

    # What answers.
    box("program", LEFT[0], 394, BOX, 58, (name, "minute"), (soft, "Lambda"))
    box("program", MIDDLE[0], 394, BOX, 58, (name, "control"), (soft, "Lambda"))
    box("program", RIGHT[0], 394, BOX, 58, (name, "read"), (soft, "Lambda"))
    box("service", MIDDLE[0], 496, 393, 42, (plain, "API Gateway, authorizer"))
    box("service", MIDDLE[0], 590, 393, 58, (name, "Readers, operators, scripts"), (soft, "browse, chart, export, add keywords"))

    # The links beside a post's way.
    link(f"M{LEFT[1]} 188V229", both=True)
    link(f"M{MIDDLE[1]} 187V229")
    link("M153 393V347")
    link("M39 423H34Q26 423 26 415V165Q26 157 34 157H36")
    link(f"M{MIDDLE[1]} 393V377Q{MIDDLE[1]} 369 {MIDDLE[1] - 8} 369H194Q186 369 186 361V347")
    link(f"M{MIDDLE[1]} 495V455")
    link(f"M{MIDDLE[1]} 589V541")

    # A post's way.
    way(f"M{LEFT[1]} 71V119", 1, LEFT[1], 92)
    way("M215 157H250", 2, 231, 157)
    way("M434 157H469", 3, 450, 157)
    way(f"M{RIGHT[1]} 187V223", 4, RIGHT[1], 204)
    way("M494 187V200Q494 208 486 208H463Q455 208 455 216V309Q455 317 447 317H442", 5, 455, 254)
    way(f"M{RIGHT[1]} 345V385", 6, RIGHT[1], 365)
    out.append(f'<path class="way" d="M{RIGHT[1]} 453V487" marker-end="url(#on)"/>')
    out.append(f'<path class="way" d="M{RIGHT[1]} 539V581" marker-end="url(#on)"/>')

    # Words on arrows.
    text(136, 214, "reads, reports", "soft")
    text(355, 214, "rejected", "soft")
    text(35, 374, "starts, stops", "soft")
    text(455, 479, "web page and REST", "soft mid")
    text(455, 579, "with a key", "soft mid")

    # What the colours mean.
    out.append('<rect class="program" x="40" y="490" width="22" height="16" rx="4"/>')
    text(72, 503, "Aviary’s programs", "soft")
    out.append('<rect class="service" x="40" y="520" width="22" height="16" rx="4"/>')
    text(72, 533, "what they use", "soft")

    # The caption.
    steps = ["X sends each matching post.", "The streamer queues it.", "The consumer takes it,", "stores it with its counts,",
             "and publishes the counts.", "The page and the API show it."]
    for at, words in enumerate(steps):
        x, y = (52, 370)[at // 3], 682 + 28 * (at % 3)
        step(at + 1, x, y)
        text(x + 22, y + 6, words)
    text(40, 777, "On one machine, the same programs run in one process,", "soft")
    text(40, 797, "and can read a Mastodon server instead of X.", "soft")


def svg():
    draw()
    light = "\n".join(f"{names}{{{light}}}" for names, (light, _) in COLOURS.items())
    dark = "\n".join(f"{names}{{{dark}}}" for names, (_, dark) in COLOURS.items())
    markers = "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="{at}" refY="5" markerWidth="{size}" markerHeight="{size}" markerUnits="userSpaceOnUse" '
        f'orient="auto-start-reverse"><path class="{kind}" d="M0 0 10 5 0 10z"/></marker>'
        for name, kind, at, size in [("on", "step", 3, 13), ("to", "tip", 8, 10)]
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title desc">\n'
        f'<title id="title">{TITLE}</title>\n<desc id="desc">{DESC}</desc>\n'
        f"<style>\n{SHAPES}\n{light}\n@media (prefers-color-scheme:dark){{\n{dark}\n}}\n</style>\n<defs>{markers}</defs>\n"
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="12"/>\n'
    )
    return head + "\n".join(out) + "\n</svg>\n"


if sys.argv[1:] == ["--check"]:
    if FILE.read_text(encoding="utf-8") != svg():
        sys.exit("docs/architecture.svg is not what docs/architecture.py draws: run docs/architecture.py")
elif sys.argv[1:]:
    sys.exit(__doc__)
else:
    FILE.write_text(svg(), encoding="utf-8")
