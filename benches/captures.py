"""The captures of a benchmark: made once, with what their maker knows, and kept."""
import csv
import gzip
import json
import os
import shutil
import subprocess


class Captures:
    """A directory of captures."""

    def __init__(self, generator, directory, factor):
        self.generator, self.directory, self.factor = generator, directory, factor
        os.makedirs(directory, exist_ok=True)

    def size(self, full):
        return max(1000, int(full * self.factor))

    def make(self, shape, full, pieces=1):
        """The path of a capture of this shape and full size, or of its pieces' directory; and its truth."""
        size = self.size(full)
        name = "%s-%d%s" % (shape, size, "-in-%d" % pieces if pieces > 1 else "")
        directory = os.path.join(self.directory, name)
        truth = os.path.join(directory, "truth.json")
        path = os.path.join(directory, "capture.pcap")
        # captures of another generator are of no use
        newer = os.path.exists(truth) and os.path.getmtime(truth) > os.path.getmtime(self.generator)
        if not newer:
            shutil.rmtree(directory, ignore_errors=True)
            os.makedirs(directory)
            said = subprocess.run([self.generator, shape, path, str(size), "--pieces", str(pieces)],
                                  stdout=subprocess.PIPE, check=True).stdout
            with open(truth, "wb") as file:
                file.write(said)
        with open(truth, encoding="utf-8") as file:
            known = json.load(file)
        pieces = sorted(os.path.join(directory, entry) for entry in os.listdir(directory) if entry.endswith(".pcap"))
        return (path if len(pieces) == 1 else pieces), known

    def zipped(self, path):
        """The same capture, gzipped."""
        out = path + ".gz"
        if not os.path.exists(out) or os.path.getmtime(out) < os.path.getmtime(path):
            with open(path, "rb") as plain, gzip.open(out + ".new", "wb", compresslevel=6) as packed:
                shutil.copyfileobj(plain, packed, 1 << 20)
            os.rename(out + ".new", out)
        return out


def wrong(binary, path, truth):
    """How verdicts of a report differ from the truth, {verdict: (told, known)}."""
    with subprocess.Popen([binary, "report", "--format", "csv", path], stdout=subprocess.PIPE, text=True) as report:
        told = {}
        for row in csv.DictReader(report.stdout):
            told[row["verdict"]] = told.get(row["verdict"], 0) + 1
    known = truth["verdicts"]
    return {verdict: (told.get(verdict, 0), known.get(verdict, 0))
            for verdict in {**told, **known} if told.get(verdict) != known.get(verdict)}
