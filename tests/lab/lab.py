"""Makes the capture cases: runs each scenario in a network of its own, checks what came out, writes it down."""
import argparse
import concurrent.futures
import fcntl
import gzip
import os
import shutil
import sys
import tempfile
import time
import traceback

import network
import verify
from agents import Phone
from capture import Capture, Savefile
from registrar import Registrar

HERE = os.path.dirname(os.path.abspath(__file__))
COMMITTED = os.path.join(HERE, "..", "..", "captures")

SRV, SECOND, GATEWAY, SCANNER = "192.168.210.81", "192.168.210.82", "192.168.210.54", "192.168.210.66"
UA1, UA2, UA3, UA4 = ("192.168.210.10%d" % i for i in (1, 2, 3, 4))
ADDRESS = {"srv": SRV, "second": SECOND, "gateway": GATEWAY, "scanner": SCANNER, "ua1": UA1, "ua2": UA2, "ua3": UA3, "ua4": UA4}

STATE = {"in_service": "in_service", "pending": "unknown", "one_way": "unknown", "truncated": "unknown", "not_seen": "unknown"}
SCENARIOS = {}


def scenario(name):
    """Registers a function that plays a case; its documentation is the case's README."""
    def add(function):
        SCENARIOS[name] = function
        return function
    return add


class Case:
    """One case while it is made: its network, its capture, and what the scenario says is in it."""

    def __init__(self, name, number, workdir):
        self.name, self.workdir = name, workdir
        self.network = network.Network(number, workdir)
        self.options, self.dns, self.sources, self.findings, self.ladders, self.tables = {}, [], [], [], {}, {}
        self.registrars, self.not_in_table_check, self.register_messages, self.phones = {}, set(), 0, []
        self.file, self.container, self.cut, self.warnings, self.counted, self.keys = None, "pcap", 0, None, True, None
        self.is_cluster = False  # what one node says is no word of the other one

    # ---- the stage
    def lan(self, *hosts):
        for host in hosts:
            self.network.host(host, ADDRESS[host])

    def registrar(self, host="srv", listen=None, flags=(), **defines):
        address = ADDRESS[host]
        registrar = Registrar(self.network, host, listen or ["udp:%s:5060" % address], flags, **defines)
        if "WITH_EDGE" not in flags:
            self.registrars["%s:5060" % address] = registrar
        return registrar

    def phone(self, host="ua1", address=None, **more):
        phone = Phone(self.network, host, address or ADDRESS[host], **more)
        self.phones.append(phone)
        return phone

    def capture(self, expression="port 5060", host="srv", **more):
        return Capture(self.network, host, expression, **more)

    def keep(self, *captures):
        """Reads the location tables, ends the captures; the first one is the case's unless finish() says otherwise."""
        self.tables = {where: r.table() for where, r in self.registrars.items() if r.process.poll() is None}
        files = [c.stop() for c in captures]
        self.file = files[0]
        return files

    # ---- what is in the capture
    def dn(self, dn, verdict, ladder, code=None, flags=(), sources=(UA1,), attempts=None, registrations=(), table=True, transport=None,
           at_risk=None, findings=()):
        """A DN's verdict at the end of the capture, and the messages that lead to it (verify.ladder)."""
        entry = {"dn": dn, "verdict": verdict, "state": STATE.get(verdict, "out_of_service")}
        if code:
            entry["status_code"] = code
        if flags:
            entry["flags"] = list(flags)
        if sources:
            entry["sources"] = list(sources)
        if transport:
            entry["transport"] = transport
        if attempts is not None:
            entry["attempts"] = attempts
        if registrations:
            entry["registrations"] = [{"registrar": r, "verdict": v} for r, v in registrations]
        if at_risk:
            entry["at_risk"] = at_risk
        if findings:
            entry["findings"] = list(findings)
        self.dns.append(entry)
        self.ladders[dn] = ladder
        if not table:
            self.not_in_table_check.add(dn)

    def beyond_judge(self, entry):
        """Whether the plain judge of verify.py has not what it takes: a later moment, two registrars, packets that are cut."""
        several = len(entry.get("registrations", [])) > 1
        return bool(self.options.get("at")) or several or self.is_cluster or not self.counted or self.cut > 0 or entry["dn"] in self.not_in_table_check

    def source(self, address, *flags):
        self.sources.append({"address": address, "flags": list(flags)})

    def finding(self, rule, source):
        self.findings.append({"rule": rule, **({"source": source} if source else {})})


