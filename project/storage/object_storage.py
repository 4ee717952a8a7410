"""Where files are kept: in a folder, or in a bucket of object storage (S3) where one is named.

The settings of the bucket stand in .env.example. Needs requirements-s3.txt.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

FOLDER: Final = {"BACKEND": "django_tenants.files.storage.TenantFileSystemStorage"}
BUCKET: Final = "project.storage.company_bucket.CompanyBucket"


def file_storage() -> dict[str, Any]:
    """What STORAGES says of the files of companies.

    Raises:
        ImproperlyConfigured: a bucket is named, and the packages are not installed, or only one
            half of its key is there.
    """
    bucket = _named("BUCKET")
    if not bucket:
        return dict(FOLDER)
    if find_spec("storages") is None or find_spec("boto3") is None:
        raise ImproperlyConfigured(
            "FILES_S3_BUCKET is set, but the package django-storages is not installed: install "
            "requirements-s3.txt, or take FILES_S3_BUCKET away."
        )
    access, secret = _named("ACCESS_KEY"), _named("SECRET_KEY")
    if bool(access) != bool(secret):
        raise ImproperlyConfigured("FILES_S3_ACCESS_KEY and FILES_S3_SECRET_KEY go together.")
    endpoint = _named("ENDPOINT")
    return {
        "BACKEND": BUCKET,
        "OPTIONS": {
            "bucket_name": bucket,
            "access_key": access or None,
            "secret_key": secret or None,
            "endpoint_url": endpoint or None,
            "region_name": _named("REGION") or None,
            "location": _named("PREFIX").strip("/"),
            # Servers that are not Amazon's rarely have a host name for each bucket.
            "addressing_style": "path" if endpoint else "auto",
            "signature_version": "s3v4",
            # Objects are private unless somebody says otherwise; buckets that know no access lists
            # refuse every request that names one.
            "default_acl": None,
            "file_overwrite": True,  # whether a key is free was asked before
            # Nobody is given such an address: downloads go through our check. Should one get out:
            "querystring_auth": True,
            "querystring_expire": 60,
            # In bytes: what is larger than that is read by way of a temporary file.
            "max_memory_size": 1024 * 1024,
        },
    }


def _named(name: str) -> str:
    return (os.environ.get(f"FILES_S3_{name}") or "").strip()
