"""Measures live capture: rising rates of REGISTERs, media beside them, a flood of DNs without an end."""
import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import traffic
from tools import NAMESPACES, Regscope, RegscopeRecording, Sngrep, Tcpdump, Wire, replay

RATES = [1000, 3000, 5000, 10000, 20000, 30000, 40000, 60000, 80000, 120000, 160000, 240000]


def line(*cells):
    print("%9s  %-17s %8s %8s %8s %6s %7s %5s %7s" % cells, flush=True)


def head():
    line("packets/s", "", "to see", "seen", "dropped", "cpu", "behind", "MiB", "sender")


def measured(tool, due, replayed):
    """One row: what a tool reports of the `due` packets, and what it took; returns what is missing."""
    sent, took, sender = replayed
    behind, cpu, memory = tool.settle()
    seen, dropped = tool.end()
    lost = max(due - seen, dropped or 0)
    line("%.0f" % (sent / took), tool.name, due, seen, lost, "%.1f%%" % (100 * cpu / (took + behind)), "%.1f s" % behind, "%.0f" % memory,
         "%.0f%%" % (100 * sender / took))
    return lost


def rates(run):
    """Rising rates until a program drops; then it is left out."""
    path = os.path.join(run.directory, "registrations.pcap")
    traffic.write(path, traffic.registrations(20000, 10))
    kinds, first = [Tcpdump, Sngrep, Regscope, RegscopeRecording], {}
    print("\nREGISTERs of 20,000 DNs and their answers, %d s at each rate%s; `behind`: until all was taken in\n"
          % (run.seconds, ", all programs at once" if run.together else ", one program after the other"))
    head()
    for rate in RATES:
        kinds = [kind for kind in kinds if kind not in first]
        groups = [kinds] if run.together else [[kind] for kind in kinds]
        for group in groups:
            tools = [kind(run.directory, binary=run.binary, others=at) for at, kind in enumerate(group)]
            replayed = replay(path, rate, rate * run.seconds)
            for tool in tools:
                if measured(tool, replayed[0], replayed):
                    first[type(tool)] = rate
    for kind in (Tcpdump, Sngrep, Regscope, RegscopeRecording):
        print("%-18s %s" % (kind.name, "first drop at %d packets/s" % first[kind] if kind in first else "no drop"))
    return []


