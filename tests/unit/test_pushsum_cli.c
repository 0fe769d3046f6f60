/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Push-sum through the command line against trajectories of the SGP authors' own code
 * (tests/oracle/pushsum_reference.json): every numerator, weight and model of every rank after
 * every round, to 1e-13.
 *
 * A scenario has a variant for each round k that stops after k rounds: a node sends its next share
 * the moment it has mixed, so that only a stopped one still holds all of its x.
 * The cases "uniform_tracked" start from weights other than 1.  x and w obey one recursion, so the
 * initial weights go in as a fourth column of x, and z is the quotient of the columns.
 */
#include <check.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testing.h"

#define CASES     18
#define MAX_NODES 5
#define ROUNDS    24
#define COLUMNS   4 /* three values and the initial weight */
#define TOLERANCE 1e-13
#define FLOOR     0.01 /* smaller values count as this: they are differences of larger ones */

struct reference {
    cJSON *file;
    const cJSON *graph, *mixing, *init_x, *init_w, *x, *w, *z, *peers;
    int nodes;
};

/* What the command line said: [round][rank]; round 0 is the start. */
struct trajectory {
    double x[ROUNDS + 1][MAX_NODES][COLUMNS], w[ROUNDS + 1][MAX_NODES];
    double z[ROUNDS + 1][MAX_NODES][COLUMNS];
    double z_seen[ROUNDS + 1][MAX_NODES][COLUMNS]; /* at the metrics of the last run */
};

struct place {
    char directory[32], initial[64], edges[64], scenario[64], database[64];
};

/* ---- The reference ---- */

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot read %s", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(size + 1);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(fread(text, 1, size, file), size);
    text[size] = '\0';
    fclose(file);
    return text;
}

static struct reference reference_open(int index)
{
    struct reference reference;
    char path[4096];
    const char *sources = getenv("HS_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/oracle/pushsum_reference.json", sources ? sources : ".");
    char *text = read_text(path);
    reference.file = cJSON_Parse(text);
    free(text);
    const cJSON *cases = cJSON_GetObjectItem(reference.file, "cases");
    ck_assert_int_eq(cJSON_GetArraySize(cases), CASES);
    const cJSON *one = cJSON_GetArrayItem(cases, index);
    reference.graph = cJSON_GetObjectItem(one, "graph");
    reference.mixing = cJSON_GetObjectItem(one, "mixing");
    reference.init_x = cJSON_GetObjectItem(one, "init_x");
    reference.init_w = cJSON_GetObjectItem(one, "init_w");
    reference.x = cJSON_GetObjectItem(one, "x");
    reference.w = cJSON_GetObjectItem(one, "w");
    reference.z = cJSON_GetObjectItem(one, "z");
    reference.peers = cJSON_GetObjectItem(one, "peers");
    reference.nodes = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(one, "n"));
    ck_assert_int_le(reference.nodes, MAX_NODES);
    return reference;
}

static double number(const cJSON *array, int i)
{
    return cJSON_GetNumberValue(cJSON_GetArrayItem(array, i));
}

/* Whom `rank` sends to in `round` = 0, 1, ... */
static int peer(const struct reference *reference, int rank, int round)
{
    const cJSON *of_rank = cJSON_GetArrayItem(reference->peers, rank);
    return (int)number(cJSON_GetArrayItem(cJSON_GetArrayItem(of_rank, round), 0), 0);
}

static bool is_nonuniform(const struct reference *reference)
{
    return strcmp(reference->mixing->valuestring, "nonuniform") == 0;
}

/* ---- The scenario ---- */

static struct place place_open(void)
{
    struct place place = {.directory = "/tmp/hearsay-pushsum-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(place.directory));
    snprintf(place.initial, sizeof place.initial, "%s/initial.csv", place.directory);
    snprintf(place.edges, sizeof place.edges, "%s/edges.csv", place.directory);
    snprintf(place.scenario, sizeof place.scenario, "%s/scenario.json", place.directory);
    snprintf(place.database, sizeof place.database, "%s/trace.db", place.directory);
    return place;
}

static void place_close(const struct place *place)
{
    unlink(place->initial);
    unlink(place->edges);
    unlink(place->scenario);
    unlink(place->database);
    ck_assert_int_eq(rmdir(place->directory), 0);
}

static void write_initial(const struct place *place, const struct reference *reference)
{
    FILE *file = fopen(place->initial, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < reference->nodes; i++) {
        const cJSON *row = cJSON_GetArrayItem(reference->init_x, i);
        for (int d = 0; d < COLUMNS - 1; d++)
            fprintf(file, "%.17g,", number(row, d));
        fprintf(file, "%.17g\n", number(reference->init_w, i));
    }
    ck_assert_int_eq(fclose(file), 0);
}

/* Rank r keeps 1 - (r+1)/(n+2) and sends the rest (the file's note on the effective self weight);
 * a phase for each round, so that the file needs no knowledge of the schedule. */
static void write_edges(const struct place *place, const struct reference *reference)
{
    FILE *file = fopen(place->edges, "w");
    ck_assert_ptr_nonnull(file);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < reference->nodes; i++)
            fprintf(file, "%d,%d,%.17g,%d\n", i, peer(reference, i, round),
                    (i + 1.0) / (reference->nodes + 2), round);
    ck_assert_int_eq(fclose(file), 0);
}

