# SPDX-License-Identifier: GPL-3.0-or-later

EXTRA_DIST += tests/install/embed.c tests/install/installcheck.sh

installcheck-local:
	CC='$(CC)' sh $(top_srcdir)/tests/install/installcheck.sh $(abs_top_srcdir) \
	    $(DESTDIR)$(bindir) $(DESTDIR)$(libdir) $(DESTDIR)$(pkgdatadir)
