"""An import (批量导入): the sealed sheet, and one sealed row each with its errors until it is filed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import JsonDoc, UtcDateTime


class CaseImport(Base):
    """received → parsing → preview → confirming → done; or failed; or replaced by a corrected sheet.

    A sheet of corrected rows ends as merged: its rows went into the import it corrects.
    """

    __tablename__ = "case_imports"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    department_id: Mapped[str] = mapped_column(String(36), index=True)
    region: Mapped[str] = mapped_column(String(6))
    actor: Mapped[dict[str, Any]] = mapped_column(JsonDoc)
    """The clerk who uploaded, as filer of every row."""
    list_code: Mapped[str] = mapped_column(String(64))
    domain: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Integer)
    total_rows: Mapped[int] = mapped_column(Integer, default=0)
    good_rows: Mapped[int] = mapped_column(Integer, default=0)
    bad_rows: Mapped[int] = mapped_column(Integer, default=0)
    filed_rows: Mapped[int] = mapped_column(Integer, default=0)
    held_rows: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Duplicates that wait for the clerk's word."""
    skipped_rows: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    expected_rows: Mapped[int | None] = mapped_column(Integer)
    """Rows of the sheet, once the reader has counted them: what progress is measured against."""
    problem: Mapped[str | None] = mapped_column(Text)
    layout: Mapped[str | None] = mapped_column(String(40))
    """The layout the sheet was read by."""
    headings: Mapped[list[dict[str, Any]]] = mapped_column(JsonDoc, default=list, server_default="[]")
    """Each heading with its place in the sheet and the column it was read as, or None."""
    chosen_layout: Mapped[str | None] = mapped_column(String(40))
    """The layout the clerk named, where the headings alone do not tell."""
    replaces: Mapped[str | None] = mapped_column(String(36))
    """The import this corrected sheet takes the place of."""
    corrects: Mapped[str | None] = mapped_column(String(36))
    """The import whose wrong rows this sheet brings anew."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CaseImportRow(Base):
    """One data row: `content` is the sealed filing, of a bad row its sealed cells; `errors` name cells,
    `preview` is masked."""

    __tablename__ = "case_import_rows"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    import_id: Mapped[str] = mapped_column(ForeignKey("case_imports.id"))
    row_number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(8))
    """good, bad, held (a duplicate nobody has decided on), skipped, filed."""
    hint: Mapped[str | None] = mapped_column(String(12))
    """duplicate or likely: why the clerk should look at this row."""
    identity: Mapped[str | None] = mapped_column(String(100))
    """Keyed digest of document, organ and subject: two rows with the same one are duplicates."""
    content: Mapped[str | None] = mapped_column(Text)
    preview: Mapped[dict[str, Any]] = mapped_column(JsonDoc, default=dict)
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JsonDoc, default=list)
    case_id: Mapped[str | None] = mapped_column(String(36))

    __table_args__ = (
        Index("uq_case_import_rows_row", "import_id", "row_number", unique=True),
        Index("ix_case_import_rows_state", "import_id", "state", "row_number"),
    )


class ImportMapping(Base):
    """列名对照: what a department calls a column, remembered for its next sheets."""

    __tablename__ = "case_import_mappings"

    department_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    layout: Mapped[str] = mapped_column(String(40), primary_key=True, default="", server_default="")
    """The layout it belongs to; empty for every layout that has such a column."""
    heading: Mapped[str] = mapped_column(String(100), primary_key=True)
    """Folded as headings are compared."""
    shown: Mapped[str] = mapped_column(String(100))
    code: Mapped[str] = mapped_column(String(40))
    updated_by: Mapped[str] = mapped_column(String(36))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
