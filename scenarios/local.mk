# SPDX-License-Identifier: GPL-3.0-or-later
nobase_dist_pkgdata_DATA += scenarios/accuracy.json
nobase_dist_pkgdata_DATA += scenarios/persistent-straggler.json
nobase_dist_pkgdata_DATA += scenarios/quickstart.json
