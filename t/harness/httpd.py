# SPDX-License-Identifier: Apache-2.0
"""Apache httpd with a configuration made of parts, in a folder of its own.

    httpd = Httpd(folder, authority, [VHost("site.test", config="...")], modules=["headers"])
    httpd.start()

The parts (`main`, `vhosts`, `modules`, `htdocs`) may be changed at any time; the configuration is written anew before
each start, restart, graceful restart and check. The system's own configuration and service play no part.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import janitor, ports, process
from .clock import LIBRARY as FAKETIME
from .errorlog import ErrorLog
from .paths import CONTROL, HTTPD, HTTPD_MODULES, MODULE

USER = "www-data"
BASE = ("authn_core", "authz_core", "authz_host", "authz_user", "dir", "mime", "alias", "env", "setenvif")
READY = r"configured -- resuming normal operations"

#: TWAUTH_UNDER: what every httpd runs under; what it writes into {folder}/under.* fails the test.
UNDER = tuple(os.environ.get("TWAUTH_UNDER", "").split())

#: How many processes and threads: small and quick to start, two children so that what one knows the other must learn.
MPM = {
    "event": "StartServers 2\nServerLimit 4\nThreadsPerChild 16\nMaxRequestWorkers 64\n"
             "MinSpareThreads 16\nMaxSpareThreads 64",
    "worker": "StartServers 2\nServerLimit 4\nThreadsPerChild 16\nMaxRequestWorkers 64\n"
              "MinSpareThreads 16\nMaxSpareThreads 64",
    "prefork": "StartServers 4\nServerLimit 32\nMaxRequestWorkers 32\nMinSpareServers 2\nMaxSpareServers 32",
}

#: With event, one child that serves all: what it keeps, the next request finds.
ONE_CHILD = ("StartServers 1\nServerLimit 1\nThreadsPerChild 16\nMaxRequestWorkers 16\nMinSpareThreads 1\n"
             "MaxSpareThreads 16")

#: Most tests ask it several times, and an interpreter that takes long to start would be much of their time.
ENV_SCRIPT = Path(__file__).with_name("env.cgi").read_text()


#: Of a crash that cannot be told from httpd's own at a stop: see Httpd.stop().
NO_CORE = ("no core file, which would say whether it is httpd's own crash at a stop: see /proc/sys/kernel/core_pattern, which "
           "must not be a pipe or have a folder, and `ulimit -Hc`")


class HttpdError(AssertionError):
    """httpd did not do as told; the message holds what it wrote."""


@dataclass
class VHost:
    """One virtual host. `config` is text for the inside of its section; port 0 takes a free one."""

    name: str = "site.test"
    tls: bool = True
    port: int = 0
    aliases: tuple = ()
    config: str = ""
    root: Path = None
    server_name: str = None     #: the whole argument of ServerName, "" for none; default scheme://name:port
    certificate: object = None

    def __post_init__(self):
        self.port = self.port or ports.free()

    @property
    def scheme(self):
        return "https" if self.tls else "http"

    @property
    def origin(self):
        return f"{self.scheme}://{self.name}:{self.port}"

    def url(self, path="/"):
        return self.origin + path


@dataclass(frozen=True)
class Ran:
    """How a run of httpd's configuration test, or of twauthctl, ended. True where it passed."""

    status: int
    stdout: str
    stderr: str

    def __bool__(self):
        return self.status == 0

    @property
    def rows(self):
        """What --json printed."""
        return json.loads(self.stdout)


