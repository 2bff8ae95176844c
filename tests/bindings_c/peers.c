/* Two endpoints peer, publish and subscribe, wait with poll(2), and part. */
#include "check.h"

#include <poll.h>

/* Waits until a descriptor is readable, or says that it is not. */
static int readable(int fd, int milliseconds) {
    struct pollfd polled;
    polled.fd = fd;
    polled.events = POLLIN;
    polled.revents = 0;
    return poll(&polled, 1, milliseconds) == 1 && (polled.revents & POLLIN) != 0;
}

static void one_message_by_poll(const ostler_broker_endpoint *writer,
                                const ostler_broker_subscriber *reader) {
    ostler_broker_message *message = NULL;
    size_t messages = 9;
    int fd = -1;
    OK(ostler_broker_subscriber_fd(reader, &fd));
    CHECK(!readable(fd, 0));
    OK(ostler_broker_subscriber_poll(reader, &message));
    CHECK(message == NULL);
    FAILS(OSTLER_BROKER_EC_REQUEST_TIMEOUT, ostler_broker_subscriber_get(reader, 0, &message));
    CHECK(message == NULL);
    publish(writer, "/c/polled", "one");
    CHECK(readable(fd, 60000));
    OK(ostler_broker_subscriber_available(reader, &messages));
    CHECK(messages == 1);
    OK(ostler_broker_subscriber_poll(reader, &message));
    CHECK(made(ostler_broker_data_to_text(ostler_broker_message_data(message)), "one"));
    ostler_broker_message_free(&message);
    CHECK(!readable(fd, 0));
}

static void who_is_a_peer(const ostler_broker_endpoint *writer, const ostler_broker_id *id,
                          uint16_t port) {
    ostler_broker_peers *peers = ostler_broker_endpoint_peers(writer);
    ostler_broker_id found;
    const char *address;
    size_t length;
    uint16_t at = 0;
    int state = -1;
    CHECK(ostler_broker_peers_size(peers) == 1);
    OK(ostler_broker_peers_id(peers, 0, &found));
    CHECK(memcmp(&found, id, sizeof found) == 0);
    OK(ostler_broker_peers_address(peers, 0, &address, &length, &at));
    CHECK(is(address, length, "127.0.0.1") && at == port);
    OK(ostler_broker_peers_state(peers, 0, &state));
    CHECK(state == OSTLER_BROKER_PEER_PEERED);
    FAILS(OSTLER_BROKER_EC_INVALID_DATA, ostler_broker_peers_state(peers, 1, &state));
    ostler_broker_peers_free(&peers);
}

static void what_is_told(const ostler_broker_status_subscriber *statuses,
                         const ostler_broker_id *id, uint16_t port) {
    ostler_broker_status *status = NULL;
    ostler_broker_buffer *text;
    ostler_broker_id found;
    const char *bytes;
    size_t length, number = 0;
    uint16_t at;
    uint64_t dropped = 9;
    int code, fd = -1;
    OK(ostler_broker_status_subscriber_fd(statuses, &fd));
    CHECK(readable(fd, 60000));
    OK(ostler_broker_status_subscriber_available(statuses, &number));
    OK(ostler_broker_status_subscriber_dropped(statuses, &dropped));
    CHECK(number >= 1 && dropped == 0);
    /* Before its peering, a path to it. */
    OK(ostler_broker_status_subscriber_get(statuses, SOON, &status));
    OK(ostler_broker_status_code(status, &code));
    CHECK(code == OSTLER_BROKER_SC_ENDPOINT_DISCOVERED);
    OK(ostler_broker_status_address(status, &bytes, &length, &at));
    CHECK(length == 0 && at == 0);
    ostler_broker_status_free(&status);
    OK(ostler_broker_status_subscriber_get(statuses, SOON, &status));
    OK(ostler_broker_status_code(status, &code));
    CHECK(code == OSTLER_BROKER_SC_PEER_ADDED);
    OK(ostler_broker_status_id(status, &found));
    CHECK(memcmp(&found, id, sizeof found) == 0);
    OK(ostler_broker_status_address(status, &bytes, &length, &at));
    CHECK(is(bytes, length, "127.0.0.1") && at == port);
    OK(ostler_broker_status_message(status, &bytes, &length));
    CHECK(is(bytes, length, "handshake successful"));
    text = ostler_broker_status_to_text(status);
    CHECK(strncmp(ostler_broker_buffer_bytes(text), "peer_added(", 11) == 0);
    ostler_broker_buffer_free(&text);
    ostler_broker_status_free(&status);
}

