# SPDX-License-Identifier: Apache-2.0
"""Sign in with X as it is done in Flask: Flask-Login, Flask-SQLAlchemy and PostgreSQL, below gunicorn."""

from harness import ports, process
from harness.paths import PYTHON, TREE
from harness.standin import KEY, SECRET

from . import PAGE, USER, Side, Visitor

TABLE = """
CREATE TABLE account (
    id SERIAL PRIMARY KEY, username VARCHAR(80) UNIQUE, token VARCHAR(200), secret VARCHAR(200)
)
"""


class Flask(Side):
    """As gunicorn's and Flask's documentation say; the server is counted with the database's share."""

    key, what = "flask", "Flask-Login, SQLAlchemy, gunicorn"
    on_httpd = False

    def make(self):
        return None

    def start(self):
        self.port, self._database = ports.free(), self.world.database(schema=TABLE)
        self.world.standin.register(f"http://127.0.0.1:{self.port}/callback")
        environment = process.environment(
            DATABASE=f"postgresql://{self._database.server.USER}@/{self._database.name}"
                     f"?host={self._database.server.folder}",
            API=self.world.standin.api("http"), BROWSER=self.world.standin.browser_url("http"),
            KEY=KEY, SECRET=SECRET, ORIGIN=f"http://127.0.0.1:{self.port}", PAGE=PAGE, PYTHONDONTWRITEBYTECODE="1")
        self._log = self.world.folder / "gunicorn.log"
        log = open(self._log, "wb")
        self._process = process.Process(
            [PYTHON, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-sendfile",
             "--worker-tmp-dir", "/dev/shm", "--chdir", TREE / "bench" / "sides", "--bind", f"127.0.0.1:{self.port}",
             "recipe_app:app"],
            cwd="/", env=environment, stdout=log, stderr=log)
        self.world.callback(self.stop)
        assert process.until(lambda: ports.answers(self.port), timeout=30), self._log.read_text()

    def stop(self):
        self._process.stop()

    def pids(self):
        return process.tree(self._process.pid) + process.tree(self._database.server.pid)

    def sign_in(self, browser, refused):
        browser.provider = self.world.standin
        browser.begin(self.url).approve(USER)
        return Visitor(browser)
