"""Files of word vectors, of this program and of others."""

from jaxw2v.vectors.files.exporting import export
from jaxw2v.vectors.files.folder import write_folder
from jaxw2v.vectors.files.formats import FORMATS, FileFormat, format_named
from jaxw2v.vectors.files.loading import load
from jaxw2v.vectors.files.rows import Errors, Table, check_options

__all__ = [
    "FORMATS",
    "Errors",
    "FileFormat",
    "Table",
    "check_options",
    "export",
    "format_named",
    "load",
    "write_folder",
]
