# SPDX-License-Identifier: Apache-2.0
"""WordPress by PHP-FPM and with MariaDB, by the lines of docs/applications.md."""

import re
import shutil
import subprocess

import pytest

from harness import applications, process
from harness.applications import Fpm, Program, block, folder_of, signed_in, spoofed
from harness.paths import TREE

pytestmark = pytest.mark.full

FILES = TREE / "build/apps/wordpress/usr/share/wordpress"
PASSWORD = "only-of-this-test"
#: In place of Debian's, which looks for another file below /etc. It asks nobody on the network, and nothing by itself.
CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:{folder}/db.sock');
define('WP_HOME', '{origin}'); define('WP_SITEURL', '{origin}'); define('WP_CONTENT_DIR', '{folder}/content');
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);
define('AUTH_KEY', 'a'); define('SECURE_AUTH_KEY', 'b'); define('LOGGED_IN_KEY', 'c'); define('NONCE_KEY', 'd');
define('AUTH_SALT', 'e'); define('SECURE_AUTH_SALT', 'f'); define('LOGGED_IN_SALT', 'g'); define('NONCE_SALT', 'h');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', '{folder}/tree/');
require_once ABSPATH . 'wp-settings.php';
"""
#: Debian has its themes in packages of their own.
THEME = {"style.css": "/*\nTheme Name: Bare\n*/\n", "index.php": """<?php wp_head(); ?>
<p id="who"><?php echo wp_get_current_user()->user_login ?: 'nobody'; ?></p>
<?php wp_loginout($_SERVER['REQUEST_URI']); while (have_posts()) { the_post(); the_title('<h2>', '</h2>'); the_content(); }
"""}
INSTALL = """<?php
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = 'site.test'; $_SERVER['REQUEST_URI'] = '/'; $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require '{folder}/tree/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
function wp_mail() {{ return true; }}
wp_install('Blog', 'boss', 'boss@site.test', true, '', '{password}');
update_option('template', 'bare'); update_option('stylesheet', 'bare');
"""


def mariadb(folder):
    """MariaDB with an empty database, in the application's folder, at a socket alone."""
    owner = [f"--user={applications.USER}"] if process.ROOT else []
    subprocess.run(["/usr/bin/mariadb-install-db", "--no-defaults", f"--datadir={folder}/db", "--auth-root-authentication-method=normal",
                    "--skip-test-db", *owner], check=True, capture_output=True, timeout=600, env=process.environment())
    socket = folder / "db.sock"
    server = Program(folder, ["/usr/sbin/mariadbd", "--no-defaults", f"--datadir={folder}/db", f"--socket={socket}", "--skip-networking",
                              f"--pid-file={folder}/db.pid", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0"],
                     ready=lambda: sql(folder, "SELECT 1", check=False).returncode == 0, name="mariadb")
    return server


def sql(folder, statement, check=True, **more):
    return subprocess.run(["/usr/bin/mariadb", "--no-defaults", f"--socket={folder}/db.sock", "--user=root", "-N", "-e", statement],
                          check=check, capture_output=True, text=True, timeout=60, env=process.environment(), **more)


@pytest.fixture(scope="module")
def wordpress(make_site):
    site = make_site(start=False, protected="", modules=("proxy", "proxy_fcgi"))
    folder = site.folder_of_blog = folder_of(site, "blog")
    tree, content = folder / "tree", folder / "content"
    # without what other packages have: its files for sound and pictures
    shutil.copytree(FILES, tree, ignore=shutil.ignore_patterns("wp-content"), ignore_dangling_symlinks=True)
    (content / "mu-plugins").mkdir(parents=True)
    (content / "mu-plugins/twauth.php").write_text(block("WordPress", "function twauth_user"))
    for name, text in THEME.items():
        (content / "themes/bare").mkdir(parents=True, exist_ok=True)
        (content / "themes/bare" / name).write_text(text)
    (tree / "wp-config.php").write_text(CONFIG.format(folder=folder, origin=site.vhost.origin))
    (folder / "install.php").write_text(INSTALL.format(folder=folder, password=PASSWORD))
    process.give(folder, applications.USER)
    lines = block("WordPress", "FallbackResource").replace("/usr/share/wordpress", str(tree)).replace(
        "/var/lib/wordpress/wp-content", str(content)).replace("/run/php/php-fpm.sock", str(folder / "fpm.sock"))
    site.vhost.root = tree
    site.vhost.config += "\n" + lines.replace(f'DocumentRoot "{tree}"\n', "")
    with mariadb(folder):
        sql(folder, "CREATE DATABASE wordpress")
        installed = subprocess.run(["/usr/bin/php", folder / "install.php"], capture_output=True, text=True, timeout=600,
                                   cwd=folder, env=process.environment())
        assert sql(folder, "SELECT user_login FROM wordpress.wp_users").stdout == "boss\n", installed
        with Fpm(folder, memory_limit="256M"):
            yield site.start()


def who(page):
    return re.search(r'<p id="who">(.*?)</p>', page.text)[1]


def test_wordpress_readers_need_no_sign_in(wordpress):
    page = wordpress.browser().get("/")
    assert page.status == 200 and who(page) == "nobody" and "Hello world!" in page.text
    link = re.search(r'<a href="(/twauth/login[^"]*)">Log in', page.text)[1]
    page = wordpress.browser().sign_in("alice", next=link.replace("&amp;", "&"))
    assert page.status == 200 and page.target == "/" and who(page) == "alice"


def test_wordpress_a_deep_link_and_back(wordpress):
    """The pages of its administration, which ask for a sign-in of their own."""
    answer = wordpress.browser().get("/wp-admin/profile.php?x=%20y")
    assert answer.status == 302
    page = wordpress.browser().sign_in("alice", next=answer.location.removeprefix(wordpress.vhost.origin))
    assert page.status == 200 and page.target == "/wp-admin/profile.php?x=%20y" and 'value="alice"' in page.text


def test_wordpress_what_a_visitor_claims_changes_nothing(wordpress):
    bob = signed_in(wordpress, "bob")
    for claim in ("boss", "alice"):
        for name, answer in spoofed(bob, "/", claim):
            assert who(answer) == "bob", name
        for name, answer in spoofed(wordpress.browser(), "/", claim):
            assert who(answer) == "nobody", name


def test_wordpress_an_account_that_was_there_is_nobodys(wordpress):
    wordpress.standin.people(alice="1001", bob="1002", carol="1003", boss="66", jack="12", jack_="13")
    boss = signed_in(wordpress, "66")
    assert who(boss.get("/")) == "x.66" and boss.get("/wp-admin/users.php").status == 403
    assert [who(signed_in(wordpress, number).get("/")) for number in ("12", "13", "66")] == ["jack", "jack_", "x.66"]


def rest(browser, title):
    """A post by the interface that the editor uses; the nonce is of the page that it is on."""
    page = browser.get("/wp-admin/post-new.php")
    nonce = re.search(r'createNonceMiddleware\(\s*"(\w+)"', page.text)
    headers = {"X-WP-Nonce": nonce[1]} if nonce else {}
    return browser.fetch("/index.php?rest_route=/wp/v2/posts", "POST", headers=headers | {"Content-Type": "application/json"},
                         body='{"title": "%s", "status": "publish"}' % title)


def test_wordpress_roles(wordpress):
    bob = signed_in(wordpress, "bob")
    assert rest(bob, "of a subscriber").status in (401, 403) and bob.get("/wp-admin/edit.php").status == 403
    assert wordpress.ctl("role", "@bob", "+editor")
    bob = signed_in(wordpress, "bob")
    assert rest(bob, "of an editor").status == 201
    assert "of an editor" in wordpress.browser().get("/").text and bob.get("/wp-admin/users.php").status == 403
    assert wordpress.ctl("role", "@bob", "+admin")
    assert signed_in(wordpress, "bob").get("/wp-admin/users.php").status == 200
    assert wordpress.ctl("role", "@bob", "-admin", "-editor")
    bob = signed_in(wordpress, "bob")
    assert bob.get("/wp-admin/edit.php").status == 403 and rest(bob, "too late").status in (401, 403)


def test_wordpress_a_forged_request_is_refused(wordpress):
    signed_in(wordpress, "carol")
    assert wordpress.ctl("role", "@carol", "+editor")
    carol = signed_in(wordpress, "carol")
    forged = carol.fetch("/index.php?rest_route=/wp/v2/posts", "POST", headers={"Content-Type": "application/json"},
                         body='{"title": "forged", "status": "publish"}')
    assert forged.status == 401 and "forged" not in wordpress.browser().get("/").text


def test_wordpress_signing_out(wordpress):
    alice = signed_in(wordpress)
    assert re.search(r'<a href="/twauth/logout">Log out', alice.get("/").text)
    assert alice.get("/wp-login.php?action=logout", follow=True).target == "/twauth/logout"
    assert alice.sign_out().status == 303
    assert who(alice.get("/")) == "nobody"
    answer = alice.post("/wp-admin/profile.php", {"action": "update", "nickname": "late"})
    assert answer.status == 302 and "/twauth/login?next=" in answer.location
    assert "late" not in sql(wordpress.folder_of_blog, "SELECT meta_value FROM wordpress.wp_usermeta").stdout


def test_wordpress_no_password_signs_in(wordpress):
    reader = wordpress.browser()
    answer = reader.post("/wp-login.php", {"log": "boss", "pwd": PASSWORD, "wp-submit": "Log In"})
    assert answer.status == 302 and "/twauth/login" in answer.location and "logged_in" not in answer.headers.get("Set-Cookie", "")
    call = ("<methodCall><methodName>wp.getUsersBlogs</methodName><params><param><value>boss</value></param><param><value>"
            f"{PASSWORD}</value></param></params></methodCall>")
    assert "isAdmin" not in reader.post("/xmlrpc.php", call, content_type="text/xml").text
    told = reader.fetch("/index.php?rest_route=/wp/v2/users/me", headers={"Authorization": "Basic Ym9zczpvbmx5LW9mLXRoaXMtdGVzdA=="})
    assert told.status == 401


def test_wordpress_files_beside_it_are_no_programs(wordpress):
    wordpress.allow_log("AH01630")
    assert wordpress.browser().get("/wp-content/themes/bare/style.css").status == 200
    assert wordpress.browser().get("/wp-content/mu-plugins/twauth.php").status == 403
