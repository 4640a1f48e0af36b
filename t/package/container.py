#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""docker/Dockerfile and its compose files without Docker: what they say is done on a copy of this machine, and somebody
signs in.

    debian/testbed t/package/container.py - sqlite|pgsql USER < PACKAGE

PACKAGE (a file, or what is read) stands for what the first stage builds. USER is root, or www-data for a container without root. Of a container it has
the commands, files, environment, secrets, capabilities and read-only file system; its own packages it has not.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "t"))

from harness import errorlog, ports, process                            # noqa: E402
from harness.browser import Browser                                     # noqa: E402
from harness.certs import Authority                                     # noqa: E402
from harness.httpd import Httpd, VHost                                  # noqa: E402
from harness.standin import KEY, SECRET, StandIn                        # noqa: E402

PORT = 8080
PASSWORD = r"of the:database\ "


def run(command, **more):
    ran = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **{"cwd": "/"} | more)
    assert ran.returncode == 0, f"{command}\n{ran.stdout}"
    return ran.stdout


def instructions():
    """The Dockerfile: (instruction, argument), a stage after the other."""
    text = re.sub(r"^#.*\n", "", (TREE / "docker/Dockerfile").read_text(), flags=re.M)
    return [tuple(line.split(None, 1)) for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]


def build(package):
    """The second stage, as docker build does it; returns (environment, health check, command)."""
    steps = instructions()
    last = max(n for n, (name, _) in enumerate(steps) if name == "FROM")
    env, found = {}, {}
    for name, argument in steps[last + 1:]:
        if name == "RUN":
            run(argument, shell=True, env={**os.environ, **env, "DEBIAN_FRONTEND": "noninteractive"})
        elif name == "COPY" and argument.startswith("--from=package"):
            target = Path(argument.split()[-1]) / "libapache2-mod-twauth_0_all.deb"
            target.write_bytes(sys.stdin.buffer.read() if package == "-" else Path(package).read_bytes())
            target.chmod(0o644)
        elif name == "COPY":
            source, target = argument.split()
            shutil.copy(TREE / source, target)
        elif name == "ENV":
            env.update(pair.split("=", 1) for pair in shlex.split(argument))
        else:
            assert name in ("EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "CMD"), name
            found[name] = argument
    assert found["EXPOSE"] == str(PORT) and found["STOPSIGNAL"] == "SIGWINCH"
    return env, found["HEALTHCHECK"].partition("CMD ")[2], json.loads(found["CMD"])


def compose(database):
    """The services, as docker compose puts its files together."""
    read = [yaml.safe_load((TREE / "docker" / name).read_text())
            for name in ("compose.yaml", "compose.pgsql.yaml")[:2 if database == "pgsql" else 1]]
    www = read[0]["services"]["www"]
    for other in read[1:]:
        www["environment"] |= other["services"]["www"]["environment"]
        www["secrets"] += other["services"]["www"]["secrets"]
    return www, read[-1]["services"].get("db")


def database_of(db):
    """What the image postgres does when its volume is new: a database of the owner's, and in it each file in its order."""
    version = max(os.listdir("/usr/lib/postgresql"), key=int)
    said = db["environment"]
    assert db["image"].partition(":")[2] == version and said["POSTGRES_USER"] == "postgres" and "postgres" in db["secrets"]
    run(["pg_createcluster", version, "db", "-p", "5432", "--start"])
    env = {**os.environ, "PGCLUSTER": f"{version}/db", "POSTGRES_DB": said["POSTGRES_DB"]}
    secret = Path("/run/secrets/twauth_database")
    secret.parent.mkdir(exist_ok=True)
    secret.write_text(PASSWORD + "\n")
    owner = ["runuser", "-u", "postgres", "--"]
    run([*owner, "createdb", said["POSTGRES_DB"]], env=env)
    for line in db["volumes"][1:]:
        file = (TREE / "docker" / line.partition(":")[0]).resolve()
        with open(file) as text:                        # the owner need not be able to read the tree
            run([*owner, *(["sh"] if file.suffix == ".sh" else ["psql", "-v", "ON_ERROR_STOP=1", "-d", said["POSTGRES_DB"]])],
                env=env, stdin=text)
    secret.unlink()
    with open("/etc/hosts", "a") as hosts:
        hosts.write("127.0.0.1 db\n")


def proxy(folder, authority):
    """What ends TLS in front of the container."""
    return Httpd(folder / "proxy", authority, [VHost("site.test", config=f"ProxyPreserveHost On\nProxyPass / http://127.0.0.1:{PORT}/")],
                 twauth=False, modules=("proxy", "proxy_http")).start()


def signs_in(front, authority, standin):
    """alice gets in, and bob does not."""
    def browser():
        return Browser(front.vhosts[0].origin, ca=authority.ca, provider=standin)
    closed = browser().get("/members/")
    assert closed.status == 302 and closed.headers["Location"].startswith("/twauth/login?"), closed
    assert browser().begin("/members/").approve("alice").text == "members"
    assert browser().begin("/members/").approve("bob").status == 403


def start(www, env, command, user, provider, log):
    """The container: its environment, secrets and limits."""
    secrets = {"twauth_key": os.urandom(32).hex(), "twauth_secret": SECRET, "twauth_database": PASSWORD}
    os.makedirs("/run/secrets", exist_ok=True)
    for name in www["secrets"]:
        file = Path("/run/secrets") / name
        file.touch(mode=0o600)
        file.write_text(secrets[name] + "\n")
        shutil.chown(file, user, user)
    site = Path("/etc/apache2/sites-available/twauth.conf")
    site.write_text(site.read_text().replace("</VirtualHost>", f"{provider}\n</VirtualHost>"))
    run(["mount", "--bind", "/var/lib/twauth", "/var/lib/twauth"])            # the volume
    own = [f"mkdir -p {place} && mount -t tmpfs -o {options} tmpfs {place}"
           for place, options in (line.split(":") for line in www["tmpfs"])]
    own += ["mount -o remount,bind,ro /"] if www["read_only"] else []
    mounts = ["unshare", "--mount", "sh", "-c", " && ".join([*own, 'exec "$@"']), "-"]
    kept = [f"+{name.lower()}" for name in www["cap_add"]] if user == "root" else []
    assert www["cap_drop"] == ["ALL"] and www["security_opt"] == ["no-new-privileges:true"]
    limits = ["setpriv", "--no-new-privs", "--bounding-set", ",".join(["-all", *kept]), "--inh-caps=-all"]
    if user != "root":
        limits += ["--reuid", user, "--regid", user, "--clear-groups"]
    given = {name: str(value) for name, value in www["environment"].items() if "${" not in str(value)}
    env = {"PATH": os.environ["PATH"], **env, **given, "TWAUTH_ID": KEY, "TWAUTH_REQUIRE": "twitter-user alice"}
    return subprocess.Popen([*mounts, *limits, "--", *command], env=env, cwd="/", stdin=subprocess.DEVNULL,
                            stdout=log, stderr=log)


def main(package, database, user):
    env, health, command = build(package)
    www, db = compose(database)
    if db:
        database_of(db)
    os.makedirs("/srv/www/members")
    Path("/srv/www/members/index.html").write_text("members")
    tempfile.tempdir = "/var/tmp"                       # the container has a /tmp of its own
    folder = process.folder()
    (folder / "ca").mkdir()
    authority = Authority(folder / "ca")
    standin = StandIn(folder / "standin", authority)
    front = proxy(folder, authority)
    env["TWAUTH_HOST"] = front.vhosts[0].origin.partition("//")[2]
    standin.register(f"{front.vhosts[0].origin}/twauth/callback")
    log = folder / "log"
    with open(log, "wb") as out:
        container = start(www, env, command, user, f"TwAuthProvider {standin.api()} {standin.browser_url()}\n"
                          f"TwAuthProviderCAFile {authority.ca}", out)
    try:
        assert process.until(lambda: container.poll() is not None or ports.answers(PORT)) and container.poll() is None
        run(health, shell=True)
        signs_in(front, authority, standin)
        visitor = Browser(front.vhosts[0].origin, ca=authority.ca)
        assert visitor.get("/healthy?ready", headers={"X-Forwarded-For": "192.0.2.7"}).status == 403
        container.send_signal(int(signal.SIGWINCH))
        assert container.wait(300) == 0
        assert '"GET /members/ HTTP/1.1" 302' in log.read_text() and " - alice [" in log.read_text()
    except BaseException:
        print(log.read_text())
        raise
    finally:
        container.kill()
        front.stop()
        standin.stop()
    text = log.read_text()
    loud = [*filter(errorlog.is_loud, errorlog.parse(text)), *re.findall("(?m)^AH.*", text)]
    assert all(re.search("AH01631: user bob|AH01630: client denied .*/healthy", str(line)) for line in loud), loud
    print(f"{user}, {database}: healthy, signed in, ended, and quiet")


if __name__ == "__main__":
    main(*sys.argv[1:])
