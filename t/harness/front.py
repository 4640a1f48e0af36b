# SPDX-License-Identifier: Apache-2.0
"""Servers in front of httpd that ask it who may pass: nginx and Caddy, Debian's own.

    with Nginx(folder, authority, "location / {...}") as front:
        front.origin                            # https://site.test:PORT

The text goes into the one host, which speaks TLS with the tests' certificate.
"""

from . import ports, process
from .errorlog import ErrorLog

#: How the part http of each nginx here begins: all that it writes is in its folder.
NGINX_HTTP = """\
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
"""
NGINX = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/log notice;
""" + NGINX_HTTP + """\
    {outside}
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name site.test;
        ssl_certificate {cert.cert};
        ssl_certificate_key {cert.key};
        {config}
    }}
}}
"""
CADDY = """\
{{
    admin off
    auto_https off
    storage file_system {folder}/storage
}}
https://site.test:{port} {{
    bind 127.0.0.1
    tls {cert.cert} {cert.key}
    {config}
}}
"""


class Front(process.Service):
    text, file, argv = None, "conf", ()

    def __init__(self, folder, authority, config="", outside=""):
        self.folder, self.authority, self.config, self.outside = folder, authority, config, outside
        self.port = ports.free()
        self.origin = f"https://site.test:{self.port}"
        folder.mkdir()
        self.log = ErrorLog(folder / "log")
        self.log.path.touch()

    def start(self):
        (self.folder / self.file).write_text(self.text.format(
            folder=self.folder, port=self.port, cert=self.authority.server, config=self.config, outside=self.outside))
        environment = process.environment(HOME=str(self.folder), XDG_DATA_HOME=str(self.folder))
        with open(self.log.path, "ab") as log:
            self._process = process.Process([str(a).format(folder=self.folder) for a in self.argv], cwd=self.folder,
                                            env=environment, stderr=log)
        if not process.until(lambda: ports.answers(self.port)):
            raise AssertionError(f"{self.argv[0]} did not start:\n" + self.log.since())
        return self


class Nginx(Front):
    text = NGINX
    argv = ("/usr/sbin/nginx", "-p", "{folder}", "-c", "{folder}/conf")


class Caddy(Front):
    text, file = CADDY, "Caddyfile"
    argv = ("/usr/bin/caddy", "run", "--config", "{folder}/Caddyfile", "--adapter", "caddyfile")
