# Thin wrappers: every target is one command of the package, the same on every system.
# make report PYTHON=python3.12 chooses another Python; it sets up .venv by itself.
PYTHON ?= python3
XHCP = $(PYTHON) -m xhcp_eval

.DEFAULT_GOAL := report
.PHONY: setup report test lab lint lock environment clean demo browser-test office-test install-test bundle

setup report test lab lint lock environment clean demo browser-test office-test install-test bundle:
	@$(XHCP) $@
