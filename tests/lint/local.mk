# SPDX-License-Identifier: GPL-3.0-or-later

EXTRA_DIST += tests/lint/lint.sh tests/lint/sources.sh tests/lint/format.sh \
	tests/lint/layers.sh tests/lint/listed.sh tests/lint/symbols.sh tests/lint/sizes.sh \
	tests/lint/words.sh tests/lint/cppcheck.sh tests/lint/cppcheck-suppressions.txt

.PHONY: lint print-released
lint: all
	sh $(top_srcdir)/tests/lint/lint.sh $(abs_top_builddir)

print-released:
	@echo $(DISTFILES)
