"""Lists as files: one table with a row for each thing, to download and to upload again."""

from workflows.admin.flat.admin import FlatExportAdmin, FlatImportAdmin
from workflows.admin.flat.resource import FlatResource, FlatRow

__all__ = ["FlatExportAdmin", "FlatImportAdmin", "FlatResource", "FlatRow"]
