"""Files of word vectors, of this program and of others."""

from jaxw2v.vectors.files.exporting import FOLDERS, FORMATS, Format, export
from jaxw2v.vectors.files.folder import write_folder
from jaxw2v.vectors.files.loading import load
from jaxw2v.vectors.files.rows import Errors, Table, check_options

__all__ = [
    "FOLDERS",
    "FORMATS",
    "Errors",
    "Format",
    "Table",
    "check_options",
    "export",
    "load",
    "write_folder",
]
