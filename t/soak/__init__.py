# SPDX-License-Identifier: Apache-2.0
"""Mixed traffic with trouble by chance; test_soak.py says what must hold, people.py what everybody does."""
