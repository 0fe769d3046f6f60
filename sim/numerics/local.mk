# SPDX-License-Identifier: GPL-3.0-or-later
libhearsay_la_SOURCES += \
	sim/numerics/backend.c \
	sim/numerics/backend.h \
	sim/numerics/backend_cpu.c \
	sim/numerics/backend_cpu_apply.c \
	sim/numerics/backend_cpu_internal.h \
	sim/numerics/backend_cpu_part.c \
	sim/numerics/backend_cpu_run.c \
	sim/numerics/backend_none.c \
	sim/numerics/blas.c \
	sim/numerics/blas.h \
	sim/numerics/buffer_pool.c \
	sim/numerics/buffer_pool.h \
	sim/numerics/compressor.c \
	sim/numerics/compressor.h \
	sim/numerics/compressor_factor.c \
	sim/numerics/compressors/kernel.h \
	sim/numerics/compressors/power_sgd.h \
	sim/numerics/delay.h \
	sim/numerics/kernels.h \
	sim/numerics/majority.h \
	sim/numerics/numeric.c \
	sim/numerics/objective.h \
	sim/numerics/optimizer.c \
	sim/numerics/optimizer.h \
	sim/numerics/optimizers/kernel.h \
	sim/numerics/plan.c \
	sim/numerics/plan.h \
	sim/numerics/plan_apply.c \
	sim/numerics/plan_budget.c \
	sim/numerics/plan_flush.c \
	sim/numerics/plan_hazard.c \
	sim/numerics/plan_internal.h \
	sim/numerics/plan_liveness.c \
	sim/numerics/plan_record.c \
	sim/numerics/plan_storage.c \
	sim/numerics/real.h \
	sim/numerics/thread_pool.c \
	sim/numerics/thread_pool.h

# Compiled once per precision.
real_sources += \
	sim/numerics/compressors/half.c \
	sim/numerics/compressors/mask.c \
	sim/numerics/compressors/none.c \
	sim/numerics/compressors/one_bit.c \
	sim/numerics/compressors/power_sgd.c \
	sim/numerics/compressors/qsgd.c \
	sim/numerics/compressors/random_k.c \
	sim/numerics/compressors/sign.c \
	sim/numerics/compressors/terngrad.c \
	sim/numerics/compressors/threshold.c \
	sim/numerics/compressors/top_k.c \
	sim/numerics/delay.c \
	sim/numerics/kernels.c \
	sim/numerics/majority.c \
	sim/numerics/optimizers/adam.c \
	sim/numerics/optimizers/heavy_ball.c \
	sim/numerics/optimizers/lars.c \
	sim/numerics/optimizers/nesterov.c \
	sim/numerics/optimizers/sgd.c
