# SPDX-License-Identifier: Apache-2.0
# mod_twauth
#
#   make            the module, build/mod_twauth.so
#   make test       install what is missing, build, prove everything
#   make demo       a protected site at http://127.0.0.1:8080/
#   make install    through apxs; DESTDIR is respected
#
# V=1 shows the commands.

APXS ?= apxs
PYTHON ?= /usr/bin/python3
BUILD ?= build
CFLAGS ?= -O2 -g
INSTALL ?= install

# Debian's packages: to build, to run, to test
BUILD_PACKAGES := gcc make apache2-dev libcurl4-openssl-dev liboauth-dev \
	libsodium-dev libjansson-dev
RUN_PACKAGES := apache2 libaprutil1-dbd-sqlite3 sqlite3 openssl python3 \
	python3-oauthlib python3-cryptography
TEST_PACKAGES := libaprutil1-dbd-pgsql postgresql pgbouncer libcmocka-dev clang \
	python3-pytest python3-pytest-xdist python3-psycopg2 python3-selenium \
	python3-h2 \
	chromium chromium-driver faketime valgrind curl procps wrk locales
LINT_PACKAGES := cppcheck clang-tidy
BENCH_PACKAGES := libapache2-mod-auth-openidc iproute2 wrk gunicorn \
	python3-flask python3-flask-login python3-flask-sqlalchemy
FUZZ_PACKAGES := clang libclang-rt-dev

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

