# SPDX-License-Identifier: GPL-3.0-or-later
nobase_dist_pkgdata_DATA += scenarios/accuracy.json
nobase_dist_pkgdata_DATA += scenarios/algorithms/ar-sgd-binomial-tree.json
nobase_dist_pkgdata_DATA += scenarios/algorithms/ar-sgd-double-binary-tree.json
nobase_dist_pkgdata_DATA += scenarios/algorithms/ar-sgd-pipelined-tree.json
nobase_dist_pkgdata_DATA += scenarios/persistent-straggler.json
nobase_dist_pkgdata_DATA += scenarios/quickstart.json