static void topics_come_and_go(const ostler_broker_endpoint *writer,
                               const ostler_broker_subscriber *reader) {
    uint64_t dropped = 9;
    OK(ostler_broker_subscriber_add_topic(reader, LITERAL("/d")));
    publish(writer, "/d/1", "more");
    receives(reader, "/d/1", "more");
    OK(ostler_broker_subscriber_remove_topic(reader, LITERAL("/d")));
    OK(ostler_broker_subscriber_dropped(reader, &dropped));
    CHECK(dropped == 0);
}

static void other_ways_to_publish(const ostler_broker_endpoint *writer,
                                  const ostler_broker_id *peer,
                                  const ostler_broker_subscriber *reader) {
    ostler_broker_data *data = ostler_broker_data_count(7);
    ostler_broker_id nobody;
    size_t receivers = 9;
    memset(&nobody, 7, sizeof nobody);
    OK(ostler_broker_endpoint_try_publish(writer, LITERAL("/c/try"), data, &receivers));
    CHECK(receivers == 1);
    receives(reader, "/c/try", "7");
    OK(ostler_broker_endpoint_publish_within(writer, LITERAL("/c/in"), data, SOON, NULL));
    receives(reader, "/c/in", "7");
    OK(ostler_broker_endpoint_publish_to(writer, peer, LITERAL("/c/to"), data));
    receives(reader, "/c/to", "7");
    FAILS(OSTLER_BROKER_EC_NO_PATH_TO_PEER,
          ostler_broker_endpoint_publish_to(writer, &nobody, LITERAL("/c/to"), data));
    OK(ostler_broker_endpoint_publish(writer, LITERAL("/nobody"), data, &receivers));
    CHECK(receivers == 0);
    ostler_broker_data_free(&data);
}

static void by_name_and_within_the_process(void) {
    ostler_broker_options *options = ostler_broker_options_make();
    ostler_broker_endpoint *named, *other = endpoint();
    ostler_broker_subscriber *reader;
    ostler_broker_id id, back;
    ostler_broker_text forwarded[] = {{LITERAL("/f")}, {LITERAL("/g")}};
    OK(ostler_broker_id_from_text(LITERAL("01234567-89ab-cdef-0123-456789abcdef"), &id));
    CHECK(made(ostler_broker_id_to_text(&id), "01234567-89ab-cdef-0123-456789abcdef"));
    OK(ostler_broker_options_set_id(options, &id));
    OK(ostler_broker_options_set_forwarding(options, 0));
    OK(ostler_broker_options_set_threads(options, 1));
    OK(ostler_broker_options_set_peer_buffer(options, 16, OSTLER_BROKER_OVERFLOW_DROP_OLDEST));
    OK(ostler_broker_options_set_subscriber_buffer(options, 16, 65536));
    OK(ostler_broker_options_set_publish_wait(options, 1000));
    OK(ostler_broker_options_set_connect_wait(options, 1000));
    OK(ostler_broker_options_set_end_wait(options, 1000));
    named = ostler_broker_endpoint_make(options);
    OK(ostler_broker_endpoint_id(named, &back));
    CHECK(memcmp(&id, &back, sizeof id) == 0);
    OK(ostler_broker_endpoint_peer_with(named, other));
    OK(ostler_broker_endpoint_await_peer(other, &id, SOON));
    OK(ostler_broker_endpoint_forward(named, forwarded, 2));
    OK(ostler_broker_endpoint_await_filter_entry(other, LITERAL("/g/x"), SOON));
    reader = subscriber(named, "/c");
    publish(other, "/c/x", "y");
    receives(reader, "/c/x", "y");
    OK(ostler_broker_endpoint_unpeer_id(other, &id));
    FAILS(OSTLER_BROKER_EC_PEER_INVALID, ostler_broker_endpoint_unpeer_id(other, &id));
    FAILS(OSTLER_BROKER_EC_REQUEST_TIMEOUT, ostler_broker_endpoint_await_peer(other, &id, 0));
    ostler_broker_endpoint_free(&named);
    ostler_broker_endpoint_free(&other);
    /* A subscriber outlives its endpoint. */
    ostler_broker_subscriber_free(&reader);
    ostler_broker_options_free(&options);
}

