# SPDX-License-Identifier: Apache-2.0
# What is given away: a tarball, and Debian's package of it.  Both are of what
# is committed, and the same commit gives the same tarball, byte for byte.

# of the tag, or of the version that CHANGES has at its top and the commit
CHANGES_VERSION = $(shell sed -n 's/^\([0-9][0-9.]*\).*/\1/p;/^[0-9]/q' CHANGES)
VERSION = $(call once,VERSION,$(patsubst v%,%,$(or $(shell \
	git describe --exact-match --match 'v[0-9]*' 2>/dev/null),$(shell \
	git log -1 --date=format-local:%Y%m%d%H%M%S \
		--format='$(CHANGES_VERSION)~%cd.%h' 2>/dev/null),$(CHANGES_VERSION))))
DIST := $(BUILD)/dist
TARBALL = $(DIST)/mod_twauth-$(VERSION).tar.gz
DEB_PACKAGES := build-essential debhelper lintian

## dist: build/dist/mod_twauth-VERSION.tar.gz
.PHONY: dist
dist:
	@mkdir -p $(DIST)
	@TZ=UTC git -c core.abbrev=12 archive --format=tar --prefix=mod_twauth-$(VERSION)/ HEAD \
		| gzip -9n > $(TARBALL)
	@echo "  $(TARBALL)"

.PHONY: need-deb
need-deb:
	$(call need,$(BUILD_PACKAGES) $(DEB_PACKAGES))

DEB_DATE = $(shell TZ=UTC git log -1 --date=rfc2822-local --format=%cd)
## deb: build/dist/libapache2-mod-twauth_VERSION_ARCH.deb
.PHONY: deb
deb: need-deb dist
	@rm -rf $(DIST)/deb && mkdir -p $(DIST)/deb
	@tar -xzf $(TARBALL) -C $(DIST)/deb
	@cd $(DIST)/deb/* && sed -i \
		-e '1s/([^)]*)/($(VERSION))/' \
		-e 's/^\( -- .*>\)  .*/\1  $(DEB_DATE)/' debian/changelog
	@cd $(DIST)/deb/* && dpkg-buildpackage -us -uc -b > ../build.log 2>&1 || \
		{ tail -40 ../build.log; exit 1; }
	@mv $(DIST)/deb/*.deb $(DIST)/deb/*.changes $(DIST)/deb/*.buildinfo $(DIST)/
	@lintian --pedantic --fail-on warning,error $(DIST)/*$(VERSION)*.changes
	@ls $(DIST)/*$(VERSION)*.deb | sed 's/^/  /'
