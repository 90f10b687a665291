"""A page in a headless browser: bundled with the client library it uses, served from a place of its
own, so that every request to the homeserver crosses origins."""

import fcntl
import hashlib
import http.server
import json
import os
import pathlib
import queue
import shutil
import sys
import threading
import urllib.parse

from harness.process import Process, run

_SOURCES = pathlib.Path(__file__).parent.parent / "browser"


def bundle(folder):
    """Installs what package-lock.json names, once for each content of it, and makes one script."""
    cache = pathlib.Path(
        os.environ.get("LOWBAND_CACHE_DIR")
        or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "lowband"
    )
    key = hashlib.sha256((_SOURCES / "package-lock.json").read_bytes()).hexdigest()[:12]
    installed = cache / "browser" / key
    installed.mkdir(parents=True, exist_ok=True)
    npm = pathlib.Path(sys.executable).parent / "npm"
    environment = {**os.environ, "PATH": f"{npm.parent}:{os.environ['PATH']}"}
    with open(installed.parent / f"{key}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("package.json", "package-lock.json", "page.js"):
            shutil.copy(_SOURCES / name, installed / name)
        if not (installed / ".complete").exists():
            done = run(
                [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                300, cwd=installed, env=environment,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr.decode()
            (installed / ".complete").touch()
        done = run([npm, "run", "--silent", "bundle"], 60, cwd=installed, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    (folder / "page.js").write_bytes(done.stdout)
    (folder / "index.html").write_text("<!doctype html><script src=page.js></script>")


class Page:
    """The page's own server. What the page posts to /result comes out of result()."""

    def __init__(self, folder):
        results = self._results = queue.Queue()

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=folder)

            def do_POST(self):
                results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def run(self, folder, query, seconds=60):
        """Opens the page in Chromium and waits for its result."""
        url = f"{self.origin}/index.html?{urllib.parse.urlencode(query)}"
        browser = Process(
            "chromium",
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--ignore-certificate-errors",
             "--disable-background-networking", "--disable-component-update",
             "--enable-logging=stderr", f"--user-data-dir={folder}/profile", url],
            folder,
        )  # fmt: skip
        try:
            return self._results.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"the page told nothing\n{browser.tail()}") from None
        finally:
            browser.stop()
            self._server.shutdown()
