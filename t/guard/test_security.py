# SPDX-License-Identifier: Apache-2.0
"""The list of requirements: each is proved by a test that names it, and docs/security.md shows which."""

from guard import read, security_table


def test_each_must_has_a_test():
    groups, unknown = security_table.with_tests()
    assert not unknown
    assert len([r for group in groups.values() for r in group if r.must]) > 80
    assert [r.id for group in groups.values() for r in group if r.must and not r.tests] == []


def test_each_should_has_a_test_or_a_reason():
    groups, _ = security_table.with_tests()
    assert [r.id for group in groups.values() for r in group if not (r.must or r.tests or r.reason)] == []


def test_the_page_shows_them_all():
    page = read("docs/security.md")
    assert page == security_table.replaced(page), "run `make docs`"
