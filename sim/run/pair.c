/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pairwise averages of node programs: a question that carries the asker's x, an answer that carries
 * the other's, and one instant at which both average.
 *
 * No node is in two of them at once, so averages never overlap: what a paired node is asked waits,
 * or is refused.
 */
#include "run/sim.h"

enum pair_word { PAIR_QUESTION, PAIR_PATIENT_QUESTION, PAIR_ANSWER, PAIR_REFUSAL };

static void post(struct node *node, uint32_t to, int64_t round, enum pair_word word)
{
    struct sim *sim = node->sim;
    uint32_t index = mailbox_new(node, to, round, SIM_MESSAGE_PAIR);
    struct sim_message *message = &sim->message[index];
    message->parcel_kind = word;
    if (word != PAIR_REFUSAL) {
        message->bytes = sim->message_bytes;
        message->vector_count = 1;
        message->vector[0] = plan_snapshot(sim->plan, node->x);
    }
    mailbox_post(sim, index);
}

void node_pair(struct node *node, uint32_t peer, int64_t round, bool patient)
{
    struct sim *sim = node->sim;
    ENGINE_CHECK(sim->engine, !node->pair.busy && peer != node->rank && peer < sim->nodes,
                 "node %u cannot pair with %u", node->rank, peer);
    node->pair.busy = true;
    post(node, peer, round, patient ? PAIR_PATIENT_QUESTION : PAIR_QUESTION);
}

bool node_paired(const struct node *node)
{
    return node->pair.busy;
}

/* Answers with x as it is now, and keeps what was asked with. */
static void answer(struct node *node, uint32_t index)
{
    struct sim *sim = node->sim;
    uint32_t asker = sim->message[index].src;
    int64_t round = sim->message[index].round;
    node->pair.busy = true;
    node->pair.asked = plan_snapshot(sim->plan, sim->message[index].vector[0]);
    mailbox_free(sim, index, engine_now(sim->engine), NULL);
    post(node, asker, round, PAIR_ANSWER);
}

static void wait_in_line(struct node *node, uint32_t index)
{
    struct sim *sim = node->sim;
    sim->message[index].next = SIM_NO_MESSAGE;
    if (node->pair.questions == SIM_NO_MESSAGE)
        node->pair.questions = index;
    else
        sim->message[node->pair.last].next = index;
    node->pair.last = index;
}

static void question(struct node *node, uint32_t index)
{
    struct sim *sim = node->sim;
    const struct sim_message *message = &sim->message[index];
    uint32_t asker = message->src;
    int64_t round = message->round;
    if (!node->pair.busy) {
        answer(node, index);
    } else if (message->parcel_kind == PAIR_PATIENT_QUESTION) {
        wait_in_line(node, index);
    } else {
        mailbox_free(sim, index, engine_now(sim->engine), "refused");
        post(node, asker, round, PAIR_REFUSAL);
    }
}

static void average(struct node *node, uint32_t other)
{
    struct plan_term terms[] = {{node->x, 0.5}, {other, 0.5}};
    plan_weighted_sum(node->sim->plan, plan_whole(node->x), terms, 2);
    node->pair.busy = false;
}

/* The program goes first; if that leaves the node free, the next in line is answered.  One that is
 * down hears of it when it is back. */
static void told(struct node *node, uint32_t peer, bool averaged)
{
    struct sim *sim = node->sim;
    if (node->down) {
        node->pair.over = true;
        node->pair.averaged = averaged;
        node->pair.peer = peer;
        return;
    }
    if (sim->algorithm->on_paired)
        sim->algorithm->on_paired(node, peer, averaged);
    if (!node->pair.busy && node->pair.questions != SIM_NO_MESSAGE) {
        uint32_t index = node->pair.questions;
        node->pair.questions = sim->message[index].next;
        answer(node, index);
    }
    wait_settle(node);
}

static void answered(struct node *node, uint32_t index)
{
    struct sim *sim = node->sim;
    struct node *peer = &sim->node[sim->message[index].src];
    average(node, sim->message[index].vector[0]);
    average(peer, peer->pair.asked);
    plan_release(sim->plan, peer->pair.asked);
    peer->pair.asked = 0;
    mailbox_free(sim, index, engine_now(sim->engine), NULL);
    told(peer, node->rank, true);
    told(node, peer->rank, true);
}

void pair_arrived(struct sim *sim, uint32_t index)
{
    uint32_t from = sim->message[index].src;
    struct node *node = &sim->node[sim->message[index].dst];
    switch ((enum pair_word)sim->message[index].parcel_kind) {
    case PAIR_QUESTION:
    case PAIR_PATIENT_QUESTION:
        question(node, index);
        break;
    case PAIR_ANSWER:
        answered(node, index);
        break;
    case PAIR_REFUSAL:
        mailbox_free(sim, index, engine_now(sim->engine), NULL);
        node->pair.busy = false;
        told(node, from, false);
        break;
    }
}

/* The average is given up at both: an answer had made its sender wait, too. */
void pair_lost(struct sim *sim, uint32_t index)
{
    const struct sim_message *message = &sim->message[index];
    bool question =
        message->parcel_kind == PAIR_QUESTION || message->parcel_kind == PAIR_PATIENT_QUESTION;
    struct node *from = &sim->node[message->src], *to = &sim->node[message->dst];
    struct node *asker = question ? from : to, *answerer = question ? to : from;
    bool answered = message->parcel_kind == PAIR_ANSWER;
    if (answered) {
        plan_release(sim->plan, answerer->pair.asked);
        answerer->pair.asked = 0;
        answerer->pair.busy = false;
    }
    asker->pair.busy = false;
    if (answered)
        told(answerer, asker->rank, false);
    told(asker, answerer->rank, false);
}

/* Those who wait in line learn that nobody answers. */
void pair_crash(struct node *node)
{
    struct sim *sim = node->sim;
    while (node->pair.questions != SIM_NO_MESSAGE) {
        uint32_t index = node->pair.questions;
        struct node *asker = &sim->node[sim->message[index].src];
        node->pair.questions = sim->message[index].next;
        sim->counts.messages_lost++;
        mailbox_free(sim, index, -1, network_loss_names[NETWORK_ABORTED]);
        asker->pair.busy = false;
        told(asker, node->rank, false);
    }
}

void pair_restart(struct node *node)
{
    if (!node->pair.over)
        return;
    node->pair.over = false;
    told(node, node->pair.peer, node->pair.averaged);
}