static void topology_text(const struct place *place, const struct reference *reference, char *text,
                          size_t size)
{
    const char *graph = reference->graph->valuestring;
    if (is_nonuniform(reference))
        snprintf(text, size, "{\"name\": \"edge-list\", \"path\": \"%s\"}", place->edges);
    else if (strcmp(graph, "RingGraph") == 0)
        snprintf(text, size, "{\"name\": \"ring\", \"direction\": \"directed\"}");
    else if (strcmp(graph, "DynamicDirectedExponentialGraph") == 0)
        snprintf(text, size, "{\"name\": \"sgp-exponential\", \"version\": \"main\"}");
    else
        snprintf(text, size, "{\"name\": \"n-peer-exponential\", \"peers\": 1}");
}

static void write_scenario(const struct place *place, const struct reference *reference)
{
    char topology[160];
    FILE *file = fopen(place->scenario, "w");
    ck_assert_ptr_nonnull(file);
    topology_text(place, reference, topology, sizeof topology);
    fprintf(file,
            "{\"nodes\": %d, \"precision\": \"float64\", \"algorithm\": \"push-sum\",\n"
            " \"model\": {\"name\": \"quadratic\", \"dimension\": %d},\n"
            " \"initial\": {\"name\": \"csv\", \"path\": \"%s\"}, \"topology\": %s,\n"
            " \"metrics\": {\"every\": \"1 iteration\"}, \"trace\": {\"parameters\": \"final\"},\n"
            " \"variants\": [\n",
            reference->nodes, COLUMNS, place->initial, topology);
    for (int k = 0; k < ROUNDS; k++)
        fprintf(file, "  {\"name\": \"%d\", \"stop\": {\"iterations\": %d}},\n", k, k);
    fprintf(file,
            "  {\"name\": \"%d\", \"stop\": {\"iterations\": %d},"
            " \"trace\": {\"parameters\": \"metrics\"}}]}\n",
            ROUNDS, ROUNDS);
    ck_assert_int_eq(fclose(file), 0);
}

/* ---- The command line ---- */

static void run_program(const struct place *place)
{
    char command[8400];
    snprintf(command, sizeof command, "'%s' run '%s' -q -o '%s'", getenv("HEARSAY"),
             place->scenario, place->database);
    ck_assert_msg(system(command) == 0, "this failed: %s", command);
}

struct row {
    int run, sequence, node;
    double iteration, weight, values[COLUMNS];
};

static bool read_row(const char *line, struct row *row)
{
    return sscanf(line, "%d,%d,%lf,%d,%lf,%lf,%lf,%lf,%lf", &row->run, &row->sequence,
                  &row->iteration, &row->node, &row->weight, &row->values[0], &row->values[1],
                  &row->values[2], &row->values[3]) == 5 + COLUMNS;
}

/* Run k + 1 of the file stopped after k rounds. */
static void keep_row(struct trajectory *trajectory, char kind, const struct row *row, int nodes)
{
    int rounds = row->run - 1;
    ck_assert(rounds >= 0 && rounds <= ROUNDS && row->node >= 0 && row->node < nodes);
    if (rounds == ROUNDS && kind == 'z')
        memcpy(trajectory->z_seen[row->sequence][row->node], row->values, sizeof row->values);
    if ((int)row->iteration != rounds)
        return;
    memcpy(kind == 'x' ? trajectory->x[rounds][row->node] : trajectory->z[rounds][row->node],
           row->values, sizeof row->values);
    trajectory->w[rounds][row->node] = row->weight;
}

