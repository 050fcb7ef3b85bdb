"""The signed data as a file within the PDF, so that the paper alone can be checked, whenever it was drawn."""

from typing import Any

NAME = "signed.json"


def attach(canvas: Any, body: bytes) -> None:
    """Put a JSON file into the document of this canvas; any reader of PDF lists and saves it."""
    from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString

    document = canvas._doc  # the library has no way of its own
    kind = PDFDictionary({"Type": PDFName("EmbeddedFile")})
    held = document.Reference(PDFStream(kind, body, filters=[]))
    told = {
        "Type": PDFName("Filespec"),
        "F": PDFString(NAME),
        "UF": PDFString(NAME),
        "EF": PDFDictionary({"F": held}),
    }
    names = PDFArray([PDFString(NAME), document.Reference(PDFDictionary(told))])
    document.Catalog.Names = PDFDictionary({"EmbeddedFiles": PDFDictionary({"Names": names})})
