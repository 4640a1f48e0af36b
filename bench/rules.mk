# SPDX-License-Identifier: Apache-2.0
# What measures the module, and the tables that are made.

BENCH_PACKAGES := libapache2-mod-auth-openidc iproute2 wrk gunicorn \
	python3-flask python3-flask-login python3-flask-sqlalchemy

.PHONY: need-bench
need-bench:
	$(call need,$(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES) $(BENCH_PACKAGES))

## bench: what requests cost; BENCH="--only paths --count 20" for a quick look
.PHONY: bench
bench: need-bench
	@$(MAKE) --no-print-directory all
	@$(PYTHON) -B -m bench $(BENCH)

## bench-figures: bench/figures.json anew, which t/cost compares with
.PHONY: bench-figures
bench-figures: need-test
	@$(MAKE) --no-print-directory all
	@$(PYTHON) -B -m bench --figures

$(BUILD)/replay: bench/replay.c $(CORE_LIB)
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CFLAGS) $(CORE_FLAGS) -o $@ $< $(CORE_LIB) $(LDFLAGS) $(LIBS) \
		$(APR_LIBS)

## bench-scale: what grows and what does not; as root, for the network; PARTS="sessions ended" for some of it
# BENCH=--help: what a part can be told
PARTS := signin many growth start capacity sessions ended tables
.PHONY: bench-scale
bench-scale: need-bench
	@$(MAKE) --no-print-directory all $(BUILD)/replay
	@set -e; for part in $(PARTS); do $(PYTHON) -B -m bench.$$part $(BENCH); done

## docs: the tables of docs/security.md and docs/performance.md anew
.PHONY: docs
docs:
	@$(PYTHON) -B t/guard/security_table.py
	@$(PYTHON) -B -m bench --render
