/* What the programs check with. They are compiled as C99 and as C++. */
#ifndef CHECK_H
#define CHECK_H

#include <ostler_broker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Waits for what happens soon, or never if something is broken. */
#define SOON INT64_C(60000)

#define LITERAL OSTLER_BROKER_LITERAL

/* Ends the program unless the condition holds. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\nthe last error is %s: %s\n", __FILE__, __LINE__,           \
                    #condition, ostler_broker_ec_name(ostler_broker_last_error_code()),            \
                    ostler_broker_last_error());                                                   \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* A call that succeeds, and one that fails with this error, of which there are words. */
#define OK(call) CHECK((call) == OSTLER_BROKER_EC_NONE)
#define FAILS(code, call)                                                                          \
    do {                                                                                           \
        CHECK((call) == (code));                                                                   \
        CHECK(ostler_broker_last_error_code() == (code) && *ostler_broker_last_error() != 0);      \
    } while (0)
/* One that returns NULL with this error. */
#define GIVES_NONE(code, call)                                                                     \
    do {                                                                                           \
        CHECK((call) == NULL);                                                                     \
        CHECK(ostler_broker_last_error_code() == (code) && *ostler_broker_last_error() != 0);      \
    } while (0)

/* Whether bytes are a text. */
static inline int is(const char *bytes, size_t length, const char *text) {
    return length == strlen(text) && memcmp(bytes, text, length) == 0;
}

/* Whether a buffer is a text, which it is freed with. */
static inline int made(ostler_broker_buffer *buffer, const char *text) {
    int equal = is(ostler_broker_buffer_bytes(buffer), ostler_broker_buffer_length(buffer), text);
    /* The zero behind it. */
    equal = equal && strlen(ostler_broker_buffer_bytes(buffer)) == strlen(text);
    ostler_broker_buffer_free(&buffer);
    return equal && buffer == NULL;
}

static inline ostler_broker_data *string(const char *text) {
    return ostler_broker_data_string(text, strlen(text));
}

static inline int same(const ostler_broker_data *one, const ostler_broker_data *other) {
    int order = 2;
    OK(ostler_broker_data_compare(one, other, &order));
    return order == 0;
}

static inline ostler_broker_endpoint *endpoint(void) {
    ostler_broker_options *options = ostler_broker_options_make();
    ostler_broker_endpoint *made = ostler_broker_endpoint_make(options);
    CHECK(made != NULL);
    /* Options may go before what was made with them. */
    ostler_broker_options_free(&options);
    return made;
}

static inline ostler_broker_subscriber *subscriber(const ostler_broker_endpoint *endpoint,
                                                   const char *topic) {
    ostler_broker_text text = {topic, strlen(topic)};
    ostler_broker_subscriber *made =
        ostler_broker_subscriber_make(endpoint, &text, 1, OSTLER_BROKER_OVERFLOW_BLOCK);
    CHECK(made != NULL);
    return made;
}

/* Publishes a text, once somebody has it. */
static inline void publish(const ostler_broker_endpoint *endpoint, const char *topic,
                           const char *text) {
    size_t receivers = 0;
    ostler_broker_data *data = string(text);
    OK(ostler_broker_endpoint_await_filter_entry(endpoint, topic, strlen(topic), SOON));
    OK(ostler_broker_endpoint_publish(endpoint, topic, strlen(topic), data, &receivers));
    CHECK(receivers > 0);
    ostler_broker_data_free(&data);
}

/* The next message must be this one. */
static inline void receives(const ostler_broker_subscriber *subscriber, const char *topic,
                        const char *text) {
    ostler_broker_message *message = NULL;
    const char *bytes;
    size_t length;
    OK(ostler_broker_subscriber_get(subscriber, SOON, &message));
    OK(ostler_broker_message_topic(message, &bytes, &length));
    CHECK(is(bytes, length, topic));
    CHECK(made(ostler_broker_data_to_text(ostler_broker_message_data(message)), text));
    ostler_broker_message_free(&message);
    CHECK(message == NULL);
}

/* Until this change among the peers. */
static inline void awaits(const ostler_broker_status_subscriber *subscriber, int wanted) {
    int kind = -1, code = -1;
    while (kind != OSTLER_BROKER_KIND_STATUS || code != wanted) {
        ostler_broker_status *status = NULL;
        OK(ostler_broker_status_subscriber_get(subscriber, SOON, &status));
        OK(ostler_broker_status_kind(status, &kind));
        OK(ostler_broker_status_code(status, &code));
        ostler_broker_status_free(&status);
    }
}

#endif
