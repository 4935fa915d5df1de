"""The registrar: a kamailio on one of the lab's hosts, steered and read over its RPC socket."""
import contextlib
import glob
import json
import os
import socket
import time
from urllib.parse import unquote

CONFIG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "registrar.cfg")


class Registrar:
    """One running kamailio."""

    def __init__(self, network, host, listen, flags=(), **defines):
        self.network, self.host = network, host
        self.directory = os.path.join(network.workdir, "kamailio-" + host)
        os.makedirs(self.directory, exist_ok=True)
        self.socket = os.path.join(self.directory, "rpc")
        self.process = None
        self._configure(listen, flags, defines)
        self.launch()

    def _configure(self, listen, flags, defines):
        values = {"RPC_SOCKET": '"%s"' % self.socket, "MAX_EXPIRES": 0, "NONCE_EXPIRE": 300, **defines}
        modules = glob.glob("/usr/lib/*/kamailio/modules/") + glob.glob("/usr/lib64/kamailio/modules/")
        with open(os.path.join(self.directory, "kamailio.cfg"), "w", encoding="utf-8") as out:
            out.write("#!KAMAILIO\n")
            out.writelines("#!define %s %s\n" % item for item in values.items())
            out.writelines("#!define %s\n" % flag for flag in flags)
            out.writelines("listen=%s\n" % address for address in listen)
            out.write('mpath="%s"\n' % modules[0])
            out.write('include_file "%s"\n' % CONFIG)

    def launch(self):
        d = self.directory
        self.process = self.network.start(self.host, ["kamailio", "-f", d + "/kamailio.cfg", "-DD", "-E", "-m", "32", "-M", "4",
                                                      "-Y", d, "-P", d + "/pid"], "kamailio-%s.log" % self.host)
        for _ in range(200):
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, RuntimeError):
                self.rpc("core.version")
                time.sleep(0.3)
                return
            time.sleep(0.1)
        with open(self.process.log, encoding="utf-8", errors="replace") as log:
            raise RuntimeError("kamailio does not come up: " + log.read()[-2000:])

    def stop(self):
        self.network.end(self.process)

    def rpc(self, method, *params):
        """One JSON-RPC call over the datagram socket."""
        mine = os.path.join(self.directory, "rpc-%d" % time.monotonic_ns())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.bind(mine)
            client.settimeout(3)
            try:
                call = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
                client.sendto(json.dumps(call).encode(), self.socket)
                answer = json.loads(client.recv(1 << 18))
            finally:
                os.unlink(mine)
        if "error" in answer:
            raise RuntimeError("%s: %s" % (method, answer["error"]))
        return answer.get("result")

    def policy(self, **words):
        """policy(open="1001 1002", only_192…): which DNs are treated how; see registrar.cfg."""
        for word, dns in words.items():
            for dn in dns.split():
                self.rpc("htable.sets", "policy", dn, word.replace("_", "-"))

    def only_from(self, address, dns):
        for dn in dns.split():
            self.rpc("htable.sets", "policy", dn, "only:" + address)

    def remove(self, dn):
        """Takes a DN out of the location table, as an administrator would."""
        self.rpc("ul.rm", "location", dn)

    def table(self):
        """The location table: {dn: [(contact, seconds left)]}, without what has run out."""
        found = {}
        for domain in self.rpc("ul.dump").get("Domains", []):
            for record in domain["Domain"].get("AoRs", []):
                info = record["Info"]
                for item in info.get("Contacts", []):
                    contact = item["Contact"]
                    if isinstance(contact["Expires"], int) and contact["Expires"] > 0:
                        found.setdefault(unquote(info["AoR"]), []).append((contact["Address"], contact["Expires"]))
        return found
