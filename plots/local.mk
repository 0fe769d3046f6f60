# SPDX-License-Identifier: GPL-3.0-or-later
#
# Queries and scripts of `hearsay plot`.
nobase_dist_pkgdata_DATA += plots/style.gp plots/curves.gp
nobase_dist_pkgdata_DATA += plots/loss.gp plots/loss.sql
nobase_dist_pkgdata_DATA += plots/consensus.gp plots/consensus.sql
nobase_dist_pkgdata_DATA += plots/accuracy.gp plots/accuracy.sql
nobase_dist_pkgdata_DATA += plots/timeline.gp plots/timeline.sql
nobase_dist_pkgdata_DATA += plots/timeline-messages.sql plots/timeline-window.sql
nobase_dist_pkgdata_DATA += plots/timeline-extent.sql
