/* What comes from peers, and what becomes of them. Part of ostler_broker.h. */
#ifndef OSTLER_BROKER_SUBSCRIBER_H
#define OSTLER_BROKER_SUBSCRIBER_H

#include "endpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Subscribers ---- */

/* A message that has come. */
typedef struct ostler_broker_message ostler_broker_message;

/* Lends the topic that it was published under. */
int ostler_broker_message_topic(const ostler_broker_message *message, const char **bytes,
                                size_t *length);
/* Lends the value. */
const ostler_broker_data *ostler_broker_message_data(const ostler_broker_message *message);
void ostler_broker_message_free(ostler_broker_message **message);

/* Gets the messages of topics that begin with one of its own. */
typedef struct ostler_broker_subscriber ostler_broker_subscriber;

/* With an overflow policy for more messages than may wait: OSTLER_BROKER_OVERFLOW_BLOCK has peers
 * wait, OSTLER_BROKER_OVERFLOW_DISCONNECT ends the subscription. */
ostler_broker_subscriber *ostler_broker_subscriber_make(const ostler_broker_endpoint *endpoint,
                                                        const ostler_broker_text *topics,
                                                        size_t count, int overflow);
/* Waits for the next message. OSTLER_BROKER_EC_SHUTTING_DOWN once the endpoint has ended and all
 * was read. */
int ostler_broker_subscriber_get(const ostler_broker_subscriber *subscriber, int64_t milliseconds,
                                 ostler_broker_message **message);
/* The next message that has come already. *message becomes NULL if none has, which is no error. */
int ostler_broker_subscriber_poll(const ostler_broker_subscriber *subscriber,
                                  ostler_broker_message **message);
/* How many messages have come and were not read. */
int ostler_broker_subscriber_available(const ostler_broker_subscriber *subscriber,
                                       size_t *messages);
/* How many were dropped, which a policy must ask for. */
int ostler_broker_subscriber_dropped(const ostler_broker_subscriber *subscriber,
                                     uint64_t *messages);
/* A descriptor for poll(2), readable while messages wait and once the endpoint has ended. It
 * belongs to the subscriber: read nothing from it and do not close it. */
int ostler_broker_subscriber_fd(const ostler_broker_subscriber *subscriber, int *fd);
int ostler_broker_subscriber_add_topic(const ostler_broker_subscriber *subscriber,
                                       const char *topic, size_t length);
/* Messages that wait already are still read. */
int ostler_broker_subscriber_remove_topic(const ostler_broker_subscriber *subscriber,
                                          const char *topic, size_t length);
void ostler_broker_subscriber_free(ostler_broker_subscriber **subscriber);

/* ---- What becomes of peers ---- */

/* Changes among the peers. */
enum {
    OSTLER_BROKER_SC_UNSPECIFIED = 0,
    OSTLER_BROKER_SC_PEER_ADDED = 1,
    OSTLER_BROKER_SC_PEER_REMOVED = 2,
    OSTLER_BROKER_SC_PEER_LOST = 3,
    OSTLER_BROKER_SC_ENDPOINT_DISCOVERED = 4,
    OSTLER_BROKER_SC_ENDPOINT_UNREACHABLE = 5
};

/* Whether it is a change, whose code is one of OSTLER_BROKER_SC_*, or an error, whose code is one
 * of OSTLER_BROKER_EC_*. */
enum {
    OSTLER_BROKER_KIND_STATUS = 0,
    OSTLER_BROKER_KIND_ERROR = 1
};

/* One change or error. */
typedef struct ostler_broker_status ostler_broker_status;

int ostler_broker_status_kind(const ostler_broker_status *status, int *kind);
int ostler_broker_status_code(const ostler_broker_status *status, int *code);
/* Whom it concerns; all zeros if that is not known. */
int ostler_broker_status_id(const ostler_broker_status *status, ostler_broker_id *id);
/* Lends where that is; empty and 0 if that is not known. */
int ostler_broker_status_address(const ostler_broker_status *status, const char **bytes,
                                 size_t *length, uint16_t *port);
/* Lends the same in words. */
int ostler_broker_status_message(const ostler_broker_status *status, const char **bytes,
                                 size_t *length);
/* All of it as the original prints it. */
ostler_broker_buffer *ostler_broker_status_to_text(const ostler_broker_status *status);
/* The original's name of a change, like "peer_added", with a zero behind it; never freed. */
const char *ostler_broker_sc_name(int code);
void ostler_broker_status_free(ostler_broker_status **status);

/* Gets errors, and changes if wanted. At most 4096 wait; of more, the oldest are dropped. */
typedef struct ostler_broker_status_subscriber ostler_broker_status_subscriber;

ostler_broker_status_subscriber *
ostler_broker_status_subscriber_make(const ostler_broker_endpoint *endpoint, int with_statuses);
/* Waits for the next one. OSTLER_BROKER_EC_SHUTTING_DOWN once the endpoint has ended and all was
 * read. */
int ostler_broker_status_subscriber_get(const ostler_broker_status_subscriber *subscriber,
                                        int64_t milliseconds, ostler_broker_status **status);
int ostler_broker_status_subscriber_available(const ostler_broker_status_subscriber *subscriber,
                                              size_t *statuses);
/* As ostler_broker_subscriber_fd(). */
int ostler_broker_status_subscriber_fd(const ostler_broker_status_subscriber *subscriber, int *fd);
int ostler_broker_status_subscriber_dropped(const ostler_broker_status_subscriber *subscriber,
                                            uint64_t *statuses);
void ostler_broker_status_subscriber_free(ostler_broker_status_subscriber **subscriber);

#ifdef __cplusplus
}
#endif

#endif
