/* What is wrong is an error, and nothing worse. */
#include "check.h"

#include <pthread.h>
#include <sched.h>

#define IS_NULL OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL
#define INVALID OSTLER_BROKER_EC_INVALID_DATA

static void null_handles(void) {
    ostler_broker_data *none = NULL;
    ostler_broker_endpoint *nobody = NULL;
    ostler_broker_message *message = NULL;
    ostler_broker_status *status = NULL;
    ostler_broker_id id;
    const char *bytes;
    size_t length;
    uint64_t count;
    int64_t time;
    uint16_t port;
    int number;
    memset(&id, 0, sizeof id);

    CHECK(ostler_broker_data_type(NULL) == -1);
    GIVES_NONE(IS_NULL, ostler_broker_data_clone(NULL));
    GIVES_NONE(IS_NULL, ostler_broker_data_to_text(NULL));
    GIVES_NONE(IS_NULL, ostler_broker_data_to_json(NULL));
    GIVES_NONE(IS_NULL, ostler_broker_data_encode(NULL));
    GIVES_NONE(IS_NULL, ostler_broker_iterator_make(NULL));
    GIVES_NONE(IS_NULL, ostler_broker_vector_at(NULL, 0));
    GIVES_NONE(IS_NULL, ostler_broker_table_find(NULL, NULL));
    GIVES_NONE(IS_NULL, ostler_broker_buffer_bytes(NULL));
    CHECK(ostler_broker_buffer_length(NULL) == 0);
    FAILS(IS_NULL, ostler_broker_data_compare(NULL, NULL, &number));
    FAILS(IS_NULL, ostler_broker_data_size(NULL, &length));
    FAILS(IS_NULL, ostler_broker_data_as_count(NULL, &count));
    FAILS(IS_NULL, ostler_broker_data_as_string(NULL, &bytes, &length));
    FAILS(IS_NULL, ostler_broker_iterator_next(NULL, NULL, NULL));
    FAILS(IS_NULL, ostler_broker_vector_append(NULL, ostler_broker_data_none()));
    FAILS(IS_NULL, ostler_broker_set_insert(NULL, ostler_broker_data_none(), NULL));
    FAILS(IS_NULL, ostler_broker_table_insert(NULL, ostler_broker_data_none(), NULL));

    GIVES_NONE(IS_NULL, ostler_broker_event_make(LITERAL("x"), NULL));
    GIVES_NONE(IS_NULL, ostler_broker_event_from_data(NULL));
    GIVES_NONE(IS_NULL, ostler_broker_event_to_data(NULL));
    GIVES_NONE(IS_NULL, ostler_broker_event_arguments(NULL));
    FAILS(IS_NULL, ostler_broker_event_timestamp(NULL, &time));

    GIVES_NONE(IS_NULL, ostler_broker_endpoint_make(NULL));
    FAILS(IS_NULL, ostler_broker_options_set_threads(NULL, 1));
    FAILS(IS_NULL, ostler_broker_options_set_tls(NULL, NULL));
    FAILS(IS_NULL, ostler_broker_endpoint_id(NULL, &id));
    FAILS(IS_NULL, ostler_broker_endpoint_listen(NULL, LITERAL("127.0.0.1"), 0, &port));
    FAILS(IS_NULL, ostler_broker_endpoint_peer(NULL, LITERAL("127.0.0.1"), 1, 0, 0, &id));
    FAILS(IS_NULL, ostler_broker_endpoint_publish(NULL, LITERAL("/c"), NULL, NULL));
    FAILS(IS_NULL, ostler_broker_endpoint_await_peer(NULL, &id, 0));
    FAILS(IS_NULL, ostler_broker_endpoint_shutdown(NULL, 0, NULL));
    FAILS(IS_NULL, ostler_broker_endpoint_shutdown(&nobody, 0, NULL));
    GIVES_NONE(IS_NULL, ostler_broker_endpoint_peers(NULL));
    GIVES_NONE(IS_NULL, ostler_broker_subscriber_make(NULL, NULL, 0, 0));
    GIVES_NONE(IS_NULL, ostler_broker_status_subscriber_make(NULL, 1));
    FAILS(IS_NULL, ostler_broker_subscriber_get(NULL, 0, &message));
    FAILS(IS_NULL, ostler_broker_subscriber_poll(NULL, NULL));
    FAILS(IS_NULL, ostler_broker_status_subscriber_get(NULL, 0, &status));
    FAILS(IS_NULL, ostler_broker_status_code(NULL, &number));
    FAILS(IS_NULL, ostler_broker_message_topic(NULL, &bytes, &length));
    GIVES_NONE(IS_NULL, ostler_broker_message_data(NULL));
    GIVES_NONE(IS_NULL, ostler_broker_id_to_text(NULL));

    ostler_broker_data_free(NULL);
    ostler_broker_data_free(&none);
    ostler_broker_endpoint_free(&nobody);
}

