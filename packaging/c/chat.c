/*
 * A chat: the lines of standard input are published on a topic, and what others publish on it is
 * printed, both in one thread that waits with poll(2).
 *
 *     cc -std=c99 chat.c $(pkg-config --cflags --libs ostler-broker) -o chat
 *     ./chat TOPIC LISTEN [PEER]
 *
 * LISTEN is the port to listen at on the loopback address, 0 for any; PEER is the port of another
 * one there. Ends at the end of its input. Exits with 0, or with 1 and words.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <ostler_broker.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long peering and the farewell may take, in milliseconds. */
#define PATIENCE 30000

static int failed(const char *what) {
    fprintf(stderr, "%s: %s (%s)\n", what, ostler_broker_last_error(),
            ostler_broker_ec_name(ostler_broker_last_error_code()));
    return 1;
}

/* What becomes of a chat. */
enum outcome { GOES_ON, IS_OVER, HAS_FAILED };

static enum outcome say(const ostler_broker_endpoint *endpoint, const char *topic,
                        const char *line, size_t length) {
    ostler_broker_data *data = ostler_broker_data_string(line, length);
    int code = ostler_broker_endpoint_publish(endpoint, topic, strlen(topic), data, NULL);
    ostler_broker_data_free(&data);
    if (code != 0) {
        failed("cannot publish");
        return HAS_FAILED;
    }
    return GOES_ON;
}

/* Publishes the lines that have come, and at the end of the input what stands behind the last one. */
static enum outcome publish(const ostler_broker_endpoint *endpoint, const char *topic) {
    static char line[4096];
    static size_t held = 0;
    char *from = line, *end;
    ssize_t more = read(STDIN_FILENO, line + held, sizeof line - held);
    if (more < 0 && errno == EINTR)
        return GOES_ON;
    if (more < 0) {
        perror("cannot read");
        return HAS_FAILED;
    }
    if (more == 0)
        return held > 0 && say(endpoint, topic, line, held) == HAS_FAILED ? HAS_FAILED : IS_OVER;
    held += (size_t)more;
    while ((end = (char *)memchr(from, '\n', held)) != NULL || held == sizeof line) {
        size_t length = end != NULL ? (size_t)(end - from) : held;
        if (say(endpoint, topic, from, length) == HAS_FAILED)
            return HAS_FAILED;
        if (end != NULL)
            length++;
        from += length;
        held -= length;
    }
    memmove(line, from, held);
    return GOES_ON;
}

/* Prints the messages that have come; 0 once there will be none any more. */
static int print(const ostler_broker_subscriber *subscriber) {
    ostler_broker_message *message = NULL;
    while (ostler_broker_subscriber_poll(subscriber, &message) == 0) {
        ostler_broker_buffer *text;
        if (message == NULL)
            return fflush(stdout) == 0;
        text = ostler_broker_data_to_text(ostler_broker_message_data(message));
        fwrite(ostler_broker_buffer_bytes(text), 1, ostler_broker_buffer_length(text), stdout);
        putchar('\n');
        ostler_broker_buffer_free(&text);
        ostler_broker_message_free(&message);
    }
    return 0;
}

int main(int argc, char **argv) {
    ostler_broker_options *options = ostler_broker_options_make();
    ostler_broker_endpoint *endpoint = ostler_broker_endpoint_make(options);
    ostler_broker_subscriber *subscriber;
    ostler_broker_text topic;
    struct pollfd polled[2];
    uint16_t port = 0;
    enum outcome outcome = GOES_ON;

    ostler_broker_options_free(&options);
    if (argc < 3) {
        fprintf(stderr, "usage: chat TOPIC LISTEN [PEER]\n");
        return 1;
    }
    topic.bytes = argv[1];
    topic.length = strlen(argv[1]);
    subscriber =
        ostler_broker_subscriber_make(endpoint, &topic, 1, OSTLER_BROKER_OVERFLOW_BLOCK);
    if (subscriber == NULL)
        return failed("cannot subscribe");
    if (ostler_broker_endpoint_listen(endpoint, OSTLER_BROKER_LITERAL("127.0.0.1"),
                                      (uint16_t)atoi(argv[2]), &port) != 0)
        return failed("cannot listen");
    fprintf(stderr, "listening on 127.0.0.1:%u\n", (unsigned int)port);
    if (argc > 3 && ostler_broker_endpoint_peer(endpoint, OSTLER_BROKER_LITERAL("127.0.0.1"),
                                                (uint16_t)atoi(argv[3]), OSTLER_BROKER_NO_RETRY,
                                                PATIENCE, NULL) != 0)
        return failed("cannot peer");

    polled[0].fd = STDIN_FILENO;
    polled[0].events = polled[1].events = POLLIN;
    if (ostler_broker_subscriber_fd(subscriber, &polled[1].fd) != 0)
        return failed("cannot wait for messages");
    while (outcome == GOES_ON) {
        if (poll(polled, 2, -1) < 0) {
            polled[0].revents = polled[1].revents = 0;
            if (errno != EINTR) {
                perror("cannot wait");
                outcome = HAS_FAILED;
            }
        }
        if (polled[1].revents != 0 && !print(subscriber))
            outcome = HAS_FAILED;
        if (outcome == GOES_ON && polled[0].revents != 0)
            outcome = publish(endpoint, argv[1]);
    }

    ostler_broker_subscriber_free(&subscriber);
    if (ostler_broker_endpoint_shutdown(&endpoint, PATIENCE, NULL) != 0)
        return failed("cannot end");
    return outcome == HAS_FAILED;
}