int main(void) {
    ostler_broker_endpoint *first = endpoint(), *second = endpoint();
    ostler_broker_subscriber *reader = subscriber(first, "/c");
    ostler_broker_status_subscriber *statuses = ostler_broker_status_subscriber_make(second, 1);
    ostler_broker_message *message = NULL;
    ostler_broker_status *status = NULL;
    ostler_broker_id id, peer;
    uint16_t port = 0;
    int in_time = 0, fd = -1;

    OK(ostler_broker_endpoint_listen(first, LITERAL("127.0.0.1"), 0, &port));
    OK(ostler_broker_endpoint_id(first, &id));
    OK(ostler_broker_endpoint_peer(second, LITERAL("127.0.0.1"), port, OSTLER_BROKER_NO_RETRY, SOON,
                                   &peer));
    CHECK(memcmp(&id, &peer, sizeof id) == 0);
    who_is_a_peer(second, &id, port);
    what_is_told(statuses, &id, port);
    one_message_by_poll(second, reader);
    topics_come_and_go(second, reader);
    other_ways_to_publish(second, &id, reader);

    OK(ostler_broker_endpoint_unpeer(second, LITERAL("127.0.0.1"), port));
    awaits(statuses, OSTLER_BROKER_SC_PEER_REMOVED);
    FAILS(OSTLER_BROKER_EC_PEER_INVALID,
          ostler_broker_endpoint_unpeer_nosync(second, LITERAL("127.0.0.1"), port));
    OK(ostler_broker_endpoint_peer_nosync(second, LITERAL("127.0.0.1"), port, 1));
    awaits(statuses, OSTLER_BROKER_SC_PEER_ADDED);
    publish(second, "/c", "last");
    OK(ostler_broker_endpoint_shutdown(&second, SOON, &in_time));
    CHECK(in_time == 1 && second == NULL);
    receives(reader, "/c", "last");

    /* Whoever reads is told of the end, and told once more. */
    OK(ostler_broker_subscriber_fd(reader, &fd));
    ostler_broker_endpoint_free(&first);
    CHECK(readable(fd, 60000));
    FAILS(OSTLER_BROKER_EC_SHUTTING_DOWN,
          ostler_broker_subscriber_get(reader, OSTLER_BROKER_NEVER, &message));
    FAILS(OSTLER_BROKER_EC_SHUTTING_DOWN, ostler_broker_subscriber_poll(reader, &message));
    while (ostler_broker_status_subscriber_get(statuses, OSTLER_BROKER_NEVER, &status) == 0)
        ostler_broker_status_free(&status);
    CHECK(ostler_broker_last_error_code() == OSTLER_BROKER_EC_SHUTTING_DOWN && status == NULL);
    ostler_broker_status_subscriber_free(&statuses);
    ostler_broker_subscriber_free(&reader);
    by_name_and_within_the_process();
    return 0;
}