static void null_places_and_strings(void) {
    ostler_broker_data *data = ostler_broker_data_count(1), *text = string("x");
    size_t length;
    FAILS(IS_NULL, ostler_broker_data_as_count(data, NULL));
    FAILS(IS_NULL, ostler_broker_data_as_string(text, NULL, &length));
    FAILS(IS_NULL, ostler_broker_data_compare(data, data, NULL));
    GIVES_NONE(IS_NULL, ostler_broker_data_string(NULL, 1));
    GIVES_NONE(IS_NULL, ostler_broker_data_address(NULL, 4));
    GIVES_NONE(INVALID, ostler_broker_data_string("x", SIZE_MAX));
    ostler_broker_data_free(&data);
    ostler_broker_data_free(&text);
}

static void what_is_freed_is_null(void) {
    ostler_broker_options *options = ostler_broker_options_make();
    ostler_broker_data *vector = ostler_broker_data_vector(), *element = string("x");
    ostler_broker_options_free(&options);
    CHECK(options == NULL);
    GIVES_NONE(IS_NULL, ostler_broker_endpoint_make(options));
    FAILS(IS_NULL, ostler_broker_options_set_forwarding(options, 1));
    ostler_broker_options_free(&options);
    ostler_broker_data_free(&element);
    FAILS(IS_NULL, ostler_broker_vector_append(vector, element));
    ostler_broker_data_free(&vector);
    FAILS(IS_NULL, ostler_broker_vector_append(vector, string("x")));
}

/* A vector in vectors, so many deep. */
static ostler_broker_data *deep_vector(int depth) {
    ostler_broker_data *vector = ostler_broker_data_vector(), *around;
    for (; depth > 1; depth--) {
        around = ostler_broker_data_vector();
        OK(ostler_broker_vector_append(around, vector));
        vector = around;
    }
    return vector;
}

/* An event can be read by others, however it came about. */
static void deep_events(void) {
    ostler_broker_event *event;
    ostler_broker_data *data;
    ostler_broker_buffer *encoded;
    GIVES_NONE(INVALID, ostler_broker_event_make(LITERAL("x"), deep_vector(127)));
    event = ostler_broker_event_make(LITERAL("x"), deep_vector(126));
    FAILS(INVALID, ostler_broker_event_set_metadata(event, 200, deep_vector(125)));
    OK(ostler_broker_event_set_metadata(event, 200, deep_vector(124)));
    data = ostler_broker_event_to_data(event);
    ostler_broker_event_free(&event);
    encoded = ostler_broker_data_encode(data);
    GIVES_NONE(INVALID, ostler_broker_event_make(LITERAL("x"), data));
    data = ostler_broker_data_decode(ostler_broker_buffer_bytes(encoded),
                                     ostler_broker_buffer_length(encoded));
    CHECK(data != NULL);
    ostler_broker_data_free(&data);
    ostler_broker_buffer_free(&encoded);
}

