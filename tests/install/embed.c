/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program of someone who has installed Hearsay: plays one run through the public header. */
#include <hearsay.h>
#include <stdio.h>
#include <string.h>

static void count_row(void *context, const struct hearsay_metric *metric)
{
    (void)metric;
    ++*(int *)context;
}

int main(void)
{
    static const char text[] =
        "{ \"nodes\": 4, \"algorithm\": \"sgp\", \"model\": \"quadratic\",\n"
        "  \"topology\": \"one-peer-exponential\", \"stop\": { \"iterations\": 5 } }\n";
    struct hearsay_scenario *scenario = NULL;
    struct hearsay_error error;
    int rows = 0;
    int status = hearsay_scenario_parse("embed.json", text, sizeof text - 1, &scenario, &error);
    if (status == 0) {
        struct hearsay_options options = {.metric = count_row, .context = &rows};
        struct hearsay_result result;
        status = hearsay_run(scenario, 0, &options, &result, &error);
        hearsay_scenario_free(scenario);
        if (status == 0)
            printf("hearsay %s: %d rows, timeline %s\n", hearsay_version(), rows,
                   result.timeline_digest);
    }
    if (status != 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    if (rows == 0)
        fprintf(stderr, "no row came\n");
    return rows == 0;
}
