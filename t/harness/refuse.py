# SPDX-License-Identifier: Apache-2.0
"""Libraries that refuse, loaded into httpd before the real ones.

    make_site(preload=refuse.library(folder), env={"REFUSE_TO_SIGN": "1"})      liboauth cannot sign
    ...                                       env={"REFUSE_LIBCURL": "1"}       libcurl does not start
    ...                                       env={"REFUSE_THREADS": "1"}       libcurl does not start safely among threads
    ...                                       env={"REFUSE_OPTION": "64"}       libcurl does not know CURLOPT_64
    ...                                       env={"REFUSE_SHARED": "2"}        the second shared memory cannot be had
    ...                                       env={"REFUSE_LOCK": "1"}          no lock for threads can
    ...                                       env={"REFUSE_PROGRAM": "/bin/x"}  that program cannot be started
    make_site(preload=refuse.library(folder, hidden="PQhost"))                  that function is not to be found

The path of a file instead of "1": while it is there.
"""

import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


def library(folder, hidden=None):
    """The library, built below `folder`, as `preload` of a site."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    built = folder / "refuse.so"
    more = [f'-DHIDDEN="{hidden}"'] if hidden else []
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", *more, "-o", str(built), str(SOURCE)], check=True)
    return (str(built),)
