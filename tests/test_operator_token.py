from pathlib import Path

from tests.support.service import settings_for_tests
from tracker import operator_token


def test_the_file_is_for_its_owner_alone_and_new_at_each_start(tmp_path: Path) -> None:
    path = tmp_path / "t.operator"
    first = operator_token.make(path, "http://127.0.0.1:3000")
    assert operator_token.read(path) == (first, "http://127.0.0.1:3000")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    second = operator_token.make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert operator_token.read(path) == (second, "")
    assert first != second
    assert len(second) > 40
    assert list(tmp_path.iterdir()) == [path]


def test_no_file_is_no_token(tmp_path: Path) -> None:
    path = tmp_path / "t.operator"
    assert operator_token.read(path) is None
    operator_token.make(path)
    operator_token.remove(path)
    assert operator_token.read(path) is None
    operator_token.remove(path)


def test_it_lies_beside_the_store() -> None:
    kept = settings_for_tests(store__url="duckdb:data/tracker.duckdb").store
    assert operator_token.path_of(kept) == Path("data/tracker.operator")
    assert operator_token.path_of(settings_for_tests().store) is None
