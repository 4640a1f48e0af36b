# SPDX-License-Identifier: Apache-2.0
"""Libraries that refuse, loaded into httpd before the real ones.

    make_site(preload=refuse.library(folder), env={"REFUSE_TO_SIGN": "1"})      liboauth cannot sign
    ...                                       env={"REFUSE_OPTION": "64"}       libcurl does not know CURLOPT_64
"""

import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


def library(folder):
    """The library, built below `folder`, as `preload` of a site."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    built = folder / "refuse.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(built), str(SOURCE)], check=True)
    return (str(built),)
