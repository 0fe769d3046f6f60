# SPDX-License-Identifier: GPL-3.0-or-later
dist_doc_DATA += docs/background.md
dist_doc_DATA += docs/calibration.md
dist_doc_DATA += docs/naming.md
dist_doc_DATA += docs/trace.md