static void wrong_values(void) {
    static const uint8_t address[16] = {10};
    ostler_broker_data *vector = ostler_broker_data_vector(), *deep, *real;
    GIVES_NONE(INVALID, ostler_broker_data_address(address, 5));
    GIVES_NONE(INVALID, ostler_broker_data_subnet(address, 4, 33));
    GIVES_NONE(INVALID, ostler_broker_data_subnet(address, 16, 4096));
    GIVES_NONE(INVALID, ostler_broker_data_port(1, 4));
    GIVES_NONE(INVALID, ostler_broker_data_parse(15, LITERAL("x")));
    GIVES_NONE(INVALID, ostler_broker_data_parse(-1, LITERAL("x")));
    GIVES_NONE(INVALID, ostler_broker_data_parse(OSTLER_BROKER_TYPE_COUNT, LITERAL("-1")));
    GIVES_NONE(INVALID, ostler_broker_data_parse(OSTLER_BROKER_TYPE_COUNT, LITERAL("\377")));
    GIVES_NONE(INVALID, ostler_broker_data_parse(OSTLER_BROKER_TYPE_ADDRESS, LITERAL("1.2.3")));
    GIVES_NONE(INVALID, ostler_broker_data_parse(OSTLER_BROKER_TYPE_TIMESPAN, LITERAL("5")));
    GIVES_NONE(INVALID, ostler_broker_data_parse(OSTLER_BROKER_TYPE_VECTOR, LITERAL("()")));
    GIVES_NONE(INVALID, ostler_broker_data_from_json("\377", 1));
    GIVES_NONE(OSTLER_BROKER_EC_INVALID_JSON, ostler_broker_data_from_json(LITERAL("{")));
    GIVES_NONE(OSTLER_BROKER_EC_DESERIALIZATION_FAILED, ostler_broker_data_decode("\17", 1));
    GIVES_NONE(INVALID, ostler_broker_event_make("\377", 1, ostler_broker_data_vector()));
    GIVES_NONE(OSTLER_BROKER_EC_CONVERSION_FAILED,
               ostler_broker_event_make(LITERAL("x"), ostler_broker_data_set()));
    GIVES_NONE(INVALID, ostler_broker_ec_name(42));
    GIVES_NONE(INVALID, ostler_broker_type_name(-1));
    real = ostler_broker_data_parse(OSTLER_BROKER_TYPE_REAL, LITERAL("nan"));
    GIVES_NONE(OSTLER_BROKER_EC_SERIALIZATION_FAILED, ostler_broker_data_to_json(real));
    ostler_broker_data_free(&real);

    FAILS(OSTLER_BROKER_EC_CONVERSION_FAILED,
          ostler_broker_set_insert(vector, ostler_broker_data_none(), NULL));
    FAILS(OSTLER_BROKER_EC_CONVERSION_FAILED,
          ostler_broker_table_insert(vector, string("k"), string("v")));
    /* The outer call fails because an inner one has. */
    FAILS(IS_NULL, ostler_broker_vector_append(vector, ostler_broker_data_port(1, 4)));

    ostler_broker_data_free(&vector);
    deep = ostler_broker_data_set();
    FAILS(INVALID, ostler_broker_set_insert(deep, deep_vector(128), NULL));
    ostler_broker_data_free(&deep);
}

static void wrong_options(void) {
    ostler_broker_options *options = ostler_broker_options_make();
    ostler_broker_tls files;
    ostler_broker_id nil;
    memset(&files, 0, sizeof files);
    memset(&nil, 0, sizeof nil);
    FAILS(INVALID, ostler_broker_options_set_threads(options, 0));
    FAILS(INVALID, ostler_broker_options_set_threads(options, 257));
    FAILS(INVALID, ostler_broker_options_set_id(options, &nil));
    FAILS(INVALID, ostler_broker_options_set_peer_buffer(options, 1, 4));
    FAILS(INVALID, ostler_broker_options_set_peer_buffer(options, 0, 1));
    FAILS(INVALID, ostler_broker_options_set_publish_wait(options, OSTLER_BROKER_NEVER));
    FAILS(INVALID, ostler_broker_options_set_store_tick(options, 0));
    FAILS(INVALID, ostler_broker_options_set_store_heartbeat(options, 0));
    FAILS(IS_NULL, ostler_broker_options_set_tls(options, NULL));
    FAILS(INVALID, ostler_broker_options_set_tls(options, &files));
    files.certificate.bytes = files.key.bytes = "/nonexistent";
    files.certificate.length = files.key.length = strlen("/nonexistent");
    files.cafile = files.key;
    FAILS(OSTLER_BROKER_EC_CANNOT_OPEN_FILE, ostler_broker_options_set_tls(options, &files));
    CHECK(strstr(ostler_broker_last_error(), "/nonexistent") != NULL);
    ostler_broker_options_free(&options);
}

