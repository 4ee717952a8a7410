"""Lists as files: one table with a row for each thing, to download and to upload again."""

from workflows.flat.admin import FlatExportAdmin, FlatImportAdmin
from workflows.flat.resource import FlatResource, FlatRow

__all__ = ["FlatExportAdmin", "FlatImportAdmin", "FlatResource", "FlatRow"]