UNIT_TESTS := $(patsubst t/unit/%.c,$(BUILD)/t/%,$(wildcard t/unit/*/test_*.c)) \
	$(BUILD)/t/targets
FUZZ_TESTS := $(patsubst t/fuzz/%.c,$(BUILD)/t/%,$(wildcard t/fuzz/fuzz_*.c))

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
	$(WARNINGS) $(HARDENING) $(APR_FLAGS) $(EXTRA_CFLAGS)
GLUE_FLAGS = $(CORE_FLAGS) -I$(shell $(APXS) -q INCLUDEDIR)
LIBS := -loauth -lcurl -lsodium -ljansson
APR_LIBS = $(call once,APR_LIBS,$(shell $(APU_CONFIG) --link-ld) \
	$(shell $(APR_CONFIG) --link-ld))

.PHONY: all
all: $(MODULE)

$(CORE_OBJS): $(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CFLAGS) $(CORE_FLAGS) -c -o $@ $<

$(GLUE_OBJS): $(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CFLAGS) $(GLUE_FLAGS) -c -o $@ $<

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

$(UNIT_TESTS): $(BUILD)/t/%: t/unit/%.c $(CORE_LIB)
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CFLAGS) $(CORE_FLAGS) -Wno-format-nonliteral -It/unit -o $@ $< $(CORE_LIB) \
		$(LDFLAGS) $(LIBS) $(APR_LIBS) -lcmocka

# the glue's targets: with the glue, and a stand-in for what is below it
FUZZ_GLUE := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/authz.c,$(sort \
	$(wildcard src/request/*.c src/login/*.c src/auth/*.c))))
FUZZ_GLUE_TESTS := $(BUILD)/t/fuzz_cookie $(BUILD)/t/fuzz_request
FUZZ_GLUE_PARTS := t/fuzz/server.c $(FUZZ_GLUE)
$(FUZZ_GLUE_TESTS): FUZZ_PARTS = -I$(shell $(APXS) -q INCLUDEDIR) \
	$(FUZZ_GLUE_PARTS)
$(FUZZ_GLUE_TESTS): $(FUZZ_GLUE_PARTS) t/fuzz/server.h
# a main() that replays; `make fuzz` puts libFuzzer's in its place
FUZZ_MAIN := t/fuzz/replay.c

$(FUZZ_TESTS): $(BUILD)/t/%: t/fuzz/%.c t/fuzz/pool.c t/fuzz/fuzz.h \
		$(FUZZ_MAIN) $(CORE_LIB)
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CFLAGS) $(CORE_FLAGS) -o $@ $< t/fuzz/pool.c $(FUZZ_MAIN) \
		$(FUZZ_PARTS) $(CORE_LIB) $(LDFLAGS) $(LIBS) $(APR_LIBS)

-include $(ALL_OBJS:.o=.d) $(UNIT_TESTS:=.d) $(FUZZ_TESTS:=.d)

# ---- installing ------------------------------------------------------------

# apxs -i would edit httpd.conf; a2enmod or the administrator does that
# empty: no files for a2enmod
A2ENMOD ?= /usr/sbin/a2enmod
MODS_AVAILABLE = $(DESTDIR)$(shell $(APXS) -q SYSCONFDIR)/mods-available
.PHONY: install
install: $(MODULE)
	$(INSTALL) -d $(DESTDIR)$(shell $(APXS) -q LIBEXECDIR)
	$(APXS) -i -S LIBEXECDIR=$(DESTDIR)$(shell $(APXS) -q LIBEXECDIR) \
		-n twauth $(MODULE)
	$(INSTALL) -d $(DESTDIR)/usr/share/mod_twauth
	$(INSTALL) -m 0644 sql/*.sql conf/twauth.conf \
		$(DESTDIR)/usr/share/mod_twauth/
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

.PHONY: need-demo need-test need-lint need-fuzz need-bench
need-demo:
	$(call need,$(BUILD_PACKAGES) $(RUN_PACKAGES))
need-test:
	$(call need,$(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES))
need-fuzz:
	$(call need,$(BUILD_PACKAGES) $(FUZZ_PACKAGES))
need-bench:
	$(call need,$(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES) $(BENCH_PACKAGES))
need-lint:
	$(call need,$(BUILD_PACKAGES) $(LINT_PACKAGES))

# ---- giving away ------------------------------------------------------------

include debian/package.mk

# ---- trying and proving ----------------------------------------------------

# a make of its own: the flags of a compiler that was just installed
.PHONY: demo
demo: need-demo
	@$(MAKE) --no-print-directory all
	@exec demo/run

PYTEST := $(PYTHON) -B -m pytest -q -p no:cacheprovider -c t/pytest.ini

.PHONY: test tests
test: need-test
	@$(MAKE) --no-print-directory EXTRA_CFLAGS="-Werror $(EXTRA_CFLAGS)" all tests
	@TWAUTH_BUILD=$(BUILD) $(PYTEST) -n 2 --dist loadfile t $(TESTS)

tests: $(UNIT_TESTS) $(FUZZ_TESTS)

# the same tests, at the sizes that docs/security.md speaks of
.PHONY: test-full
test-full: need-test
	@$(MAKE) --no-print-directory EXTRA_CFLAGS="-Werror $(EXTRA_CFLAGS)" all tests
	@TWAUTH_BUILD=$(BUILD) $(PYTEST) -n 2 --dist loadfile --full t $(TESTS)

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
# use_sigaltstack: else ASan now and then finds fault with its own end of a thread
.PHONY: test-asan
test-asan: need-test
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CFLAGS="-O1 -g" \
		EXTRA_CFLAGS="-Werror $(SANITIZE)" FORTIFY=0 all tests
	@TWAUTH_BUILD=$(BUILD)/asan TWAUTH_MODULE=$(BUILD)/asan/mod_twauth.so \
	 TWAUTH_PRELOAD="$$($(CC) -print-file-name=libasan.so)" \
	 ASAN_OPTIONS=use_sigaltstack=0 \
		$(PYTEST) -n 2 --dist loadfile t/unit t/live t/soak $(TESTS)

# memcheck: the unit tests, the fuzz corpora, and a minute of the soak on one
# process of httpd
MEMCHECK := valgrind -q --vgdb=no
.PHONY: test-valgrind
test-valgrind: need-test
	@$(MAKE) --no-print-directory EXTRA_CFLAGS="-Werror $(EXTRA_CFLAGS)" all tests
	@for t in $(UNIT_TESTS); do echo "  MEMCHECK $$t"; \
		TWAUTH_VECTORS=t/unit/oauth1-vectors.json \
		$(MEMCHECK) --error-exitcode=9 $$t > $$t.memcheck 2>&1 || \
			{ cat $$t.memcheck; exit 1; }; done
	@for t in $(FUZZ_TESTS); do echo "  MEMCHECK $$t"; \
		$(MEMCHECK) --error-exitcode=9 $$t t/fuzz/corpus/$${t##*/fuzz_} \
			> $$t.memcheck 2>&1 || { cat $$t.memcheck; exit 1; }; done
	@SOAK_SECONDS=60 TWAUTH_UNDER="$(MEMCHECK) --log-file={folder}/under.%p" \
		$(PYTEST) -s t/soak $(TESTS)

# ThreadSanitizer looks at the module alone; httpd, APR and the libraries are as
# they are.  Prefork has no threads.
.PHONY: test-tsan
test-tsan: need-test
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan CFLAGS="-O1 -g" \
		EXTRA_CFLAGS="-Werror -fsanitize=thread -fno-omit-frame-pointer" \
		FORTIFY=0 all
	@TWAUTH_MODULE=$(BUILD)/tsan/mod_twauth.so \
	 TWAUTH_PRELOAD="$$($(CC) -print-file-name=libtsan.so)" \
	 TSAN_OPTIONS="ignore_noninstrumented_modules=1:history_size=5" \
		$(PYTEST) --full --protocol=oauth1,oauth2 -k "(CF_3 or HT_2) and not prefork and not chromium" \
		t/live/config/test_httpd_restarts.py t/live/request/test_http2.py $(TESTS)

# libFuzzer: every target for ten minutes, or `make fuzz FUZZ=fuzz_json
# FUZZ_SECONDS=60`.  What it learns stays below the build folder; an input that
# breaks something is named, and belongs into t/fuzz/corpus with the mending.
FUZZ = $(notdir $(FUZZ_TESTS))
FUZZ_SECONDS ?= 600
FUZZ_BUILD := $(BUILD)/fuzz
.PHONY: fuzz
fuzz: need-fuzz
	@$(MAKE) --no-print-directory BUILD=$(FUZZ_BUILD) CC=clang CFLAGS="-O1 -g" \
		EXTRA_CFLAGS="$(SANITIZE) -fsanitize=fuzzer-no-link" FORTIFY=0 \
		LDFLAGS=-fsanitize=fuzzer FUZZ_MAIN= $(FUZZ:%=$(FUZZ_BUILD)/t/%)
	@for t in $(FUZZ); do \
		mkdir -p $(FUZZ_BUILD)/corpus/$$t $(FUZZ_BUILD)/found && \
		$(FUZZ_BUILD)/t/$$t -max_total_time=$(FUZZ_SECONDS) -max_len=10000 \
			-dict=t/fuzz/words -timeout=5 -print_final_stats=1 \
			-artifact_prefix=$(FUZZ_BUILD)/found/ \
			$(FUZZ_BUILD)/corpus/$$t t/fuzz/corpus/$${t#fuzz_} \
			> $(FUZZ_BUILD)/$$t.log 2>&1 || \
			{ tail -40 $(FUZZ_BUILD)/$$t.log; exit 1; }; \
		echo "  $$t: $$(grep -a 'DONE' $(FUZZ_BUILD)/$$t.log)"; \
	done

# ten minutes of everything at once; SOAK_SEED repeats the chances of a run
.PHONY: soak
soak: need-test
	@$(MAKE) --no-print-directory all
	@SOAK_SECONDS=$${SOAK_SECONDS:-600} $(PYTEST) -s t/soak --db pgsql $(TESTS)

.PHONY: lint
lint: need-lint
	@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/clang \
		EXTRA_CFLAGS="-Werror -Wconversion -Wno-sign-conversion" all
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/analyzer CFLAGS="-O1 -g" \
		EXTRA_CFLAGS="-Werror -fanalyzer" all
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability \
		--inline-suppr --std=c11 -Isrc $(ALL_SRCS)
	clang-tidy --quiet $(ALL_SRCS) -- -std=gnu11 -include stddef.h -I. -Isrc $(APR_FLAGS) \
		-I$(shell $(APXS) -q INCLUDEDIR)

# Every compiler that is here, and what other people build with: each without a
# warning, and with the tables of the shared memory tried.  What cannot be
# checked here is said.
# $(1): its name; $(2): the program that it needs; $(3): arguments for make
PORT = $(BUILD)/port/$(1)
define port
	@if ! command -v $(2) > /dev/null; then \
		echo "  $(1): NOT checked, there is no $(2)"; exit; \
	fi; \
	mkdir -p $(PORT); \
	$(MAKE) -j2 --no-print-directory BUILD=$(PORT) CC=$(2) $(3) all tests \
		> $(PORT)/log 2>&1 || { tail -30 $(PORT)/log; exit 1; }; \
	for t in $(patsubst $(BUILD)/%,$(PORT)/%,$(filter $(BUILD)/t/shared/%,$(UNIT_TESTS))); do \
		$$t > $(PORT)/log 2>&1 || { tail -30 $(PORT)/log; exit 1; }; \
	done; \
	echo "  $(1): good"

endef
PORT_OTHERS := $(wildcard /usr/bin/gcc-[0-9][0-9] /usr/bin/clang-[0-9][0-9])
PORT_COMPILERS = gcc clang $(foreach cc,$(PORT_OTHERS),$(if $(filter \
	$(realpath $(cc)),$(realpath /usr/bin/gcc /usr/bin/clang)),,$(cc)))
PORT_I386 := $(wildcard /usr/lib/i386-linux-gnu/libapr-1.so)
.PHONY: check-portability
check-portability: need-test
	$(foreach cc,$(PORT_COMPILERS),$(call port,$(notdir $(cc)),$(cc),EXTRA_CFLAGS=-Werror))
	$(call port,O3,gcc,CFLAGS="-O3 -g" EXTRA_CFLAGS=-Werror)
	$(call port,lto,gcc,CFLAGS="-O2 -g -flto=2" AR=gcc-ar EXTRA_CFLAGS=-Werror)
	$(call port,fortify-3,gcc,FORTIFY=3 EXTRA_CFLAGS=-Werror)
	$(call port,c11,gcc,EXTRA_CFLAGS="-std=c11 -pedantic -Werror")
	@$(if $(PORT_I386),,echo "  i386: NOT checked, there is no 32-bit APR \
	(dpkg --add-architecture i386; libapr1-dev:i386 and the others)")
	$(if $(PORT_I386),$(call port,i386,gcc,EXTRA_CFLAGS="-m32 -Werror" LDFLAGS=-m32))

# docs/performance.md; BENCH="--only paths --count 20" for a quick look
.PHONY: bench
bench: need-bench
	@$(MAKE) --no-print-directory all
	@$(PYTHON) -B -m bench $(BENCH)

# what t/cost compares with
.PHONY: bench-figures
bench-figures: need-test
	@$(MAKE) --no-print-directory all
	@$(PYTHON) -B -m bench --figures

# the tables of docs/security.md and docs/performance.md
.PHONY: docs
docs:
	@$(PYTHON) -B t/guard/security_table.py
	@$(PYTHON) -B -m bench --render

# what grows and what does not: docs/scaling.md; as root, for the network
.PHONY: bench-scale
bench-scale: need-bench
	@$(MAKE) --no-print-directory all
	@$(PYTHON) -B -m bench.signin
	@$(PYTHON) -B -m bench.many
	@$(PYTHON) -B -m bench.growth
	@$(PYTHON) -B -m bench.start
	@$(PYTHON) -B -m bench.capacity

.PHONY: clean
clean:
	rm -rf $(BUILD)
