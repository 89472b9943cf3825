"""``tracker demo``: the service and stand-ins for the outside world, started and stopped together."""

import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import ExitStack

STOP_WITHIN_S = 10.0
READY_WITHIN_S = 60.0


class Child:
    """One child process; its output is shown with its name in front."""

    def __init__(self, name: str, arguments: Sequence[str], say: Callable[[str], None]) -> None:
        self.name = name
        self._say = say
        self._ready = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ctrl-C reaches the demo alone; it stops its children in order.
            start_new_session=True,
        )
        threading.Thread(target=self._show_output, name=name, daemon=True).start()

    def wait_until_listening(self) -> None:
        """Raises ``RuntimeError`` when the child ends before it listens, or takes too long."""
        if not self._ready.wait(READY_WITHIN_S) or self._process.poll() is not None:
            raise RuntimeError(f"{self.name} did not start; see its lines above")

    def wait(self) -> None:
        self._process.wait()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        if not self.is_running:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _show_output(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "listening on" in line:
                self._ready.set()
            else:
                self._say(f"{self.name:>13} | {line.rstrip()}")
        self._ready.set()


def run(port: int, overrides: Sequence[str], open_browser: bool, say: Callable[[str], None]) -> int:
    """Run the demo until Ctrl-C or SIGTERM; return the exit status."""
    started_s = time.perf_counter()
    sessions_port = _free_port(8080, "the session emitter", say)
    lookups_port = _free_port(4830, "the deanonymizer", say)
    dashboard_port = _free_port(port, "the dashboard", say)
    shop_port = _free_port(3100, "the shop", say)
    url = f"http://127.0.0.1:{dashboard_port}/"
    settings = [
        f"server.port={dashboard_port}",
        f"upstream.url=ws://127.0.0.1:{sessions_port}",
        f"deanonymizer.url=http://127.0.0.1:{lookups_port}/deanonymize",
        "store.url=duckdb::memory:",
        *overrides,
    ]
    assignments = [word for setting in settings for word in ("--set", setting)]
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as children:

        def start(name: str, *arguments: str) -> Child:
            child = Child(name, arguments, say)
            children.callback(child.stop)
            return child

        try:
            service = [
                start("deanonymizer", "emitters", "deanonymizer", f"--port={lookups_port}"),
                start("sessions", "emitters", "sessions", f"--port={sessions_port}"),
                start("site", "emitters", "site", f"--port={shop_port}", f"--tracker={url}"),
                start("service", "tracker", "serve", *assignments),
            ]
            for child in service:
                child.wait_until_listening()
        except RuntimeError as error:
            say(str(error))
            return 1
        start("traffic", "emitters", "traffic", f"--url={url}api/events")
        say(f"Dashboard: {url}  (up after {time.perf_counter() - started_s:.1f} s; Ctrl-C stops everything)")
        say(f"Shop: http://127.0.0.1:{shop_port}/  (click around there and see yourself on the dashboard)")
        if open_browser:
            webbrowser.open(url)
        while not stop.wait(0.5):
            if not service[-1].is_running:
                say("The service ended; stopping the rest")
                return 1
        say("Stopping ...")
    return 0


def _free_port(wanted: int, what: str, say: Callable[[str], None]) -> int:
    for port in range(wanted, wanted + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port != wanted:
            say(f"Port {wanted} is taken: {what} listens on {port}")
        return port
    raise SystemExit(f"No free port for {what} from {wanted} to {wanted + 99}")
