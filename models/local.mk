# SPDX-License-Identifier: GPL-3.0-or-later
#
# Objective functions, data sets, partitions and sampling.
libhearsay_la_SOURCES += models/model.c models/model.h
libhearsay_la_SOURCES += models/initial.c
libhearsay_la_SOURCES += models/quadratic.c models/quadratic.h
libhearsay_la_SOURCES += models/glm.c models/glm.h
libhearsay_la_SOURCES += models/linear.c
libhearsay_la_SOURCES += models/logistic.c
libhearsay_la_SOURCES += models/feedforward.c models/feedforward.h
libhearsay_la_SOURCES += models/softmax.c
libhearsay_la_SOURCES += models/mlp.c
real_sources += models/quadratic_kernels.c
real_sources += models/glm_kernels.c
real_sources += models/feedforward_kernels.c

libhearsay_la_SOURCES += models/data.c models/data.h
libhearsay_la_SOURCES += models/data_cache.c models/data_cache.h
libhearsay_la_SOURCES += models/dataset.c models/dataset.h
libhearsay_la_SOURCES += models/table.c models/table.h
libhearsay_la_SOURCES += models/no_data.c
libhearsay_la_SOURCES += models/gaussian_blobs.c
libhearsay_la_SOURCES += models/teacher.c
libhearsay_la_SOURCES += models/idx.c models/idx.h
libhearsay_la_SOURCES += models/fashion_mnist.c
libhearsay_la_SOURCES += models/csv.c

libhearsay_la_SOURCES += models/partition.c models/partition.h
libhearsay_la_SOURCES += models/iid.c
libhearsay_la_SOURCES += models/contiguous.c
libhearsay_la_SOURCES += models/label_shards.c
libhearsay_la_SOURCES += models/dirichlet.c
libhearsay_la_SOURCES += models/sampler.c
libhearsay_la_SOURCES += models/batch.c models/batch.h
real_sources += models/batch_kernels.c
