import subprocess
import sys


def test_the_package_around_the_engine_is_not_loaded() -> None:
    """It takes 2.3 MB. In a process of its own: the tests themselves use it."""
    look = "import sys, tracker.serve; sys.exit('duckdb' in sys.modules or '_duckdb' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
