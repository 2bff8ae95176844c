/*
 * A tally: how often each line has come, of all who share it. Whoever has the master keeps it in a
 * database of SQLite; the others have a clone.
 *
 *     cc -std=c99 tally.c $(pkg-config --cflags --libs ostler-broker) -o tally
 *     ./tally master FILE
 *     ./tally clone PORT
 *
 * The master says at which port of the loopback address it listens; PORT is that one. Each counts
 * the lines of its standard input, and prints what has come of it at the end of it. Exits with 0, or
 * with 1 and words.
 */
#include <ostler_broker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the tally is called. */
#define NAME OSTLER_BROKER_LITERAL("tally")
/* How long peering, what was written and the farewell may take, in milliseconds. */
#define PATIENCE 30000

static int failed(const char *what) {
    fprintf(stderr, "%s: %s (%s)\n", what, ostler_broker_last_error(),
            ostler_broker_ec_name(ostler_broker_last_error_code()));
    return 1;
}

/* The master, with its entries in the file. */
static ostler_broker_store *master(const ostler_broker_endpoint *endpoint, const char *file) {
    ostler_broker_data *options = ostler_broker_data_table();
    ostler_broker_store *store = NULL;
    uint16_t port = 0;
    /* A table takes what is put into it. */
    if (ostler_broker_table_insert(options,
                                   ostler_broker_data_string(OSTLER_BROKER_LITERAL("path")),
                                   ostler_broker_data_string(file, strlen(file))) == 0)
        store = ostler_broker_endpoint_attach_master(endpoint, NAME,
                                                     OSTLER_BROKER_BACKEND_SQLITE, options);
    ostler_broker_data_free(&options);
    if (store != NULL &&
        ostler_broker_endpoint_listen(endpoint, OSTLER_BROKER_LITERAL("127.0.0.1"), 0, &port) != 0)
        ostler_broker_store_free(&store);
    if (store != NULL)
        fprintf(stderr, "listening on 127.0.0.1:%u\n", (unsigned int)port);
    return store;
}

/* A clone of the master at this port. */
static ostler_broker_store *clone_at(const ostler_broker_endpoint *endpoint, const char *port) {
    if (ostler_broker_endpoint_peer(endpoint, OSTLER_BROKER_LITERAL("127.0.0.1"),
                                    (uint16_t)atoi(port), OSTLER_BROKER_NO_RETRY, PATIENCE,
                                    NULL) != 0)
        return NULL;
    return ostler_broker_endpoint_attach_clone(endpoint, NAME, OSTLER_BROKER_RESYNC,
                                               OSTLER_BROKER_STALE,
                                               OSTLER_BROKER_MUTATION_BUFFER);
}

/* Counts the lines of the input; of longer ones, each piece. */
static int count(const ostler_broker_store *store) {
    static char line[4096];
    ostler_broker_data *one = ostler_broker_data_count(1);
    int code = 0;
    while (code == 0 && fgets(line, sizeof line, stdin) != NULL) {
        ostler_broker_data *key = ostler_broker_data_string(line, strcspn(line, "\n"));
        code = ostler_broker_store_increment(store, key, one, OSTLER_BROKER_NEVER);
        ostler_broker_data_free(&key);
    }
    ostler_broker_data_free(&one);
    return code;
}

/* Prints each line with how often it has come, in the order of the lines. */
static int print(const ostler_broker_store *store) {
    ostler_broker_data *keys = ostler_broker_store_keys(store);
    ostler_broker_iterator *each = ostler_broker_iterator_make(keys);
    const ostler_broker_data *key;
    int code = keys == NULL ? ostler_broker_last_error_code() : 0;
    while (code == 0 && ostler_broker_iterator_next(each, NULL, &key) == 0) {
        ostler_broker_data *value = ostler_broker_store_get(store, key);
        const char *line = NULL;
        size_t length = 0;
        uint64_t times = 0;
        code = ostler_broker_data_as_string(key, &line, &length);
        if (code == 0)
            code = ostler_broker_data_as_count(value, &times);
        if (code == 0)
            printf("%lu %.*s\n", (unsigned long)times, (int)length, line);
        ostler_broker_data_free(&value);
    }
    ostler_broker_iterator_free(&each);
    ostler_broker_data_free(&keys);
    return code;
}

int main(int argc, char **argv) {
    ostler_broker_endpoint *endpoint;
    ostler_broker_store *store;
    ostler_broker_options *options;
    int is_master = argc == 3 && strcmp(argv[1], "master") == 0;
    if (!is_master && (argc != 3 || strcmp(argv[1], "clone") != 0)) {
        fprintf(stderr, "usage: tally master FILE | tally clone PORT\n");
        return 1;
    }
    options = ostler_broker_options_make();
    endpoint = ostler_broker_endpoint_make(options);
    ostler_broker_options_free(&options);
    store = is_master ? master(endpoint, argv[2]) : clone_at(endpoint, argv[2]);
    if (store == NULL)
        return failed("cannot share the tally");
    if (count(store) != 0)
        return failed("cannot count");
    /* The clone has all that the master has, and the master all that was counted here. */
    if (ostler_broker_store_await_idle(store, PATIENCE) != 0)
        return failed("cannot hear of the master");
    if (print(store) != 0)
        return failed("cannot read the tally");
    ostler_broker_store_free(&store);
    if (ostler_broker_endpoint_shutdown(&endpoint, PATIENCE, NULL) != 0)
        return failed("cannot end");
    return 0;
}
