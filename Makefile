# SPDX-License-Identifier: Apache-2.0
# mod_twauth
#
#   make            the module, build/mod_twauth.so
#   make test       install what is missing, build, prove everything
#   make demo       a protected site at http://127.0.0.1:8080/
#   make install    through apxs; DESTDIR and PAGES_DIR are respected
#   make help       all the others
#
# V=1 shows the commands.

APXS ?= apxs
PKG_CONFIG ?= pkg-config
PYTHON ?= /usr/bin/python3
BUILD ?= build
CFLAGS ?= -O2 -g
INSTALL ?= install
# the sentences of the pages, by languages; where the module looks for them
PAGES_DIR ?= /usr/share/mod_twauth/pages
MAN_DIR ?= /usr/share/man/man8
COMPLETION_DIR ?= /usr/share/bash-completion/completions

# Debian's packages: to build, to run; what proves and measures names its own
BUILD_PACKAGES := gcc make apache2-dev libcurl4-openssl-dev liboauth-dev \
	libsodium-dev libjansson-dev
RUN_PACKAGES := apache2 libaprutil1-dbd-sqlite3 sqlite3 openssl python3 \
	python3-oauthlib python3-cryptography

ifneq ($(V),1)
Q := @
say = @echo "  $(1)"
endif

# ---- what is built of what -------------------------------------------------

