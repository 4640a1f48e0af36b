"""What a request costs, in instructions: they do not wobble, whatever else the machine is doing.

    make bench                    prints the table
    make bench BENCH=--count=50   fewer requests: for a look while working

httpd runs in one process under valgrind's callgrind, on plain http, with keep-alive, a 1 kB file and no access log.
Each figure is the mean over the requests between two dumps of the counters: callgrind dumps and begins anew whenever
httpd answers an OPTIONS, which nothing else here sends.
"""

import argparse
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "t"))

from harness import process                                          # noqa: E402
from harness.certs import Authority                                  # noqa: E402
from harness.database import Sqlite                                  # noqa: E402
from harness.site import Site                                        # noqa: E402
from harness.standin import StandIn                                  # noqa: E402

PAGE = "x" * 1023 + "\n"
PROTECTED = """
<Location "/members/">
AuthType Twitter
Require valid-user
</Location>
<Location "/headers/">
AuthType Twitter
Require valid-user
TwAuthExport env headers
</Location>
Redirect "/moved" "/elsewhere"
"""
NAVIGATION = {"Accept": "text/html,application/xhtml+xml", "User-Agent": "bench", "Accept-Encoding": "gzip",
              "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
SCRIPT = {**NAVIGATION, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Accept": "*/*"}


class Connection:
    """One kept-alive connection, as lean as can be."""

    def __init__(self, port):
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def get(self, path, headers, method="GET"):
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *(f"{k}: {v}" for k, v in headers.items())]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        status = int(self.file.readline().split()[1])
        length, chunked, cookies, close = 0, False, {}, False
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(": ")
            match name.lower():
                case "content-length":
                    length = int(value)
                case "transfer-encoding":
                    chunked = True
                case "connection":
                    close = value == "close"
                case "set-cookie":
                    key, _, rest = value.partition("=")
                    cookies[key] = rest.partition(";")[0]
        while chunked and (length := int(self.file.readline(), 16)):
            self.file.read(length + 2)
        self.file.read(2 if chunked else length)
        if close:
            self.__init__(self.port)
        return status, cookies


class Callgrind:
    """httpd under callgrind."""

    def __init__(self, httpd, folder):
        self.folder, self.out, self.parts = folder, folder / "callgrind.out", 0
        httpd.write()
        text = httpd.conf.read_text()
        httpd.conf.write_text(re.sub(r"(?m)^(CustomLog|LogLevel) .*$", "", text) + "LogLevel warn\n")
        argv = ["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={self.out}",
                "--dump-before=ap_send_http_options", "/usr/sbin/apache2", "-X",
                "-d", str(httpd.folder), "-f", str(httpd.conf)]
        folder.chmod(0o777)         # callgrind writes as the user that httpd has become
        self.log = open(folder / "valgrind.log", "wb")
        self.process = subprocess.Popen(argv, stdout=self.log, stderr=self.log)
        self.port = httpd.vhosts[0].port
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("httpd did not start under callgrind")

    def _dump(self, connection):
        """The instructions since the dump before."""
        connection.get("/", {}, "OPTIONS")
        self.parts += 1
        dump = pathlib.Path(f"{self.out}.{self.parts}")
        return int(re.search(r"(?m)^(?:totals|summary): (\d+)", dump.read_text())[1])

    def measure(self, path, headers, want, count):
        """Instructions a request."""
        connection = Connection(self.port)
        for _ in range(20 + count // 10):
            status, _ = connection.get(path, headers)
        assert status == want, f"{path}: {status}, not {want}"
        self._dump(connection)
        for _ in range(count):
            connection.get(path, headers)
        return self._dump(connection) / count

    def stop(self):
        self.process.terminate()
        self.process.wait()


def measured(count):
    """The figures: a dictionary from what to instructions a request."""
    folder = process.folder()
    (folder / "ca").mkdir(mode=0o755)
    authority = Authority(folder / "ca")
    standin = StandIn(folder / "standin", authority)
    standin.begin()
    site = Site(folder / "site", authority, standin, Sqlite(folder / "db"), scheme="http", modules=("alias",),
                protected=PROTECTED, config="TwAuthSessionRecheck 1h")
    for place in ("open", "members", "headers"):
        site.httpd.put(f"{place}/page.html", PAGE)
    figures = {}
    try:
        site.start()
        browser = site.browser()
        assert browser.sign_in("alice", next="/members/page.html").status == 200
        jar = {c.name: c.value for c in browser.cookies if c.name.startswith("twauth")}
        site.stop()

        with_module = Callgrind(site.httpd, pathlib.Path(tempfile.mkdtemp(dir=folder)))
        # after a start each cookie is checked once with the database; the renewed one is what browsers send
        _, renewed = Connection(with_module.port).get("/members/page.html", {**NAVIGATION, **cookie(jar)})
        jar |= renewed
        good = {**NAVIGATION, **cookie(jar)}
        name, value = next((n, v) for n, v in jar.items() if n == "twauth")
        forged = {**NAVIGATION, "Cookie": f"{name}={value[:-8]}AAAAAAAA; other=1"}
        rows = [("open page, with the module", "/open/page.html", {**NAVIGATION, "Cookie": "other=1"}, 200),
                ("open page, signed in", "/open/page.html", good, 200),
                ("members' page, signed in (env)", "/members/page.html", good, 200),
                ("members' page, signed in (env, headers)", "/headers/page.html", good, 200),
                ("members' page, no session, script: 401", "/members/page.html", SCRIPT, 401),
                ("members' page, no session: 302 to login", "/members/page.html", NAVIGATION, 302),
                ("members' page, forged cookie: 302", "/members/page.html", forged, 302),
                ("a plain Redirect", "/moved/page.html", NAVIGATION, 302)]
        for what, path, headers, want in rows:
            figures[what] = with_module.measure(path, headers, want, count)
        with_module.stop()

        text = site.httpd.conf.read_text()
        bare = re.sub(r"(?m)^(TwAuth|DBD|LoadModule (twauth|dbd)_module).*$", "", text)
        bare = re.sub(r"(?m)^(AuthType Twitter|Require (valid-user|twitter-user .*))$", "", bare)
        site.httpd.write = lambda: site.httpd.conf.write_text(bare)
        without = Callgrind(site.httpd, pathlib.Path(tempfile.mkdtemp(dir=folder)))
        figures["open page, without the module"] = without.measure(
            "/open/page.html", {**NAVIGATION, "Cookie": "other=1"}, 200, count)
        without.stop()
    finally:
        site.stop()
        standin.stop()
    return figures


def cookie(jar):
    return {"Cookie": "; ".join(f"{n}={v}" for n, v in jar.items())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=400, help="requests a figure")
    figures = measured(parser.parse_args().count)
    base = figures["open page, without the module"]
    print(f"{'instructions a request':<45}{'all':>10}{'over open':>11}")
    for what, n in sorted(figures.items(), key=lambda item: item[1]):
        print(f"{what:<45}{n:>10,.0f}{n - base:>+11,.0f}")


if __name__ == "__main__":
    main()