def toml(value):
    if isinstance(value, str):
        return '"%s"' % value
    if isinstance(value, dict):
        return "{ %s }" % ", ".join("%s = %s" % (k, toml(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return "[%s]" % (" %s " % ", ".join(map(toml, value)) if value and isinstance(value[0], dict) else ", ".join(map(toml, value)))
    return str(value)


def expectation(case):
    """The text of expect.toml."""
    lines = ["# What the capture shows, from the lab's own script, checked against tshark and the registrar's table."]
    tables = ([("[options]", case.options)] if case.options else []) + [("[[dn]]", d) for d in case.dns]
    tables += [("[[source]]", s) for s in case.sources] + [("[[finding]]", f) for f in case.findings]
    end = {"register_messages": case.register_messages} if case.counted else {}
    if case.warnings is not None:
        end["warnings"] = case.warnings
    for head, table in [*tables, *([("[capture]", end)] if end else [])]:
        lines += ["", head] + ["%s = %s" % (name, toml(value)) for name, value in table.items()]
    return "\n".join(lines) + "\n"


def readme(case, path):
    """The case's README: the scenario's documentation and a ladder drawn from tshark's dissection."""
    paragraphs = [line.strip() for line in (SCENARIOS[case.name].__doc__ or "").strip().splitlines()]
    packets, messages = verify.dissect(path, case.keys)
    verdicts = ["- %s: `%s`%s%s" % (d["dn"], d["verdict"], " %d" % d["status_code"] if "status_code" in d else "",
                                    ", " + ", ".join("`%s`" % f for f in d["flags"]) if "flags" in d else "") for d in case.dns]
    verdicts += ["- source %s: %s" % (s["address"], ", ".join("`%s`" % f for f in s["flags"])) for s in case.sources]
    verdicts += ["- %s: finding `%s`" % ("source " + f["source"] if "source" in f else "the capture", f["rule"]) for f in case.findings]
    return "\n".join(["# " + case.name, "", *paragraphs, "", "What is to be seen at the end:", "", *verdicts, "",
                      "Messages (seconds, from, to; `R300` asks for 300 s, `a` with credentials, `R?` without Contact):", "",
                      "```text", verify.drawn(packets, messages), "```", "",
                      "Made by `make lab CASES=%s` (tests/lab); only the absolute time was changed afterwards, unless said above." % case.name, ""])


def make(name, number, out):
    """Plays one scenario and writes its directory; returns the list of what is wrong."""
    workdir = tempfile.mkdtemp(prefix="regscope-lab-%s-" % name)
    case = Case(name, number, workdir)
    try:
        SCENARIOS[name](case)
        target = os.path.join(out, name)
        shutil.rmtree(target, ignore_errors=True)
        os.makedirs(target)
        plain = os.path.join(target, "input.pcap")
        if case.keys and case.container == "pcap":
            case.options["keylog"] = "keys.log"
            shutil.copy(case.keys, os.path.join(target, "keys.log"))
        case.file.at_start().write(plain)
        wrong = verify.problems(case, plain)
        text = readme(case, plain)
        if case.container == "pcapng":
            network.sh("editcap", "-F", "pcapng", plain, plain + "ng")
            os.unlink(plain)
        elif case.container == "pcapng with keys":
            network.sh("editcap", "-F", "pcapng", "--inject-secrets", "tls," + case.keys, plain, plain + "ng")
            os.unlink(plain)
        elif case.container == "pcap.gz":
            with open(plain, "rb") as source, open(plain + ".gz", "wb") as sink, gzip.GzipFile("", "wb", fileobj=sink, mtime=0) as packed:
                packed.write(source.read())
            os.unlink(plain)
        elif case.container == "cut":
            os.truncate(plain, os.path.getsize(plain) - case.cut)
        for file, content in (("expect.toml", expectation(case)), ("README.md", text)):
            with open(os.path.join(target, file), "w", encoding="utf-8") as written:
                written.write(content)
        return wrong
    except Exception as problem:
        return ["%s: %s" % (type(problem).__name__, problem)] + (traceback.format_exc().splitlines() if os.environ.get("LAB_TRACE") else [])
    finally:
        for phone in case.phones:
            phone.close()
        case.network.close()
        if not os.environ.get("LAB_KEEP"):
            shutil.rmtree(workdir, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="tests/lab/run", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="cases to make (all of them)")
    parser.add_argument("--update", action="store_true", help="replace the cases in captures/ when everything agrees")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and stop")
    chosen = parser.parse_args()
    if chosen.list:
        print("\n".join(SCENARIOS))
        return 0
    unknown = [c for c in chosen.cases if c not in SCENARIOS]
    if unknown:
        parser.error("no such case: %s" % ", ".join(unknown))
    names = chosen.cases or list(SCENARIOS)
    out = os.environ.get("LAB_OUT") or tempfile.mkdtemp(prefix="regscope-captures-")
    os.makedirs(out, exist_ok=True)
    lock = open(os.path.join(tempfile.gettempdir(), "regscope-lab.lock"), "w", encoding="utf-8")
    fcntl.flock(lock, fcntl.LOCK_EX)  # one run at a time: leftovers are recognized by their names
    network.remove_leftovers()
    began, bad = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("LAB_JOBS", "6"))) as pool:
        jobs = {pool.submit(make, name, number, out): name for number, name in enumerate(names)}
        for job in concurrent.futures.as_completed(jobs):
            wrong = job.result()
            print("%-5s %s" % ("WRONG" if wrong else "ok", jobs[job]), flush=True)
            for line in wrong:
                print("      " + line, flush=True)
            bad += bool(wrong)
            if chosen.update and not wrong:
                target = os.path.join(COMMITTED, jobs[job])
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(os.path.join(out, jobs[job]), target)
    print("%d of %d cases agree, %.0f s; they are in %s" % (len(names) - bad, len(names), time.monotonic() - began, out))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.modules["lab"] = sys.modules["__main__"]
    import scenarios  # noqa: F401  (registers every case)
    sys.exit(main())
