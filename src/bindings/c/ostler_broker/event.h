/* Zeek's events. Part of ostler_broker.h. */
#ifndef OSTLER_BROKER_EVENT_H
#define OSTLER_BROKER_EVENT_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The metadata's key of the time that the network has for Zeek. Keys from 2 to 199 are Zeek's,
 * those from 200 on are free. */
#define OSTLER_BROKER_NETWORK_TIMESTAMP 1

/* An event. It is published as a value, ostler_broker_event_to_data(). */
typedef struct ostler_broker_event ostler_broker_event;

/* With a vector of arguments, which is given away. The name is text. OSTLER_BROKER_EC_INVALID_DATA
 * if arguments lie more than 126 deep: the event is a value, in which they lie 2 deeper. */
ostler_broker_event *ostler_broker_event_make(const char *name, size_t length,
                                              ostler_broker_data *arguments);
/* OSTLER_BROKER_EC_CONVERSION_FAILED if the value is none. */
ostler_broker_event *ostler_broker_event_from_data(const ostler_broker_data *data);
ostler_broker_data *ostler_broker_event_to_data(const ostler_broker_event *event);
/* Lends the name. */
int ostler_broker_event_name(const ostler_broker_event *event, const char **bytes, size_t *length);
/* Lends the vector of the arguments. */
const ostler_broker_data *ostler_broker_event_arguments(const ostler_broker_event *event);
/* The time at which it happened on the network; OSTLER_BROKER_EC_NO_SUCH_KEY if that is not
 * said. */
int ostler_broker_event_timestamp(const ostler_broker_event *event, int64_t *nanoseconds);
int ostler_broker_event_set_timestamp(ostler_broker_event *event, int64_t nanoseconds);
/* Lends what the metadata says under a key; OSTLER_BROKER_EC_NO_SUCH_KEY if that is nothing. */
const ostler_broker_data *ostler_broker_event_metadata(const ostler_broker_event *event,
                                                       uint64_t key);
/* The value is given away. OSTLER_BROKER_EC_INVALID_DATA if it lies more than 124 deep. */
int ostler_broker_event_set_metadata(ostler_broker_event *event, uint64_t key,
                                     ostler_broker_data *value);
void ostler_broker_event_free(ostler_broker_event **event);

#ifdef __cplusplus
}
#endif

#endif