static void wrong_calls(const ostler_broker_endpoint *used) {
    ostler_broker_endpoint *other = endpoint(), *kept = other;
    ostler_broker_data *data = string("x");
    ostler_broker_text topics[] = {{LITERAL("/c")}, {NULL, 1}};
    ostler_broker_message *message = NULL;
    ostler_broker_subscriber *reader = subscriber(used, "/c");
    char *topic = (char *)malloc(65536);
    uint16_t port = 0;
    CHECK(topic != NULL);
    memset(topic, 'x', 65536);
    FAILS(INVALID, ostler_broker_endpoint_publish(used, topic, 65536, data, NULL));
    FAILS(IS_NULL, ostler_broker_endpoint_publish(used, LITERAL("/c"), NULL, NULL));
    FAILS(INVALID, ostler_broker_endpoint_listen(used, LITERAL(""), 0, NULL));
    FAILS(INVALID, ostler_broker_endpoint_listen(used, LITERAL("\377"), 0, NULL));
    FAILS(INVALID, ostler_broker_endpoint_listen(used, LITERAL("a b"), 0, NULL));
    OK(ostler_broker_endpoint_listen(used, LITERAL("127.0.0.1"), 0, &port));
    FAILS(OSTLER_BROKER_EC_CANNOT_OPEN_RESOURCE,
          ostler_broker_endpoint_listen(other, LITERAL("127.0.0.1"), port, NULL));
    FAILS(INVALID, ostler_broker_endpoint_peer(used, LITERAL(""), 1, 0, 0, NULL));
    FAILS(INVALID, ostler_broker_endpoint_peer(used, LITERAL("x"), 1, 0, -2, NULL));
    FAILS(INVALID, ostler_broker_endpoint_web_socket_listen(used, LITERAL("127.0.0.1"), 0, NULL, 0,
                                                            LITERAL(""), NULL));
    FAILS(INVALID, ostler_broker_subscriber_get(reader, -2, &message));
    FAILS(IS_NULL, ostler_broker_subscriber_get(reader, 0, NULL));
    GIVES_NONE(INVALID, ostler_broker_subscriber_make(used, topics, 1, 4));
    GIVES_NONE(IS_NULL, ostler_broker_subscriber_make(used, topics, 2, 0));
    GIVES_NONE(IS_NULL, ostler_broker_subscriber_make(used, NULL, 1, 0));
    /* Nobody is there any more. */
    ostler_broker_endpoint_free(&other);
    CHECK(other == NULL && kept != NULL);
    other = endpoint();
    FAILS(INVALID, ostler_broker_endpoint_shutdown(&other, -2, NULL));
    CHECK(other != NULL);
    ostler_broker_endpoint_free(&other);
    free(topic);
    ostler_broker_subscriber_free(&reader);
    ostler_broker_data_free(&data);
}

static void nobody_listens(const ostler_broker_endpoint *used) {
    ostler_broker_endpoint *gone = endpoint();
    ostler_broker_status_subscriber *errors = ostler_broker_status_subscriber_make(used, 0);
    ostler_broker_status *status = NULL;
    uint16_t port = 0;
    int kind, code;
    OK(ostler_broker_endpoint_listen(gone, LITERAL("127.0.0.1"), 0, &port));
    ostler_broker_endpoint_free(&gone);
    FAILS(OSTLER_BROKER_EC_PEER_UNAVAILABLE,
          ostler_broker_endpoint_peer(used, LITERAL("127.0.0.1"), port, OSTLER_BROKER_NO_RETRY,
                                      SOON, NULL));
    CHECK(strstr(ostler_broker_last_error(), "127.0.0.1:") != NULL);
    OK(ostler_broker_status_subscriber_get(errors, SOON, &status));
    OK(ostler_broker_status_kind(status, &kind));
    OK(ostler_broker_status_code(status, &code));
    CHECK(kind == OSTLER_BROKER_KIND_ERROR && code == OSTLER_BROKER_EC_PEER_UNAVAILABLE);
    ostler_broker_status_free(&status);
    ostler_broker_status_subscriber_free(&errors);
}

/* Waits for a message, while another thread looks how many there are. */
static void *waits(void *handle) {
    const ostler_broker_subscriber *reader = (const ostler_broker_subscriber *)handle;
    ostler_broker_message *message = NULL;
    int code;
    while ((code = ostler_broker_subscriber_get(reader, SOON, &message)) == IS_NULL)
        sched_yield();
    OK(code);
    CHECK(made(ostler_broker_data_to_text(ostler_broker_message_data(message)), "found"));
    ostler_broker_message_free(&message);
    return NULL;
}

static void two_threads(ostler_broker_endpoint *used) {
    ostler_broker_endpoint *writer = endpoint();
    ostler_broker_subscriber *reader = subscriber(used, "/c");
    pthread_t other;
    size_t messages;
    OK(ostler_broker_endpoint_peer_with(used, writer));
    CHECK(pthread_create(&other, NULL, waits, reader) == 0);
    /* Until it waits. */
    while (ostler_broker_subscriber_available(reader, &messages) == 0)
        sched_yield();
    CHECK(ostler_broker_last_error_code() == IS_NULL);
    CHECK(strcmp(ostler_broker_last_error(), "another thread uses the handle") == 0);
    publish(writer, "/c", "found");
    CHECK(pthread_join(other, NULL) == 0);
    OK(ostler_broker_subscriber_available(reader, &messages));
    CHECK(messages == 0);
    ostler_broker_endpoint_free(&writer);
    ostler_broker_subscriber_free(&reader);
}

int main(void) {
    ostler_broker_endpoint *used;
    CHECK(ostler_broker_last_error_code() == 0 && *ostler_broker_last_error() == 0);
    null_handles();
    null_places_and_strings();
    what_is_freed_is_null();
    wrong_values();
    deep_events();
    wrong_options();
    used = endpoint();
    wrong_calls(used);
    nobody_listens(used);
    two_threads(used);
    ostler_broker_endpoint_free(&used);
    return 0;
}
