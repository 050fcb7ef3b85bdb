"""Setting Chinese government papers as PDF: letters (公文) and reports, with embedded fonts, the same bytes
for the same content.
"""

from shared.typesetting.letter import LetterText, Paragraph, render_letter
from shared.typesetting.report import Section, Table, render_report

__all__ = ["LetterText", "Paragraph", "Section", "Table", "render_letter", "render_report"]
