"""Makes actions/verify-providers/keycloak/<version>.zip: the classes and members of the Keycloak that docker/Dockerfile pins.

    keycloak_index.py VERIFY_PROVIDERS      the binary that reads them, from Keycloak's distribution in the Maven repository

The same distribution gives the same bytes.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

LARGEST = 1_000_000
ROOT = pathlib.Path(__file__).resolve().parents[2]
version = re.search(r"^ARG KEYCLOAK_VERSION=(\S+)$", (ROOT / "docker/Dockerfile").read_text(), re.MULTILINE)[1]
target = ROOT / f"actions/verify-providers/keycloak/{version}.zip"

with tempfile.TemporaryDirectory() as folder:
    jars = pathlib.Path(folder) / "jars"
    jars.mkdir()
    # Without a lock and without jars it has nothing to find, and reads the classes all the same.
    command = [sys.argv[1], "--providers-dir", jars, "--cache-dir", folder, "--keycloak-version", version]
    subprocess.run(command, cwd=ROOT, check=False)
    index = (pathlib.Path(folder) / f"keycloak-{version}.index").read_bytes()

target.parent.mkdir(parents=True, exist_ok=True)
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    entry = zipfile.ZipInfo("index", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, index)
size = target.stat().st_size
print(f"{target.relative_to(ROOT)}: {size} bytes")
if size > LARGEST:
    sys.exit(f"an index has at most {LARGEST} bytes: docs/decisions/0006")
