"""The database itself refuses to change or delete entries of the audit trail."""

from collections.abc import Sequence

from alembic import op

from services.blacklist.audit.models import APPEND_ONLY, append_only_ddl, drop_append_only_ddl

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    for table in APPEND_ONLY:
        for statement in append_only_ddl(op.get_bind().dialect.name, table):
            op.execute(statement)


def downgrade() -> None:
    for table in APPEND_ONLY:
        for statement in drop_append_only_ddl(op.get_bind().dialect.name, table):
            op.execute(statement)
