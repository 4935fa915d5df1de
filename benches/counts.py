"""Counts instructions a message on small captures, under valgrind, and holds them against those that are committed."""
import argparse
import collections
import getpass
import json
import os
import re
import subprocess
import sys
import tempfile

# shape, size, seed, and what its instructions are divided by
CAPTURES = [("reg", "3MB", 1, "sip_messages"), ("mixed", "5MB", 1, "packets"), ("tcp", "2MB", 1, "sip_messages")]
# instructions may grow by so much of themselves
TOLERANCE = 0.04
# functions with less of all instructions are not kept
SHARE = 0.005
SHOWN = 8
# what is done once, after reading; on a small capture it would hide what a message costs
JUDGING = re.compile(r"regscope::(compare|diagnosis|report|wording)::")


def short(name):
    """A function without the hash of its build and the mark of its recursion."""
    return re.sub(r"('\d+|::h[0-9a-f]{16})", "", name)


def by_function(path):
    """Instructions of each function itself, from what callgrind wrote."""
    names, counts = {}, collections.Counter()
    function, called = None, False
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            named = re.match(r"fn=\((\d+)\)(?: (.*))?$", line)
            if named:
                number, name = named.groups()
                function = names.setdefault(number, short(name or ""))
            elif line.startswith("cfn="):
                # a name may come first where the function is called
                named = re.match(r"cfn=\((\d+)\) (.*)$", line)
                if named:
                    names.setdefault(named.group(1), short(named.group(2)))
            elif line.startswith("calls="):
                called = True
            elif line[0] in "+-*0123456789" and function is not None:
                # what follows `calls=` is the callee's
                counts[function] += 0 if called else int((line.split() + ["0"])[1])
                called = False
    return counts


def count(settings, shape, size, seed, unit):
    """Instructions a unit: of all, and by function."""
    with tempfile.TemporaryDirectory() as directory:
        capture, out = os.path.join(directory, shape + ".pcap"), os.path.join(directory, "callgrind.out")
        said = subprocess.run([settings.generator, shape, capture, size, "--seed", str(seed)], stdout=subprocess.PIPE, check=True)
        units = json.loads(said.stdout)[unit]
        subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, settings.binary, "report", "--format", "json", "--no-fence", "--user", getpass.getuser(), capture],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        counts = by_function(out)
    total = sum(counts.values())
    judging = sum(n for name, n in counts.items() if JUDGING.search(name))
    functions = {name: round(n / units, 1) for name, n in counts.most_common() if n > SHARE * total}
    parts = {"reading": total - judging, "judging": judging}
    return {"per": unit, **{part: round(n / units, 1) for part, n in parts.items()}, "functions": functions}


def compiler():
    return subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def grown(was, now, part):
    """The functions of a part that grew most, in words; those too small to be kept count as none."""
    then, ours = was["functions"], now["functions"]
    differences = sorted(((ours.get(name, 0) - then.get(name, 0), name) for name in {**then, **ours}
                          if bool(JUDGING.search(name)) == (part == "judging")), reverse=True)
    return ["    %+9.1f  %s (%s, was %s)" % (by, name, ours.get(name, "little"), then.get(name, "little"))
            for by, name in differences[:SHOWN] if by > 0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--generator", required=True)
    parser.add_argument("--counts", required=True, help="the figures to hold against")
    parser.add_argument("--keep", action="store_true", help="replaces them")
    settings = parser.parse_args()
    ours = {"compiler": compiler(), "captures": {capture[0]: count(settings, *capture) for capture in CAPTURES}}
    if settings.keep:
        with open(settings.counts, "w", encoding="utf-8") as file:
            json.dump(ours, file, indent=1)
            file.write("\n")
    with open(settings.counts, encoding="utf-8") as file:
        kept = json.load(file)
    failed = False
    for shape, now in ours["captures"].items():
        was = kept["captures"][shape]
        for part in ("reading", "judging"):
            ratio = now[part] / was[part] - 1
            print("%-6s %s: %9.1f instructions for each of %s, %+.1f %%" % (shape, part, now[part], now["per"], 100 * ratio))
            if ratio > TOLERANCE:
                failed = True
                print("  more than %g %% over %.1f; what grew:" % (100 * TOLERANCE, was[part]))
                print("\n".join(grown(was, now, part)))
            elif ratio < -TOLERANCE:
                print("  less than before: keep that with KEEP=1")
    if failed and kept["compiler"] != ours["compiler"]:
        print("the figures are of %s, these of %s" % (kept["compiler"], ours["compiler"]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
