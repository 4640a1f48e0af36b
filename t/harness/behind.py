# SPDX-License-Identifier: Apache-2.0
"""Servers behind httpd that say how they have read a path: nginx, gunicorn, Node, PHP-FPM and Tomcat, Debian's own.

    with Nginx(folder) as nginx:
        nginx.port

Each has the same application. Below /FORM/ of any name it has a part `admin`; /FORM may be in a folder /.../tree.
Its answer has `X-Part: admin` or `X-Part: open`, by the path that the server itself has found in the request; `X-Told`, the
names of the headers that say "mallory" or "alice", each behind that name; and a body with the part and the path.
"""

import shutil
from pathlib import Path

from . import ports, process
from .applications import USER, Fpm, Program
from .front import NGINX_HTTP

#: The parts of the paths that all of them have.
FORMS = ("whole", "part", "safe")

NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/log crit;
""" + NGINX_HTTP + """\
    underscores_in_headers on;
    ignore_invalid_headers off;
    keepalive_requests 1000000;
    map "$http_x_twauth_user$http_x_twauth_id$http_x_webauth_user" $told {{
        default "";
        ~(?<who>mallory|alice) "$who:some";
    }}
    server {{
        listen 127.0.0.1:{port};
        location ~ ^(/.*/tree)?/[a-z]+/admin(/|\\z) {{ add_header X-Part admin always; add_header X-Told $told always; return 200 "admin $uri"; }}
        location / {{ add_header X-Part open always; add_header X-Told $told always; return 200 "open $uri"; }}
    }}
}}
"""
WSGI = """\
import re
from urllib.parse import quote
def application(environ, start_response):
    path = environ["PATH_INFO"]
    told = [w + ":" + k for k, v in environ.items() for w in ("mallory", "alice") if isinstance(v, str) and w in v]
    part = "admin" if re.match(r"(/.*/tree)?/[a-z]+/admin(/|\\Z)", path, re.S) else "open"
    body = (part + " " + quote(path, encoding="latin-1")).encode()
    start_response("200 OK", [("X-Part", part), ("X-Told", ",".join(told)), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
"""
# As applications there do: a router goes by the path as it came, whatever its case (Express), and a folder of files by
# the path decoded and with its dots resolved (its static, and others by the URL of browsers, which know backslashes).
NODE = """\
const http = require("http"), path = require("path");
function readings(url) {
    const raw = url.replace(/^https?:\\/\\/[^/]*/i, "").replace(/[?#].*/s, "");
    const all = [raw];
    try { all.push(path.posix.normalize(decodeURIComponent(raw))); } catch (e) {}
    try { all.push(decodeURIComponent(new URL(url, "http://x/").pathname)); } catch (e) {}
    return all;
}
const server = http.createServer((request, response) => {
    const told = [];
    for (const [name, value] of Object.entries(request.headers))
        for (const who of ["mallory", "alice"])
            if (String(value).includes(who)) told.push(who + ":" + name);
    const all = readings(request.url);
    const part = all.some(one => /^(\\/.*\\/tree)?\\/[a-z]+\\/admin(\\/|$)/is.test(one)) ? "admin" : "open";
    response.setHeader("X-Part", part);
    response.setHeader("X-Told", told.join(","));
    response.end(part + " " + encodeURI(all[all.length - 1]));
});
server.keepAliveTimeout = 60000;
server.listen({port}, "127.0.0.1");
""".replace("{port}", "process.argv[2]")
PHP = """\
<?php
$path = substr(__FILE__, strlen("%s"));
if (isset($_SERVER["PATH_INFO"]) && basename(__FILE__) == "front.php") $path = dirname($path) . $_SERVER["PATH_INFO"];
$told = [];
foreach ($_SERVER as $name => $value)
    foreach (["mallory", "alice"] as $who)
        if (is_string($value) && strpos($value, $who) !== false) $told[] = "$who:$name";
$part = preg_match("~^/[a-z]+/admin(/|$)~D", $path) ? "admin" : "open";
header("X-Part: $part");
header("X-Told: " . implode(",", $told));
echo "$part ", rawurlencode($path);
"""
TOMCAT_HOME = Path("/usr/share/tomcat10")
TOMCAT = """\
<Server port="-1">
  <Service name="Catalina">
    <Connector port="{port}" address="127.0.0.1" maxKeepAliveRequests="-1" bindOnInit="false"/>
    <Connector port="{loose}" address="127.0.0.1" maxKeepAliveRequests="-1" bindOnInit="false" allowBackslash="true"
               encodedSolidusHandling="decode" relaxedPathChars='"&lt;&gt;[\\]^`{{|}}'/>
    <Connector protocol="AJP/1.3" port="{ajp}" address="127.0.0.1" secretRequired="false" bindOnInit="false"
               allowedRequestAttributesPattern=".*"/>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" autoDeploy="false"/>
    </Engine>
  </Service>
</Server>
"""
#: The compiler of its pages.
JDT = Path("/usr/share/java/eclipse-jdt-core.jar")
WEB = """\
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="5.0">
  <servlet><servlet-name>app</servlet-name><jsp-file>/app.jsp</jsp-file></servlet>
  <servlet-mapping><servlet-name>app</servlet-name><url-pattern>/*</url-pattern></servlet-mapping>
</web-app>
"""
DEFAULTS = """\
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="5.0">
  <servlet><servlet-name>jsp</servlet-name><servlet-class>org.apache.jasper.servlet.JspServlet</servlet-class></servlet>
</web-app>
"""
JSP = """\
<%@ page session="false" trimDirectiveWhitespaces="true" import="java.util.*" %><%
String path = request.getPathInfo() == null ? "/" : request.getPathInfo();
StringBuilder told = new StringBuilder();
for (String name : Collections.list(request.getHeaderNames()))
    for (String value : Collections.list(request.getHeaders(name)))
        for (String who : new String[] { "mallory", "alice" })
            if (value.contains(who)) told.append(who + ":" + name + ",");
if (request.getRemoteUser() != null && request.getRemoteUser().contains("mallory")) told.append("mallory:REMOTE_USER,");
String part = path.matches("(?s)(/.*/tree)?/[a-z]+/admin(/.*)?") ? "admin" : "open";
response.setHeader("X-Part", part);
response.setHeader("X-Told", told.toString());
%><%= part + " " + java.net.URLEncoder.encode(path, "UTF-8") %>
"""


class Behind(process.Service):
    """A program of its own with one port, or more; as the web server's user where the tests run as root."""

    more_ports = ()

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        folder.chmod(0o755)
        process.give(folder, USER)
        self.port = ports.free()
        for name in self.more_ports:
            setattr(self, name, ports.free())

    def put(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def program(self):
        """What runs it, with what it reads."""
        raise NotImplementedError

    def runs(self, *argv):
        every = [getattr(self, name) for name in ("port", *self.more_ports)]
        return Program(self.folder, argv, ready=lambda: all(map(ports.answers, every)))

    def start(self):
        self._process = self.program().start()
        return self


class Nginx(Behind):
    def program(self):
        conf = self.put("conf", NGINX.format(folder=self.folder, port=self.port))
        return self.runs("/usr/sbin/nginx", "-p", self.folder, "-c", conf)


class Gunicorn(Behind):
    def program(self):
        self.put("application.py", WSGI)
        return self.runs("/usr/bin/gunicorn", "-w", "1", "-k", "gthread", "--threads", "4", "--keep-alive", "60",
                         "--worker-tmp-dir", self.folder, "-b", f"127.0.0.1:{self.port}", "application:application")


class Node(Behind):
    def program(self):
        return self.runs("/usr/bin/node", self.put("application.js", NODE), self.port)


class PhpFpm(Behind):
    """By a socket. Scripts in `root`: index.php in /FORM/admin/ and /FORM/open/, and /FORM/front.php, which goes by PATH_INFO."""

    @property
    def root(self):
        return self.folder / "root"

    def program(self):
        for form in FORMS:
            for script in ("admin/index.php", "admin/x.php", "open/index.php", "front.php"):
                self.put(f"root/{form}/{script}", PHP % self.root)
        fpm = Fpm(self.folder, children=3)
        self.origin = f"unix:{fpm.socket}|fcgi://localhost"
        return fpm


class Tomcat(Behind):
    """`port` reads as it comes, `loose` whatever it can be told to read; `ajp`."""

    more_ports = ("loose", "ajp")

    def program(self):
        base = self.folder
        self.put("conf/server.xml", TOMCAT.format(port=self.port, loose=self.loose, ajp=self.ajp))
        self.put("conf/web.xml", DEFAULTS)
        self.put("webapps/ROOT/WEB-INF/web.xml", WEB)
        self.put("webapps/ROOT/app.jsp", JSP)
        for name in ("lib", "logs", "temp", "work"):
            (base / name).mkdir()
            process.give(base / name, USER)
        shutil.copy(JDT, base / "lib")
        return self.runs("/usr/bin/java", "-Xmx192m", "-XX:TieredStopAtLevel=1", "-cp",
                         f"{TOMCAT_HOME}/bin/bootstrap.jar:{TOMCAT_HOME}/bin/tomcat-juli.jar",
                         f"-Dcatalina.home={TOMCAT_HOME}", f"-Dcatalina.base={base}", f"-Djava.io.tmpdir={base}/temp",
                         "org.apache.catalina.startup.Bootstrap", "start")