def media(run):
    """50,000 RTP packets a second beside 100 REGISTERs and their answers: nothing of them may be lost."""
    path, wrong = os.path.join(run.directory, "media.pcap"), []
    total = traffic.write(path, traffic.media(run.media_seconds, 50000, 100))
    print("\n50,000 RTP packets and 100 REGISTERs with their answers a second, %d s\n" % run.media_seconds)
    head()
    sent, took, sender = replay(path, total // run.media_seconds, total)
    line("%.0f" % (sent / took), "(nobody)", "", "", "", "", "", "", "%.0f%%" % (100 * sender / took))
    for kind in (Regscope, RegscopeRecording, Tcpdump, Sngrep):
        tool = kind(run.directory, binary=run.binary)
        replayed = replay(path, total // run.media_seconds, total)
        # tcpdump takes the media too, the others SIP alone
        lost = measured(tool, total if kind is Tcpdump else 200 * run.media_seconds, replayed)
        if kind in (Regscope, RegscopeRecording) and lost:
            wrong.append("media: %s lost %d" % (kind.name, lost))
    return wrong


def send(frames, rate):
    """Sends frames from the sender's side, at most so many a second; yields now and then."""
    code = ("import socket, sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('tx0', 0));"
            "t = socket.socket(fileno=int(sys.argv[1])); socket.send_fds(t, [b'x'], [s.fileno()])")
    ours, theirs = socket.socketpair()
    subprocess.run(["ip", "netns", "exec", NAMESPACES[0], sys.executable, "-c", code, str(theirs.fileno())], pass_fds=[theirs.fileno()], check=True)
    _, handles, _, _ = socket.recv_fds(ours, 1, 1)
    ours.close()
    theirs.close()
    with socket.socket(fileno=handles[0]) as wire:
        began, sent = time.monotonic(), 0
        for data in frames:
            wire.send(data)
            sent += 1
            if sent % 200 == 0:
                ahead = sent / rate - (time.monotonic() - began)
                if ahead > 0:
                    time.sleep(ahead)
                if sent % 2000 == 0:
                    yield sent


def flood_and_real(run, real):
    """The flood, and between it the real DNs, which have registered and refreshed before, again every 20 s."""
    for number in (1, 2):
        for dn, source in real:
            yield traffic.register(dn, source, number, 60)
            yield traffic.answer(dn, source, number, expires=60)
    began, number, due = time.monotonic(), 3, 0.0
    for data in traffic.flood(run.soak, 7):
        now = time.monotonic() - began
        if now >= due:
            for dn, source in real:
                yield traffic.register(dn, source, number, 60)
                yield traffic.answer(dn, source, number, expires=60)
            number, due = number + 1, due + 20
        yield data


def soak(run):
    """DNs at random from random sources: memory stays, and the real DNs stay in service."""
    real, wrong = traffic.phones(500), []
    told = os.path.join(run.directory, "real.ndjson")
    print("\nA flood of %d DNs at random from random sources beside 500 that are real; regscope watch --memory %s\n" % (run.soak, run.memory))
    print("%9s %11s %9s %9s" % ("seconds", "packets", "VmRSS MiB", "cpu"))
    with open(told, "wb") as out:
        # what is reported of the real ones alone
        sieve = subprocess.Popen(["grep", "--line-buffered", "-E", '"dn":"10[0-9]{4}"'], stdin=subprocess.PIPE, stdout=out)
        tool = Regscope(run.directory, binary=run.binary, extra=["--memory", run.memory], stdout=sieve.stdin)
        sieve.stdin.close()
        began, shown, sizes, sent, cpu = time.monotonic(), 0.0, [], 0, tool.cpu()
        for sent in send(flood_and_real(run, real), run.soak_rate):
            now = time.monotonic() - began
            if now >= len(sizes):
                sizes.append(tool.stat("VmRSS"))
            if now >= shown:
                spent, cpu = tool.cpu() - cpu, tool.cpu()
                print("%9.0f %11d %9.0f %8.0f%%" % (now, sent, sizes[-1], 10 * spent), flush=True)
                shown += 10
        behind, _, peak = tool.settle()
        seen, dropped = tool.end()
        sieve.wait(30)
    half = len(sizes) // 2
    print("%9.0f %11d %9.0f   %.1f s behind; %d SIP messages, %d packets dropped" % (time.monotonic() - began, sent, sizes[-1], behind, seen, dropped))
    print("largest VmRSS in the first half %.0f MiB, in the second %.0f MiB; peak %.0f MiB" % (max(sizes[:half]), max(sizes[half:]), peak))
    print(tool.said().splitlines()[-1])
    if max(sizes[half:]) > 1.1 * max(sizes[:half]):
        wrong.append("soak: memory grows")
    with open(told, encoding="utf-8") as lines:
        lines = lines.read().splitlines()
    there = sum('"to":{"verdict":"in_service"' in text for text in lines)
    if len(lines) != 500 or there != 500:
        wrong.append("soak: the 500 real DNs are to be told once each, in service: %d changes, %d of them in service" % (len(lines), there))
    return wrong


PARTS = {"rates": rates, "media": media, "soak": soak}


def main():
    parser = argparse.ArgumentParser(prog="tests/load/run", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help="of %s (all of them)" % ", ".join(PARTS))
    parser.add_argument("--binary", required=True, help="the program to measure")
    parser.add_argument("--seconds", type=int, default=4, help="of each rate (4)")
    parser.add_argument("--together", action="store_true", help="all programs at once at each rate")
    parser.add_argument("--media-seconds", type=int, default=20)
    parser.add_argument("--soak", type=int, default=3_000_000, help="DNs of the flood (3,000,000)")
    parser.add_argument("--soak-rate", type=int, default=20_000, help="packets a second of the flood (20,000)")
    parser.add_argument("--memory", default="64M", help="limit of the model in the soak (64M)")
    run = parser.parse_args()
    unknown = [part for part in run.parts if part not in PARTS]
    if unknown:
        parser.error("no such part: %s" % ", ".join(unknown))
    run.binary = os.path.abspath(run.binary)
    run.directory = tempfile.mkdtemp(prefix="regscope-load-")
    os.chmod(run.directory, 0o777)
    wrong = []
    try:
        for part in run.parts or PARTS:
            with Wire():
                wrong += PARTS[part](run)
    finally:
        if not os.environ.get("LOAD_KEEP"):
            shutil.rmtree(run.directory, ignore_errors=True)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