# rooms without a header of httpd: the core, one library
CORE_ROOMS := base shared sealed x
CORE_SRCS := $(sort $(wildcard $(CORE_ROOMS:%=src/%/*.c)))
CORE_OBJS := $(CORE_SRCS:%.c=$(BUILD)/%.o)
ALL_SRCS := mod_twauth.c $(sort $(wildcard src/*/*.c))
ALL_OBJS := $(ALL_SRCS:%.c=$(BUILD)/%.o)
GLUE_OBJS := $(filter-out $(CORE_OBJS),$(ALL_OBJS))
CORE_LIB := $(BUILD)/libtwauth-core.a
MODULE := $(BUILD)/mod_twauth.so
CONTROL := $(BUILD)/twauthctl

WARNINGS := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla \
	-Wdeclaration-after-statement -Wno-unused-result
# FORTIFY=3 or 0; it needs an optimizer
FORTIFY ?= $(if $(filter -O1 -O2 -O3 -Os -Og -Ofast,$(CFLAGS)),2,0)
HARDENING = -fstack-protector-strong -U_FORTIFY_SOURCE \
	-D_FORTIFY_SOURCE=$(FORTIFY)
# the APR that httpd was built with, which apxs knows; asked for when needed,
# and once
once = $(eval $(1) := $(2))$($(1))
APR_CONFIG = $(call once,APR_CONFIG,$(or $(shell \
	$(APXS) -q APR_CONFIG 2>/dev/null),apr-1-config))
# APR 2 has apr-util inside
APU_CONFIG = $(call once,APU_CONFIG,$(or $(shell \
	$(APXS) -q APU_CONFIG 2>/dev/null),$(if $(findstring \
	apr-2-config,$(APR_CONFIG)),$(APR_CONFIG),apu-1-config)))
# httpd's own flags (-D_GNU_SOURCE, large files)
APR_FLAGS = $(call once,APR_FLAGS,$(shell $(APR_CONFIG) --cppflags \
	--includes) $(shell $(APU_CONFIG) --includes))
# stddef.h before APR, which then has places in structures from offsetof()
# instead of by arithmetic with null pointers
CORE_FLAGS = -std=gnu11 -include stddef.h -fPIC -pthread -MMD -MP -I. -Isrc \
	$(WARNINGS) $(HARDENING) $(APR_FLAGS) $(LIB_FLAGS) $(EXTRA_CFLAGS)
GLUE_FLAGS = $(CORE_FLAGS) -I$(shell $(APXS) -q INCLUDEDIR)
# what pkg-config knows of the libraries, else their plain names
LIBRARIES := oauth libcurl libsodium jansson
LIB_FLAGS = $(call once,LIB_FLAGS,$(shell \
	$(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null))
LIBS = $(call once,LIBS,$(or $(shell $(PKG_CONFIG) --libs $(LIBRARIES) \
	2>/dev/null),$(patsubst lib%,-l%,$(filter lib%,$(LIBRARIES))) \
	-loauth -ljansson))
APR_LIBS = $(call once,APR_LIBS,$(shell $(APU_CONFIG) --link-ld) \
	$(shell $(APR_CONFIG) --link-ld))

## all: the module, build/mod_twauth.so, and build/twauthctl
.PHONY: all
all: $(MODULE) $(CONTROL)
	@:

$(CORE_OBJS): $(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CFLAGS) $(CORE_FLAGS) -c -o $@ $<

$(GLUE_OBJS): $(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CFLAGS) $(GLUE_FLAGS) -c -o $@ $<

$(BUILD)/src/config/pages.o: GLUE_FLAGS += -DTW_PAGES_DIR='"$(PAGES_DIR)"'

# anew when files have come to a room, or gone
$(CORE_LIB): $(CORE_OBJS) Makefile $(CORE_ROOMS:%=src/%)
	$(call say,AR $@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(CORE_OBJS)

# one exported symbol: httpd finds the module, and nobody else our names
$(MODULE): $(GLUE_OBJS) $(CORE_LIB) src/twauth.map
	$(call say,LD $@)
	$(Q)$(CC) $(CFLAGS) $(EXTRA_CFLAGS) -shared -pthread -Wl,-z,now -Wl,-z,relro \
		-Wl,--version-script=src/twauth.map -o $@.new \
		$(GLUE_OBJS) $(CORE_LIB) $(LDFLAGS) $(LIBS) && mv $@.new $@

# the script, with the list of subcommands: each row a line of shell
CONTROL_ROWS := \#include "src/admin/control_table.h"\n\
\#define COMMAND(f, n, a, l, m, s, w, h, e) @@row | n | a | h | e\n\
\#define SCRIPT(n, a, h, e) @@row | n | a | h | e\n\
\#define OPTION(c, n, v, h) @@option | c | n | v | h\n\
TW_CONTROL_COMMANDS(COMMAND, SCRIPT, OPTION)\n
CONTROL_PARTS := $(sort $(wildcard src/admin/*.sh))
$(CONTROL): src/admin/twauthctl $(CONTROL_PARTS) src/admin/control_table.h \
		Makefile
	@mkdir -p $(@D)
	$(call say,SH $@)
	$(Q)printf '$(CONTROL_ROWS)' | $(CC) -E -P -I. -x c - | tr '\n' ' ' | \
		awk '{ gsub(/ *@@/, "\n\t"); gsub(/" +"/, ""); gsub(/ \| /, " "); \
			print }' > $@.rows
	$(Q)for part in $(CONTROL_PARTS); do cat $$part && echo; done > $@.parts
	$(Q)sed -e '/^#ROWS#$$/r $@.rows' -e '/^#ROWS#$$/d' \
		-e '/^#PARTS#$$/r $@.parts' -e '/^#PARTS#$$/d' $< > $@.new
	$(Q)rm $@.rows $@.parts && chmod +x $@.new && mv $@.new $@

-include $(ALL_OBJS:.o=.d)

# ---- installing ------------------------------------------------------------

## install: the module, its command, configuration and tables; DESTDIR is respected
# apxs -i would edit httpd.conf; a2enmod or the administrator does that
# empty: no files for a2enmod
A2ENMOD ?= /usr/sbin/a2enmod
MODS_AVAILABLE = $(DESTDIR)$(shell $(APXS) -q SYSCONFDIR)/mods-available
SBIN = $(DESTDIR)$(shell $(APXS) -q SBINDIR)
.PHONY: install
install: $(MODULE) $(CONTROL)
	$(INSTALL) -d $(DESTDIR)$(shell $(APXS) -q LIBEXECDIR)
	$(APXS) -i -S LIBEXECDIR=$(DESTDIR)$(shell $(APXS) -q LIBEXECDIR) \
		-n twauth $(MODULE)
	$(INSTALL) -d $(DESTDIR)$(shell $(APXS) -q INCLUDEDIR)
	$(INSTALL) -m 0644 src/auth/mod_twauth.h $(DESTDIR)$(shell $(APXS) -q INCLUDEDIR)/
	$(INSTALL) -d $(SBIN) $(DESTDIR)$(MAN_DIR) $(DESTDIR)$(COMPLETION_DIR)
	$(INSTALL) -m 0755 $(CONTROL) $(SBIN)/twauthctl
	gzip -9nc docs/twauthctl.8 > $(DESTDIR)$(MAN_DIR)/twauthctl.8.gz
	chmod 0644 $(DESTDIR)$(MAN_DIR)/twauthctl.8.gz
	$(INSTALL) -m 0644 src/admin/twauthctl.completion \
		$(DESTDIR)$(COMPLETION_DIR)/twauthctl
	$(INSTALL) -d $(DESTDIR)/usr/share/mod_twauth
	$(INSTALL) -m 0644 sql/*.sql conf/twauth.conf \
		$(DESTDIR)/usr/share/mod_twauth/
	$(INSTALL) -d $(DESTDIR)$(PAGES_DIR)
	$(INSTALL) -m 0644 conf/pages/*.txt $(DESTDIR)$(PAGES_DIR)/
	@if [ -x "$(A2ENMOD)" ]; then \
		$(INSTALL) -d $(MODS_AVAILABLE) && \
		$(INSTALL) -m 0644 conf/twauth.load $(MODS_AVAILABLE)/ && \
		if [ -e $(MODS_AVAILABLE)/twauth.conf ]; then \
			echo "kept: $(MODS_AVAILABLE)/twauth.conf"; \
		else \
			$(INSTALL) -m 0644 conf/twauth.conf $(MODS_AVAILABLE)/; \
		fi; \
	fi

# ---- what is needed --------------------------------------------------------

# $(1): packages.  As root or by sudo they are installed, else named.
define need
	@missing=; for p in $(1); do \
		dpkg-query -W -f '$${db:Status-Abbrev}' $$p 2>/dev/null | \
			grep -q ^ii || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ]; then as=; \
		elif sudo -n true 2>/dev/null; then as=sudo; \
		else echo "Please install:$$missing" >&2; exit 1; fi; \
		echo "  installing$$missing"; \
		mkdir -p $(BUILD); \
		{ $$as apt-get update -qq && \
		  $$as env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install \
			-y -qq --no-install-recommends $$missing; } \
			> $(BUILD)/apt.log 2>&1 || { tail -20 $(BUILD)/apt.log; exit 1; }; \
	fi
endef

# ---- trying, proving, measuring, giving away --------------------------------

.PHONY: need-demo
need-demo:
	$(call need,$(BUILD_PACKAGES) $(RUN_PACKAGES))

## demo: a protected site at http://127.0.0.1:8080/
# a make of its own: the flags of a compiler that was just installed
.PHONY: demo
demo: need-demo
	@$(MAKE) --no-print-directory all
	@exec demo/run

## test: install what is missing, build, prove everything
.PHONY: test
test: need-test
	@$(MAKE) --no-print-directory EXTRA_CFLAGS="-Werror $(EXTRA_CFLAGS)" all tests
	@TWAUTH_BUILD=$(BUILD) $(PYTEST) -n 4 --dist loadfile t $(TESTS)

include t/rules.mk bench/rules.mk debian/package.mk

## clean: remove what was built
.PHONY: clean
clean:
	rm -rf $(BUILD)

## help: these lines
.PHONY: help
help:
	@LC_ALL=C sed -n 's/^## \([a-z-]*\): /\1\t/p' \
		$(filter-out %.d,$(MAKEFILE_LIST)) | expand -t 20 | sed 's/^/  make /'
