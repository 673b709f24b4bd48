#!/usr/bin/python3
"""Shows that the runner can fail: dialogues that are wrong in one way each must not pass."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import deviations  # noqa: E402  (the path to the harness comes first)
import tap         # noqa: E402
from play import Play, StepError        # noqa: E402
from script import Case, ScriptError    # noqa: E402
from servers import Server, ServerError  # noqa: E402

PATIENCE_S = 2.0  # what is missing here never comes, so nothing depends on how long this is

WRONG = {
    "another reply": ["> set w 0 0 1", "> x", "< NOT_STORED"],
    "another byte late in a value": ["> set w 0 0 3", "> abc", "> get w",
                                     "< STORED", "< VALUE w 0 3", "< abd", "< END"],
    "a reply too many": ["> version", "> version", "~ VERSION .*"],
    "a reply too many of another kind": ["> version", "> get missing", "~ VERSION .*"],
    "a reply too few": ["> get missing", "< END", "< END"],
    "silence expected, but a reply comes": ["> delete missing", "quiet"],
    "a close expected, but the connection stays": ["> version", "~ VERSION .*", "closed"],
    "a reply expected, but the connection closes": ["> quit", "< OK"],
    "a close expected, but a reply comes first": ["> version", "> quit", "closed"],
    "a pattern that does not match": ["> version", "~ VERSION x"],
    "a pattern that matches only the beginning": ["> version", "~ VERS"],
    "ids that are the same": ["> set w 0 0 1", "> x", "> gets w w",
                              "< STORED", "< VALUE w 0 1 ${?a}", "< x", "< VALUE w 0 1 ${?b}",
                              "< x", "< END", "differ a b"],
    "ids that are not the same": ["> set w 0 0 1", "> x", "> gets w", "< STORED",
                                  "< VALUE w 0 1 ${?a}", "< x", "< END", "> set w 0 0 1", "> x",
                                  "< STORED", "> gets w", "< VALUE w 0 1 ${a}", "< x", "< END"],
    "a figure of another value": ["stats: threads 77"],
    "a figure that does not exist": ["stats: nonsense 0"],
    "a wrong reply inside a loop": ["for i 1..3", "> get missing", "< OK", "end"],
    "something that never comes true": ["eventually", "> get missing", "< OK", "end"],
    "memory that never fills": ["fill i 1..3 until SERVER_ERROR .*", "> set w 0 0 1", "> x", "end"],
    "bytes of another connection": ["a> get missing", "b< END"],
    "a packet of another status": [">> get missing", "<< get"],
    "a packet with another value": [">> set w flags=0 value=abc", "<< set cas=any", ">> get w",
                                    "<< get flags=0 value=abd cas=any"],
    "a packet with other flags": [">> set w flags=1 value=a", "<< set cas=any", ">> get w",
                                  "<< get flags=2 value=a cas=any"],
    "a packet with another cas id": [">> set w flags=0 value=a", "<< set cas=${?id}",
                                     ">> set w flags=0 value=a", "<< set cas=${id}"],
    "a packet without the cas id it should have": [">> noop", "<< noop cas=any"],
    "a packet to another opaque": [">> noop opaque=1", "<< noop opaque=2"],
    "a packet too many": [">> noop opaque=1", ">> noop opaque=2", "<< noop opaque=1"],
    "a packet too few": [">> getq missing", "<< getq status=1"],
    "a packet where a line should come": [">> noop", "< NOOP"],
    "a line where a packet should come": ["> version", "<< version value=1.6.18"],
}

BAD_SCRIPTS = {
    "an unknown word": ["wait 5"],
    "a block without its end": ["for i 1..3", "> version"],
    "no steps": [],
}


def case(lines):
    return Case("selftest", "-", [], False, list(enumerate(lines, 1)))


def must_fail(server, lines):
    try:
        with Play(server, patience_s=PATIENCE_S) as playing:
            playing.run(case(lines).steps())
    except StepError:
        return
    raise AssertionError("it passed")


def must_not_parse(lines):
    try:
        case(lines).steps()
    except ScriptError:
        return
    raise AssertionError("it was understood")


def must_not_start():
    try:
        with Server("memcached", ["-t", "0"]):
            pass
    except ServerError:
        return
    raise AssertionError("it started")


def must_report_exit():
    """A server that ends by a signal of its own is a failure, even if the dialogue was right."""
    try:
        with Server("memcached") as server:
            server.kill()
    except ServerError:
        return
    raise AssertionError("a killed server counts as well ended")


def must_not_apply():
    hunk = deviations.Hunk(removed=["< NO SUCH LINE"], added=[])
    try:
        entry = deviations.Deviation("selftest: -", 1, "-", False, [hunk])
        deviations.apply(entry, case(["quiet"]))
    except deviations.DeviationError:
        return
    raise AssertionError("a deviation without its lines was applied")


def main():
    with Server("memcached", time_limit_s=120) as server:
        for name, lines in WRONG.items():
            tap.case(f"must fail: {name}", lambda lines=lines: must_fail(server, lines))
    for name, lines in BAD_SCRIPTS.items():
        tap.case(f"must not be read: {name}", lambda lines=lines: must_not_parse(lines))
    tap.case("must fail: a server that does not start", must_not_start)
    tap.case("must fail: a server that is killed", must_report_exit)
    tap.case("must fail: a deviation from lines that do not stand there", must_not_apply)
    tap.finish()


if __name__ == "__main__":
    main()
