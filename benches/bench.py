"""Measures regscope on large captures beside other programs; prints the figures and keeps them in docs/PERFORMANCE.md."""
import argparse
import filecmp
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys

from captures import Captures, wrong
from measure import Failed, alternate, first_frame, run

BEGIN, END = "<!-- figures: make bench writes from here -->", "<!-- to here -->"
FIELDS = [part for field in ("frame.time_epoch", "ip.src", "ip.dst", "sip.Method", "sip.Status-Code", "sip.CSeq.seq",
                             "sip.to.user", "sip.contact.uri", "sip.Call-ID") for part in ("-e", field)]
MB, GB = 10**6, 10**9
FLOOR = run(["true"]).memory


def seconds(took):
    return "over the limit" if took is None else "%.3g s" % took if took < 100 else "%.0f s" % took


def megabytes(peak):
    # what this process has itself hides what is less
    return "–" if peak < 1.1 * FLOOR else "%.0f MB" % (peak / MB)


def judged(value, most, shown="%.2f"):
    """A figure, the most it may be, and whether it is."""
    return [shown % value, "at most " + shown % most, "yes" if value <= most else "**no**"]


def table(head, rows):
    lines = ["| %s |" % " | ".join(cells) for cells in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines) + "\n"


class Bench:
    """All parts; each returns a heading and text, and adds to the targets."""

    def __init__(self, settings):
        self.settings = settings
        self.binary = os.path.abspath(settings.binary)
        self.captures = Captures(os.path.abspath(settings.generator), settings.directory, settings.factor)
        self.targets, self.faults = [], []

    def capture(self, *what):
        """A capture, whose report must come to the truth."""
        path, truth = self.captures.make(*what)
        if isinstance(path, str):
            differs = wrong(self.binary, path, truth)
            if differs:
                self.faults.append("%s: verdicts (told, known) %s" % (what[0], differs))
        # what comes first would read it from the disk
        for one in [path] if isinstance(path, str) else path:
            run(["cat", one])
        return path, truth

    def report(self, *files):
        return [self.binary, "report", "--format", "json", *files]

    def target(self, what, *figures):
        self.targets.append([what, *judged(*figures)])

    def side_by_side(self):
        """regscope in turn with the fast programs, and the slow ones once."""
        text, slow = [], []
        for shape, full, words in (("mixed", 2 * GB, "95 % media"), ("reg", GB, "registrations"), ("tcp", 300 * MB, "SIP over TCP")):
            path, truth = self.capture(shape, full)
            programs = {"regscope report": self.report(path), "cat": ["cat", path]}
            if shutil.which("tcpdump"):
                programs["tcpdump -w"] = ["tcpdump", "-r", path, "-w", "/dev/null"]
            took = alternate(programs, self.settings.rounds)
            ours, _, peak = took["regscope report"]
            size = "%s, %.2f GB, %d packets, %d SIP messages, %d DNs" % (
                words, truth["bytes"] / GB, truth["packets"], truth["sip_messages"], truth["dns"])
            took.update(self.slow(shape, path))
            rows = [[name, seconds(ran.time), "%.2f" % (ran.time / ours) if ran.time else "–", seconds(ran.processor), megabytes(ran.memory)]
                    for name, ran in took.items()]
            text.append("%s:\n\n%s" % (size, table(["", "time", "of regscope's", "of processors", "memory"], rows)))
            self.ratios(shape, took, ours, peak)
        path = self.captures.zipped(self.captures.make("reg", GB)[0])
        took = alternate({"regscope report": self.report(path), "gzip -dc": ["gzip", "-dc", path]}, max(1, self.settings.rounds // 2))
        (ours, _, peak), gzip = took["regscope report"], took["gzip -dc"].time
        self.target("reg, gzipped: time beside `gzip -dc`", ours / gzip, 1.2)
        text.append("The registrations gzipped: regscope %s, %s; `gzip -dc` alone %s.\n" % (seconds(ours), megabytes(peak), seconds(gzip)))
        path, _ = self.captures.make("log", GB)
        size = os.path.getsize(path)
        took = alternate({"regscope report": self.report(path), "cat": ["cat", path]}, self.settings.rounds)
        (ours, _, peak), cat = took["regscope report"], took["cat"].time
        self.target("log of a server, 5 % SIP: seconds a GB", ours * GB / size, 2.0)
        self.target("log of a server: memory, MB", peak / MB, 60, "%.0f")
        text.append("The log of a server, %.2f GB, 5 %% of it SIP: regscope %s, %s; `cat` alone %s.\n" % (
            size / GB, seconds(ours), megabytes(peak), seconds(cat)))
        return "Beside other programs", "\n".join(text + slow)

    def ratios(self, shape, took, ours, peak):
        cat, tcpdump = took["cat"].time, took.get("tcpdump -w", (None,))[0]
        if shape == "mixed":
            self.target("mixed: time beside `cat`", ours / cat, 1.5)
        if tcpdump:
            most = {"mixed": 0.4, "reg": 1.5, "tcp": 2.5}[shape]
            self.target(shape + ": time beside `tcpdump -w`", ours / tcpdump, most)
        most = {"mixed": 60, "reg": 200, "tcp": 150}[shape]
        self.target(shape + ": memory, MB", peak / MB, most, "%.0f")

    def slow(self, shape, path):
        took = {}
        programs = {
            "tshark, 9 fields of REGISTERs": ["tshark", "-n", "-r", path, "-Y", "sip.CSeq.method==REGISTER", "-T", "fields", *FIELDS],
            "sngrep -N -l 1000000": ["sngrep", "-N", "-q", "-l", "1000000", "-I", path],
        }
        for name, argv in programs.items():
            # sngrep looks for media in every packet: mixed is its worst case, and says nothing
            if self.settings.slow and shutil.which(argv[0]) and (argv[0], shape) != ("sngrep", "mixed"):
                try:
                    took[name] = run(argv, limit=self.settings.limit)
                except Failed as failed:
                    print("left out: %s" % failed, file=sys.stderr)
        return took

    def scale(self):
        """Much of one thing, and more of the same."""
        rows, programs = [], {}
        for size in (GB // 10, 3 * GB // 10, GB):
            path, truth = self.capture("reg", size)
            programs[truth["bytes"]] = self.report(path)
        took = alternate(programs, max(1, self.settings.rounds // 2))
        (first, base), *_ = took.items()
        for size, (time, _, peak) in took.items():
            rows.append(["registrations, %.2f GB" % (size / GB), seconds(time), megabytes(peak),
                         "%.1f× the size, %.1f× the time" % (size / first, time / base.time)])
        for shape, full, words in (("dns", MB, "DNs with one registration each"), ("attempts", MB, "attempts of one DN"),
                                   ("flows", MB // 10, "TCP connections, all open")):
            path, truth = self.capture(shape, full)
            time, _, peak = run(self.report(path))
            if shape == "dns":
                self.target("1,000,000 DNs: memory, MB", peak / MB, 1200, "%.0f")
            rows.append(["%d %s" % (self.captures.size(full), words), seconds(time), megabytes(peak), "%.2f GB" % (truth["bytes"] / GB)])
        path, truth = self.capture("reg", 3 * GB // 10)
        pieces, _ = self.captures.make("reg", 3 * GB // 10, 100)
        same = self.same(path, pieces)
        time, _, peak = run(self.report(*pieces))
        rows.append(["registrations, %.2f GB, by address in 100 files" % (truth["bytes"] / GB), seconds(time), megabytes(peak),
                     "the same verdicts, byte for byte" if same else "**other verdicts**"])
        if not same:
            self.faults.append("100 pieces give other verdicts than the file they are of")
        return "More of it", table(["", "time", "memory", ""], rows)

    def same(self, path, pieces):
        outs = [os.path.join(self.settings.directory, name) for name in ("whole.csv", "pieces.csv")]
        for out, files in zip(outs, ([path], pieces)):
            run([self.binary, "report", "--format", "csv", *files], out=out)
        return filecmp.cmp(*outs, shallow=False)

    def start(self):
        """How soon something is there."""
        version = statistics.median(run([self.binary, "--version"]).time for _ in range(20))
        path, truth = self.captures.make("mixed", 2 * GB)
        frames = statistics.median(first_frame([self.binary, path], b"Compare") for _ in range(5))
        self.target("`--version`, ms", version * 1000, 10, "%.1f")
        self.target("first frame on %.1f GB, ms" % (truth["bytes"] / GB), frames * 1000, 200, "%.1f")


def version(argv):
    """The first line a program says of itself with a number in it."""
    try:
        said = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
    except OSError:
        return None
    found = re.search(r"\d+\.\d+(\.\d+)*", said)
    return found and "%s %s" % (argv[0], found.group())


def machine():
    """What the figures were made on, without names."""
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(re.search(r"MemTotal:\s+(\d+)", file.read()).group(1)) * 1024
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    tools = [version(argv) for argv in (["rustc", "--version"], ["tcpdump", "--version"], ["tshark", "--version"], ["sngrep", "-V"])]
    return "%d cores (%s), %.0f GiB, %s, Linux %s; %s; load %.1f before and %%.1f after, page cache warm" % (
        os.cpu_count(), model.group(1).strip() if model else platform.machine(), memory / 2**30, system,
        re.match(r"\d+\.\d+", platform.release()).group(), ", ".join(filter(None, tools)), os.getloadavg()[0])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--generator", required=True)
    parser.add_argument("--directory", required=True, help="where captures are kept, some 9 GB")
    parser.add_argument("--factor", type=float, default=1, help="of the full sizes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=900, help="seconds for tshark and sngrep")
    parser.add_argument("--no-slow", dest="slow", action="store_false", help="without tshark and sngrep")
    parser.add_argument("--keep", metavar="FILE", help="writes the figures between its two marks")
    return parser.parse_args()


def main():
    settings = arguments()
    bench, where = Bench(settings), machine()
    parts = []
    for part in (bench.start, bench.scale, bench.side_by_side):
        done = part()
        if done:
            parts.append("### %s\n\n%s" % done)
    targets = table(["target", "figure", "", "met"], bench.targets)
    size = "" if settings.factor == 1 else " Sizes are %g of the full ones; targets are meant for those." % settings.factor
    text = "On %s. Medians of %d rounds in turn.%s\n\n### Targets\n\n%s\n%s" % (
        where % os.getloadavg()[0], settings.rounds, size, targets, "\n".join(reversed(parts)))
    print(text)
    if settings.keep:
        with open(settings.keep, encoding="utf-8") as file:
            before, rest = file.read().split(BEGIN)
        with open(settings.keep, "w", encoding="utf-8") as file:
            file.write("%s%s\n\n%s\n%s%s" % (before, BEGIN, text, END, rest.split(END)[1]))
    for fault in bench.faults:
        print(fault, file=sys.stderr)
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main())
