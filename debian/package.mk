# SPDX-License-Identifier: Apache-2.0
# What is given away: a tarball, and Debian's package of it.  Both are of what
# is committed, and the same commit gives the same tarball, byte for byte.

# of the tag, or of the version that CHANGES has at its top and the commit
CHANGES_VERSION = $(shell sed -n 's/^\([0-9][0-9.]*\).*/\1/p;/^[0-9]/q' CHANGES)
# $(1): a commit
version_of = $(patsubst v%,%,$(or $(shell \
	git describe --exact-match --match 'v[0-9]*' $(1) 2>/dev/null),$(shell \
	TZ=UTC git -c core.abbrev=12 log -1 --date=format-local:%Y%m%d%H%M%S \
		--format='$(CHANGES_VERSION)~%cd.%h' $(1) 2>/dev/null),$(CHANGES_VERSION)))
VERSION = $(call once,VERSION,$(call version_of,HEAD))
DIST := $(BUILD)/dist
TARBALL = $(DIST)/mod_twauth-$(VERSION).tar.gz
DEB_PACKAGES := build-essential debhelper lintian

## dist: build/dist/mod_twauth-VERSION.tar.gz
.PHONY: dist
dist:
	@mkdir -p $(DIST)
	@git -c tar.umask=0022 -c core.autocrlf=false archive --format=tar \
		--prefix=mod_twauth-$(VERSION)/ HEAD | gzip -9n > $(TARBALL)
	@echo "  $(TARBALL)"

.PHONY: need-deb
need-deb:
	$(call need,$(BUILD_PACKAGES) $(DEB_PACKAGES))

# $(1): a commit, $(2): its version, $(3): a folder with its tree alone
define build-deb
	@cd $(3)/* && sed -i -e '1s/([^)]*)/($(2))/' -e 's/^\( -- .*>\)  .*/\1  $(shell \
		TZ=UTC git log -1 --date=rfc2822-local --format=%cd $(1))/' debian/changelog
	@cd $(3)/* && dpkg-buildpackage -us -uc -b > ../build.log 2>&1 || \
		{ tail -40 ../build.log; exit 1; }
endef
## deb: build/dist/libapache2-mod-twauth_VERSION_ARCH.deb
.PHONY: deb
deb: need-deb dist
	@rm -rf $(DIST)/deb && mkdir -p $(DIST)/deb
	@tar -xzf $(TARBALL) -C $(DIST)/deb
	$(call build-deb,HEAD,$(VERSION),$(DIST)/deb)
	@rm -f $(DIST)/libapache2-mod-twauth*.deb $(DIST)/mod-twauth_*
	@mv $(DIST)/deb/*.deb $(DIST)/deb/*.changes $(DIST)/deb/*.buildinfo $(DIST)/
	@lintian --pedantic --fail-on warning,error $(DIST)/*$(VERSION)*.changes
	@ls $(DIST)/*$(VERSION)*.deb | sed 's/^/  /'

# the package that is upgraded by the test: of the last release, or of the first
# commit that had one
BEFORE ?= $(or $(shell git describe --abbrev=0 --match 'v[0-9]*' HEAD^ \
	2>/dev/null),c9dee87)
BEFORE_PACKAGE = $(DIST)/before/$(BEFORE).deb
$(DIST)/before/%.deb:
	@rm -rf $(@D)/$* && mkdir -p $(@D)/$*
	@git archive --prefix=mod_twauth/ $* | tar -x -C $(@D)/$*
	$(call build-deb,$*,$(call version_of,$*),$(@D)/$*)
	@mv $(@D)/$*/libapache2-mod-twauth_*.deb $@ && rm -r $(@D)/$*

## test-package: autopkgtest, and docs/hardening.md, as root, on a copy of this machine
TEST_PACKAGE_PACKAGES := apt-utils autopkgtest iproute2 \
	libaprutil1-dbd-pgsql postgresql
.PHONY: test-package
test-package: deb
	$(call need,$(RUN_PACKAGES) $(TEST_PACKAGE_PACKAGES))
	@$(if $(shell git rev-parse -q --verify $(BEFORE)^{commit}),$(MAKE) \
		--no-print-directory $(BEFORE_PACKAGE),echo \
		"  no upgrade is tried: $(BEFORE) is not in this clone")
	@debian/testbed autopkgtest --no-built-binaries --quiet \
		$$(test -e $(BEFORE_PACKAGE) && \
			echo --env=TWAUTH_BEFORE=$(CURDIR)/$(BEFORE_PACKAGE)) \
		$(DIST)/libapache2-mod-twauth_$(VERSION)_*.deb \
		$(DIST)/deb/mod_twauth-$(VERSION)/ -- null
	@debian/testbed --systemd t/package/hardening.py \
		$(CURDIR)/$(DIST)/libapache2-mod-twauth_$(VERSION)_*.deb

# where rpm is not what the machine's own packages are, nothing that the package
# asks for is known to it, and httpd's folders are those of apxs
RPM_FOREIGN = --nodeps $(foreach dir,moddir:LIBEXECDIR includedir:INCLUDEDIR,\
	--define "_httpd_$(firstword $(subst :, ,$(dir))) $(shell \
		$(APXS) -q $(lastword $(subst :, ,$(dir))))")
RPM_FLAGS ?= $(if $(wildcard /etc/debian_version),$(RPM_FOREIGN))
## rpm: build/dist/mod_twauth-VERSION-1.ARCH.rpm, of rpm/mod_twauth.spec
.PHONY: rpm
rpm: dist
	$(if $(wildcard /etc/debian_version),$(call need,$(BUILD_PACKAGES) rpm rpmlint))
	@rm -rf $(DIST)/rpm && mkdir -p $(DIST)/rpm
	@sed 's/^Version:.*/Version:        $(VERSION)/; s/ - [0-9.]*-1$$/ - $(VERSION)-1/' \
		rpm/mod_twauth.spec > $(DIST)/rpm/mod_twauth.spec
	@rpmbuild -bb --define "_topdir $(abspath $(DIST))/rpm" \
		--define "_sourcedir $(abspath $(DIST))" $(RPM_FLAGS) \
		$(DIST)/rpm/mod_twauth.spec > $(DIST)/rpm/build.log 2>&1 || \
		{ tail -40 $(DIST)/rpm/build.log; exit 1; }
	@mv $(DIST)/rpm/RPMS/*/*.rpm $(DIST)/
	@rpmlint -c rpm/rpmlint.toml rpm/mod_twauth.spec $(DIST)/mod_twauth*-$(VERSION)-1*.rpm
	@ls $(DIST)/mod_twauth*-$(VERSION)-1*.rpm | sed 's/^/  /'

## release-check: whether this commit is fit to be a release; it changes nothing
.PHONY: release-check
release-check:
	@debian/release-check
