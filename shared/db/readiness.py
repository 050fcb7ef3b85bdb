"""Is the database there, and does it stand as this code expects it? Asked by tools before they open it."""

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from shared.db.engine import open_database
from shared.db.migration import is_migrated


class DatabaseNotReady(Exception):
    """The database cannot be used by this code as it stands; the text names the remedy."""


def require_migrated(db_url: str, package: str, remedy: str) -> None:
    """For tools: raises DatabaseNotReady for a missing, unreachable or older database; makes none."""
    url = make_url(db_url)
    place = url.render_as_string(hide_password=True)
    again = f"请核对 DATA_DIR 和数据库地址，再执行 {remedy}（或者先启动一次系统）。"
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise DatabaseNotReady(f"数据库还没有建立：{place}。{again}")
    db = open_database(db_url)
    try:
        ready = is_migrated(db, package)
    except DBAPIError as error:
        raise DatabaseNotReady(f"数据库连接不上或不能读取：{place}。{again}") from error
    finally:
        db.close()
    if not ready:
        raise DatabaseNotReady(f"数据库的结构与本程序的版本不符：{place}。{again}")