@dataclass
class Httpd:
    folder: Path
    authority: object                                   #: certs.Authority, for hosts with TLS
    vhosts: list = field(default_factory=list)
    mpm: str = "event"
    modules: tuple = ()                                 #: loaded before mod_twauth ("proxy", "rewrite", ...)
    late_modules: tuple = ()                            #: loaded after it
    twauth: bool = True
    cgi: bool = False
    main: str = ""                                      #: text for the main server, before the virtual hosts
    mpm_config: str = None                              #: instead of MPM[mpm]
    loglevel: str = "info"
    twauth_loglevel: str = "trace8"                     #: all it has to say, to be searched for secrets
    log_access: bool = True
    timeout: int = 10
    under: tuple = UNDER                                #: a program to run httpd under, in one process (valgrind)
    clock: object = None                                #: clock.Clock
    preload: tuple = ()
    env: dict = field(default_factory=dict)
    canaries: object = None

    live = []                                           #: every httpd started and not yet judged for good

    def __post_init__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.htdocs = self.folder / "htdocs"
        self.cgi_bin = self.folder / "cgi-bin"
        self.cores = self.folder / "cores"
        for inner in (self.htdocs, self.cgi_bin, self.cores, self.folder / "run"):
            inner.mkdir()
            inner.chmod(0o755)
        process.give(self.cores, USER)
        self.conf = self.folder / "httpd.conf"
        self.log = ErrorLog(self.folder / "error.log")
        self.access_log = self.folder / "access.log"
        self._stderr = ErrorLog(self.folder / "stderr.log")
        self._process = None
        self.script("env", ENV_SCRIPT, self.cgi_bin)

    # files

    def put(self, path, text, mode=0o644):
        """A file below the document root, with its folders."""
        file = self.htdocs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
        for parent in list(file.relative_to(self.htdocs).parents)[:-1]:
            (self.htdocs / parent).chmod(0o755)
        return file

    def script(self, path, text=ENV_SCRIPT, below=None):
        """A CGI program; without text one that prints its environment as JSON."""
        file = (below or self.htdocs) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
        return file

    # configuration

    def _load(self):
        names = [f"mpm_{self.mpm}", *BASE]
        if self.cgi:
            names.append("cgi" if self.mpm == "prefork" else "cgid")
        if any(v.tls for v in self.vhosts):
            names.append("ssl")
        names += self.modules
        if self.twauth and "twauth" not in names:
            names.append("twauth")
        names += self.late_modules
        for name in dict.fromkeys(names):
            file = MODULE if name == "twauth" else HTTPD_MODULES / f"mod_{name}.so"
            yield f'LoadModule {name}_module "{file}"'

    def _vhost(self, vhost):
        yield f"<VirtualHost *:{vhost.port}>"
        name = vhost.origin if vhost.server_name is None else vhost.server_name
        if name:
            yield f"ServerName {name}"
        if vhost.aliases:
            yield "ServerAlias " + " ".join(vhost.aliases)
        yield f'DocumentRoot "{vhost.root or self.htdocs}"'
        if vhost.tls:
            certificate = vhost.certificate or self.authority.server
            yield f'SSLEngine on\nSSLCertificateFile "{certificate.cert}"\nSSLCertificateKeyFile "{certificate.key}"'
        yield vhost.config
        yield "</VirtualHost>"

    def _text(self):
        yield from self._load()
        yield f'ServerRoot "{self.folder}"'
        yield "ServerName localhost"
        if process.ROOT:
            yield f"User {USER}\nGroup {USER}"
        for port in dict.fromkeys(v.port for v in self.vhosts):
            yield f"Listen 127.0.0.1:{port}"
        yield 'DefaultRuntimeDir "run"\nPidFile "run/pid"\nCoreDumpDirectory "cores"'
        yield f'ErrorLog "{self.log.path}"'
        yield f"LogLevel {self.loglevel}"
        if self.twauth:
            yield f"LogLevel twauth:{self.twauth_loglevel}"
        yield 'LogFormat "%h %l %u %t \\"%r\\" %>s %b" common'
        if self.log_access:
            yield f'CustomLog "{self.access_log}" common'
        yield self.mpm_config or MPM[self.mpm]
        yield f"Timeout {self.timeout}\nKeepAliveTimeout 3\nGracefulShutdownTimeout 2"
        yield 'TypesConfig /dev/null\nAddType text/html html\nAddType text/plain txt\nAddType image/png png'
        yield "DirectoryIndex index.html"
        if any(v.tls for v in self.vhosts):
            yield "SSLSessionCache none\nLogLevel ssl:warn"
        yield '<Directory "/">\nRequire all denied\n</Directory>'
        yield f'<Directory "{self.htdocs}">\nRequire all granted\n</Directory>'
        if self.cgi:
            if self.mpm != "prefork":
                yield 'ScriptSock "cgisock"'
            yield f'ScriptAlias /cgi-bin/ "{self.cgi_bin}/"'
            yield f'<Directory "{self.cgi_bin}">\nRequire all granted\n</Directory>'
            yield 'AddHandler cgi-script .cgi\n<Directory "%s">\nOptions +ExecCGI\n</Directory>' % self.htdocs
        yield self.main
        for vhost in self.vhosts:
            yield from self._vhost(vhost)

    def write(self):
        self.conf.write_text("\n".join(self._text()) + "\n")

    def _environment(self):
        preload = [*os.environ.get("TWAUTH_PRELOAD", "").split(), *self.preload]
        more = dict(self.env)
        if preload:     # httpd does not free at exit; libfaketime hangs at start unless it comes first
            given = os.environ.get("ASAN_OPTIONS", "")
            more.setdefault("ASAN_OPTIONS", f"detect_leaks=0:verify_asan_link_order=0:{given}")
        if self.clock:
            preload.insert(0, FAKETIME)
            more |= self.clock.environment()
        if preload:
            more["LD_PRELOAD"] = ":".join(preload)
        return process.environment(**more)

    def _argv(self, *more):
        return [HTTPD, "-d", str(self.folder), "-f", str(self.conf), *more]

    # running

    def check(self, *more):
        """The configuration test, `apache2 -t`."""
        self.write()
        ran = subprocess.run(self._argv("-t", *more), env=self._environment(), cwd=self.folder,
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def ctl_environment(self, **env):
        """The environment in which `twauthctl` takes this httpd for the system's, with `env` besides. What is preloaded
        into httpd is nothing for psql, which libasan makes hang at its end."""
        environment = self._environment()
        preload = [f"{name}={environment.pop(name)}" for name in ("LD_PRELOAD", "ASAN_OPTIONS") if name in environment]
        argv = [*(["env", *preload] if preload else []), *self._argv()]
        return environment | {"TWAUTH_HTTPD": " ".join(argv)} | env

    def ctl(self, *words, typed=None, **env):
        """The administrator's command, `twauthctl`, for this httpd, which need not run. `env` is added to its environment."""
        self.write()
        ran = subprocess.run([CONTROL, *words], env=self.ctl_environment(**env), cwd=self.folder,
                             input=typed or "", capture_output=True, text=True, timeout=300)
        if self.canaries:
            found = self.canaries.find(ran.stdout + ran.stderr)
            assert not found, found
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def dump(self):
        """What the module prints of its configuration, `-t -D DUMP_TWAUTH`."""
        ran = self.check("-D", "DUMP_TWAUTH")
        if not ran:
            raise HttpdError(ran.stderr)
        return ran.stdout

    def start(self):
        self.write()
        mark = self.log.mark()
        with open(self._stderr.path, "ab") as stderr:
            under = [part.replace("{folder}", str(self.folder)) for part in self.under]
            argv = [*under, *self._argv("-X" if under else "-DFOREGROUND")]
            self._process = process.Process(argv, cwd=self.folder, env=self._environment(), stdout=stderr,
                                            stderr=stderr, cores=True)
        if self not in Httpd.live:
            Httpd.live.append(self)
        self._await_ready(mark)
        if not self.under:
            process.until(lambda: not self.running or self._begun(), timeout=5)
        return self

    def _begun(self):
        """All children have begun, where they have threads: one that looks at the database and the keys only then would find
        what the test has made of them. Whoever holds one up on purpose does so for longer than is waited for."""
        first = re.search(r"^StartServers (\d+)$", self.mpm_config or MPM[self.mpm], re.M)
        return self.mpm == "prefork" or not first or (
            sum(process.threads(child) > 1 for child in self.children()) >= int(first[1]))

    def _await_ready(self, mark):
        said = (lambda: ports.answers(self.vhosts[0].port)) if self.under else (lambda: self.log.wait(READY, mark, 0))
        ready = process.until(lambda: not self.running or said(), timeout=30)
        if not ready or not self.running:
            raise HttpdError("httpd is not running:\n" + self._stderr.since() + self.log.since(mark))

    def stop(self):
        if self._process:
            # told to end, a child of the event MPM closes its workers' sockets while they may be freeing them, and can
            # crash (close_worker_sockets(); once in sixty times under load, also without mod_twauth)
            process.until(self._idle, timeout=2)
            self._process.stop()
            self._process = None
            if self.under:                      # one process leaves it behind
                (self.folder / "run" / "pid").unlink(missing_ok=True)

    def signal_all(self, number):
        """To each process of its session: whatever httpd has started."""
        for pid in janitor.members(self.pid):
            janitor.send(pid, number)

    @contextlib.contextmanager
    def paused(self):
        """The server is stopped in the middle of anything (SIGSTOP), and goes on."""
        self.signal_all(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal_all(signal.SIGCONT)

    def _idle(self):
        """No thread of a child does anything."""
        return not any(map(process.busy, self.children()))

    def restart(self):
        """A full stop and start."""
        self.stop()
        return self.start()

    def graceful(self):
        """A graceful restart with the configuration as it is now; returns when the new one is in force."""
        self.write()
        mark, before, children = self.log.mark(), self._cgid(), self.children()
        self._process.signal(signal.SIGUSR1)
        self._await_ready(mark)
        if not self.under:
            process.let_go(self.pid, children)
        # told to end before it has its socket, mod_cgid's daemon leaves the next one without
        if self.cgi and self.mpm != "prefork":
            process.until(lambda: not self.running or self._cgid() not in (None, before))
        return self

    def _cgid(self):
        """What tells the socket of mod_cgid's daemon from that of the daemon before; None where there is none."""
        try:
            socket = (self.folder / "run" / f"cgisock.{self.pid}").stat()
        except FileNotFoundError:
            return None
        return socket.st_ino, socket.st_ctime_ns

    @property
    def running(self):
        return self._process is not None and self._process.running

    @property
    def pid(self):
        return self._process.pid

    def children(self):
        """Process ids of the children, to prove that none died; under a program that of the one process that does all, while
        it lives."""
        if self.under:
            return [self.pid] if self.running else []
        return self._process.children()

    # judging

    def expect_log(self, *what):
        """This test makes the server log `what` (a number as "TW0203", or a regular expression) at warn or above."""
        self.log.expect(*what)

    def allow_log(self, *what):
        """As expect_log, but it need not; also where httpd says it before its log is open."""
        self.log.allow(*what)
        self._stderr.allow(*what)

    def complaints(self):
        """What is wrong since the last call: loud log lines, sanitizers, dead children, core files, secrets."""
        found = self.log.complaints(self.canaries) + self._stderr.complaints(self.canaries)
        for file in self.folder.glob("under.*"):
            found += [f"{file.name}:\n{text}"] if (text := file.read_text()) else []
        cores = list(self.cores.iterdir())
        if not cores and any("exit signal Segmentation fault" in what for what in found):
            found.append(NO_CORE)
        for core in cores:
            stack = _stack(core)
            core.unlink()
            if pid := _httpds_own(stack):
                found = [what for what in found if f"child pid {pid} exit signal Segmentation fault" not in what]
            else:
                found.append(f"core file: {core.name}\n{stack}")
        return found


def _stack(core):
    """Where it died, where there is a gdb to say so."""
    if not shutil.which("gdb"):
        return "no gdb here to say where"
    return subprocess.run(["gdb", "-batch", "-ex", "thread apply all bt 20", HTTPD, str(core)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=120).stdout[-6000:]


def _httpds_own(stack):
    """The child, where it is the crash of one of the event MPM that is told to end: see Httpd.stop(); None: another one."""
    main = stack.rpartition("Thread 1 (")[2]
    pid = re.search(r"\(LWP (\d+)\)", main)
    own = "apr_os_sock_get" in main and "mod_mpm_event" in main and "mod_twauth" not in main
    return pid[1] if own and pid else None


def environment_of(response):
    """The environment that the ENV script printed."""
    return json.loads(response.body)