static void show_program(const struct place *place, char kind, struct trajectory *trajectory,
                         int nodes)
{
    char command[8400], line[512];
    int rows = 0;
    snprintf(command, sizeof command, "'%s' show '%s' --parameters %c --csv", getenv("HEARSAY"),
             place->database, kind);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, pipe));
    ck_assert_str_eq(line, "run,sequence,iteration,node,weight,v0,v1,v2,v3\n");
    for (; fgets(line, sizeof line, pipe); rows++) {
        struct row row;
        ck_assert_msg(read_row(line, &row), "not understood: %s", line);
        keep_row(trajectory, kind, &row, nodes);
    }
    ck_assert_msg(pclose(pipe) == 0, "this failed: %s", command);
    ck_assert_int_eq(rows, (ROUNDS + ROUNDS + 1) * nodes);
}

/* ---- Comparisons ---- */

static void assert_close(double found, double expected, const char *what, int round, int rank)
{
    double difference = fabs(found - expected);
    ck_assert_msg(difference <= TOLERANCE * fmax(FLOOR, fabs(expected)),
                  "%s of rank %d after %d rounds is %.17g, expected %.17g", what, rank, round,
                  found, expected);
}

static void compare_state(const struct reference *reference, const struct trajectory *trajectory,
                          int round, int rank)
{
    const double *x = trajectory->x[round][rank], *z = trajectory->z[round][rank];
    double w = number(cJSON_GetArrayItem(reference->w, rank), round - 1);
    bool tracked = strcmp(reference->mixing->valuestring, "uniform_tracked") == 0;
    assert_close(x[COLUMNS - 1], w, "w (as a column)", round, rank);
    if (!tracked)
        assert_close(trajectory->w[round][rank], w, "w", round, rank);
    for (int d = 0; d < COLUMNS - 1; d++) {
        const cJSON *at = cJSON_GetArrayItem(reference->x, rank);
        double expected = number(cJSON_GetArrayItem(at, round - 1), d);
        assert_close(x[d], expected, "x", round, rank);
        at = cJSON_GetArrayItem(reference->z, rank);
        expected = number(cJSON_GetArrayItem(at, round - 1), d);
        if (tracked) {
            assert_close(x[d] / x[COLUMNS - 1], expected, "x / w", round, rank);
            continue;
        }
        assert_close(z[d], expected, "z", round, rank);
        assert_close(trajectory->z_seen[round][rank][d], expected, "z of a metric", round, rank);
    }
}

/* The messages of the last run went where the reference's did. */
static void compare_peers(const struct place *place, const struct reference *reference)
{
    sqlite3 *db;
    sqlite3_stmt *rows;
    int count = 0;
    ck_assert_int_eq(sqlite3_open_v2(place->database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db,
                                        "SELECT src, dst, round FROM messages"
                                        " WHERE run = (SELECT max(run) FROM runs)",
                                        -1, &rows, NULL),
                     SQLITE_OK);
    for (; sqlite3_step(rows) == SQLITE_ROW; count++)
        ck_assert_int_eq(sqlite3_column_int(rows, 1),
                         peer(reference, sqlite3_column_int(rows, 0), sqlite3_column_int(rows, 2)));
    ck_assert_int_eq(count, ROUNDS * reference->nodes);
    sqlite3_finalize(rows);
    sqlite3_close(db);
}

START_TEST(trajectory_is_the_reference_codes)
{
    struct reference reference = reference_open(_i);
    struct place place = place_open();
    struct trajectory *trajectory = calloc(1, sizeof *trajectory);
    ck_assert_ptr_nonnull(trajectory);
    write_initial(&place, &reference);
    if (is_nonuniform(&reference))
        write_edges(&place, &reference);
    write_scenario(&place, &reference);
    run_program(&place);
    show_program(&place, 'x', trajectory, reference.nodes);
    show_program(&place, 'z', trajectory, reference.nodes);
    for (int round = 1; round <= ROUNDS; round++)
        for (int rank = 0; rank < reference.nodes; rank++)
            compare_state(&reference, trajectory, round, rank);
    compare_peers(&place, &reference);
    free(trajectory);
    place_close(&place);
    cJSON_Delete(reference.file);
}
END_TEST

static Suite *pushsum_suite(void)
{
    Suite *suite = suite_create("push-sum through the command line");
    TCase *oracle = tcase_create("oracle");
    tcase_add_loop_test(oracle, trajectory_is_the_reference_codes, 0, CASES);
    suite_add_tcase(suite, oracle);
    return suite;
}

int main(void)
{
    if (getenv("HEARSAY") == NULL) {
        puts("SKIP: the environment does not name the program (HEARSAY)");
        return 77;
    }
    return testing_run(pushsum_suite());
}
