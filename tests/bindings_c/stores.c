/* A master and a clone in two endpoints: every operation, from either side. The argument is a
 * folder where masters may keep their entries. */
#include "check.h"

#include <poll.h>

static ostler_broker_data *number(int64_t value) { return ostler_broker_data_integer(value); }

static ostler_broker_store *master(const ostler_broker_endpoint *endpoint, const char *name,
                                   int backend, const char *path) {
    ostler_broker_data *options = ostler_broker_data_table();
    ostler_broker_store *made;
    if (path != NULL) {
        OK(ostler_broker_table_insert(options, string("path"), string(path)));
        OK(ostler_broker_table_insert(
            options, string("synchronous"),
            ostler_broker_data_enum(LITERAL("Broker::SQLITE_SYNCHRONOUS_NORMAL"))));
    }
    made = ostler_broker_endpoint_attach_master(endpoint, name, strlen(name), backend, options);
    CHECK(made != NULL);
    ostler_broker_data_free(&options);
    return made;
}

static ostler_broker_store *clone_of(const ostler_broker_endpoint *endpoint, const char *name) {
    ostler_broker_store *made = ostler_broker_endpoint_attach_clone(
        endpoint, name, strlen(name), OSTLER_BROKER_RESYNC, OSTLER_BROKER_STALE,
        OSTLER_BROKER_MUTATION_BUFFER);
    CHECK(made != NULL);
    return made;
}

/* Whether a key, a string, stands for this. */
static int stands_for(const ostler_broker_store *store, const char *key, const char *text) {
    ostler_broker_data *data = string(key), *found = ostler_broker_store_get(store, data);
    int is_so;
    CHECK(found != NULL);
    is_so = made(ostler_broker_data_to_text(found), text);
    ostler_broker_data_free(&found);
    ostler_broker_data_free(&data);
    return is_so;
}

/* A change of a key with one value, which is freed. */
typedef int change(const ostler_broker_store *, const ostler_broker_data *,
                   const ostler_broker_data *, int64_t);

static int changed(change *change, const ostler_broker_store *store, const char *key,
                   ostler_broker_data *value) {
    ostler_broker_data *data = string(key);
    int code = change(store, data, value, OSTLER_BROKER_NEVER);
    ostler_broker_data_free(&data);
    ostler_broker_data_free(&value);
    return code;
}

static void changes(const ostler_broker_store *store) {
    ostler_broker_data *key = string("table"), *index = string("i"), *value = string("v");
    OK(ostler_broker_store_clear(store));
    OK(changed(ostler_broker_store_put, store, "put", string("x")));
    OK(changed(ostler_broker_store_increment, store, "number", number(5)));
    OK(changed(ostler_broker_store_decrement, store, "number", number(7)));
    OK(changed(ostler_broker_store_append, store, "string", string("a")));
    OK(changed(ostler_broker_store_append, store, "string", string("b")));
    OK(changed(ostler_broker_store_insert_into, store, "set", number(1)));
    OK(changed(ostler_broker_store_insert_into, store, "set", number(2)));
    OK(changed(ostler_broker_store_remove_from, store, "set", number(1)));
    OK(changed(ostler_broker_store_push, store, "vector", number(1)));
    OK(changed(ostler_broker_store_push, store, "vector", number(2)));
    OK(changed(ostler_broker_store_push, store, "vector", number(3)));
    OK(ostler_broker_store_insert_into_table(store, key, index, value, OSTLER_BROKER_NEVER));
    ostler_broker_data_free(&key);
    key = string("vector");
    OK(ostler_broker_store_pop(store, key, OSTLER_BROKER_NEVER));
    ostler_broker_data_free(&key);
    key = string("gone");
    OK(ostler_broker_store_put(store, key, value, OSTLER_BROKER_NEVER));
    OK(ostler_broker_store_erase(store, key));
    ostler_broker_data_free(&key);
    ostler_broker_data_free(&index);
    ostler_broker_data_free(&value);
    OK(ostler_broker_store_await_idle(store, SOON));
    OK(ostler_broker_store_flush(store, SOON));
}

static void what_it_has(const ostler_broker_store *store) {
    ostler_broker_data *key = string("table"), *index = string("i"), *found;
    int is_there = 7;
    CHECK(stands_for(store, "put", "x"));
    CHECK(stands_for(store, "number", "-2"));
    CHECK(stands_for(store, "string", "ab"));
    CHECK(stands_for(store, "set", "{2}"));
    CHECK(stands_for(store, "vector", "(1, 2)"));
    CHECK(stands_for(store, "table", "{i -> v}"));
    found = ostler_broker_store_get_index_from_value(store, key, index);
    CHECK(made(ostler_broker_data_to_text(found), "v"));
    ostler_broker_data_free(&found);
    GIVES_NONE(OSTLER_BROKER_EC_NO_SUCH_KEY,
               ostler_broker_store_get_index_from_value(store, key, key));
    OK(ostler_broker_store_exists(store, key, &is_there));
    CHECK(is_there == 1);
    ostler_broker_data_free(&key);
    key = string("gone");
    GIVES_NONE(OSTLER_BROKER_EC_NO_SUCH_KEY, ostler_broker_store_get(store, key));
    OK(ostler_broker_store_exists(store, key, &is_there));
    CHECK(is_there == 0);
    found = ostler_broker_store_keys(store);
    CHECK(made(ostler_broker_data_to_text(found), "{number, put, set, string, table, vector}"));
    ostler_broker_data_free(&found);
    ostler_broker_data_free(&key);
    ostler_broker_data_free(&index);
}

static void only_once(const ostler_broker_store *store, const char *name) {
    ostler_broker_data *key = string(name), *value = number(1);
    int is_new = 7;
    OK(ostler_broker_store_put_unique(store, key, value, OSTLER_BROKER_NEVER, &is_new));
    CHECK(is_new == 1);
    OK(ostler_broker_store_put_unique(store, key, value, OSTLER_BROKER_NEVER, &is_new));
    CHECK(is_new == 0);
    ostler_broker_data_free(&key);
    ostler_broker_data_free(&value);
}

/* The answer to a question, which must have this number. */
static ostler_broker_response *answer(const ostler_broker_proxy *proxy, uint64_t question) {
    ostler_broker_response *response = NULL;
    struct pollfd polled;
    uint64_t id = 0;
    size_t responses = 0;
    OK(ostler_broker_proxy_fd(proxy, &polled.fd));
    polled.events = POLLIN;
    CHECK(poll(&polled, 1, 60000) == 1);
    OK(ostler_broker_proxy_available(proxy, &responses));
    CHECK(responses == 1);
    OK(ostler_broker_proxy_receive(proxy, SOON, &response));
    OK(ostler_broker_response_id(response, &id));
    CHECK(id == question);
    return response;
}

static void answered(const ostler_broker_proxy *proxy, uint64_t question, const char *text) {
    ostler_broker_response *response = answer(proxy, question);
    CHECK(made(ostler_broker_data_to_text(ostler_broker_response_answer(response)), text));
    ostler_broker_response_free(&response);
    CHECK(response == NULL);
}

static void questions(const ostler_broker_store *store) {
    ostler_broker_proxy *proxy = ostler_broker_proxy_make(store);
    ostler_broker_data *key = string("vector"), *index = ostler_broker_data_count(1);
    ostler_broker_response *response;
    uint64_t id = 0;
    OK(ostler_broker_proxy_get(proxy, key, &id));
    answered(proxy, id, "(1, 2)");
    OK(ostler_broker_proxy_get_index_from_value(proxy, key, index, &id));
    answered(proxy, id, "2");
    OK(ostler_broker_proxy_exists(proxy, key, &id));
    answered(proxy, id, "T");
    OK(ostler_broker_proxy_keys(proxy, &id));
    response = answer(proxy, id);
    CHECK(ostler_broker_data_type(ostler_broker_response_answer(response)) ==
          OSTLER_BROKER_TYPE_SET);
    ostler_broker_response_free(&response);
    OK(ostler_broker_proxy_put_unique(proxy, key, index, OSTLER_BROKER_NEVER, &id));
    answered(proxy, id, "F");
    OK(ostler_broker_proxy_get(proxy, index, &id));
    response = answer(proxy, id);
    GIVES_NONE(OSTLER_BROKER_EC_NO_SUCH_KEY, ostler_broker_response_answer(response));
    ostler_broker_response_free(&response);
    FAILS(OSTLER_BROKER_EC_REQUEST_TIMEOUT, ostler_broker_proxy_receive(proxy, 0, &response));
    CHECK(response == NULL);
    ostler_broker_proxy_free(&proxy);
    ostler_broker_data_free(&key);
    ostler_broker_data_free(&index);
}

/* What a clone asks for beyond the range of a number stops at its end: nobody can be told. */
static void no_number_leaves_its_range(const ostler_broker_store *store,
                                       const ostler_broker_store *clone) {
    OK(changed(ostler_broker_store_put, clone, "greatest", ostler_broker_data_count(UINT64_MAX)));
    OK(changed(ostler_broker_store_increment, clone, "greatest", ostler_broker_data_count(1)));
    OK(changed(ostler_broker_store_put, clone, "least", number(INT64_MIN)));
    OK(changed(ostler_broker_store_decrement, clone, "least", number(1)));
    OK(ostler_broker_store_await_idle(clone, SOON));
    CHECK(stands_for(store, "greatest", "18446744073709551615"));
    CHECK(stands_for(clone, "greatest", "18446744073709551615"));
    CHECK(stands_for(store, "least", "-9223372036854775808"));
    CHECK(stands_for(clone, "least", "-9223372036854775808"));
}

static void what_is_wrong(const ostler_broker_endpoint *endpoint,
                          const ostler_broker_store *store) {
    ostler_broker_data *options = ostler_broker_data_table(), *key = string("number");
    uint64_t id;
    int flag;
    FAILS(OSTLER_BROKER_EC_TYPE_CLASH,
          changed(ostler_broker_store_append, store, "number", string("x")));
    OK(changed(ostler_broker_store_put, store, "greatest", ostler_broker_data_count(UINT64_MAX)));
    FAILS(OSTLER_BROKER_EC_INVALID_DATA,
          changed(ostler_broker_store_increment, store, "greatest", ostler_broker_data_count(1)));
    FAILS(OSTLER_BROKER_EC_INVALID_DATA, ostler_broker_store_put(store, key, key, -2));
    GIVES_NONE(OSTLER_BROKER_EC_INVALID_DATA,
               ostler_broker_endpoint_attach_master(endpoint, LITERAL("x"), 4, NULL));
    GIVES_NONE(OSTLER_BROKER_EC_BACKEND_FAILURE,
               ostler_broker_endpoint_attach_master(endpoint, LITERAL("x"),
                                                    OSTLER_BROKER_BACKEND_SQLITE, options));
    CHECK(strstr(ostler_broker_last_error(), "path") != NULL);
    OK(ostler_broker_table_insert(options, number(1), number(1)));
    GIVES_NONE(OSTLER_BROKER_EC_CONVERSION_FAILED,
               ostler_broker_endpoint_attach_master(endpoint, LITERAL("x"),
                                                    OSTLER_BROKER_BACKEND_MEMORY, options));
    GIVES_NONE(OSTLER_BROKER_EC_CONVERSION_FAILED,
               ostler_broker_endpoint_attach_master(endpoint, LITERAL("x"),
                                                    OSTLER_BROKER_BACKEND_MEMORY, key));
    GIVES_NONE(OSTLER_BROKER_EC_INVALID_DATA,
               ostler_broker_endpoint_attach_clone(endpoint, LITERAL("x"), -2, 1, 0));
    /* Of which nothing would ever be read. */
    GIVES_NONE(OSTLER_BROKER_EC_INVALID_DATA,
               ostler_broker_endpoint_attach_clone(endpoint, LITERAL("x"), 0, 0, 0));
    GIVES_NONE(OSTLER_BROKER_EC_INVALID_DATA,
               ostler_broker_endpoint_attach_clone(endpoint, "\377", 1, 1, 1, 1));
    GIVES_NONE(OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL, ostler_broker_store_get(NULL, key));
    GIVES_NONE(OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL, ostler_broker_store_get(store, NULL));
    GIVES_NONE(OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL, ostler_broker_proxy_make(NULL));
    GIVES_NONE(OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL, ostler_broker_response_answer(NULL));
    FAILS(OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL,
          ostler_broker_store_put(store, key, NULL, OSTLER_BROKER_NEVER));
    FAILS(OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL,
          ostler_broker_store_exists(store, key, NULL));
    FAILS(OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL, ostler_broker_store_initialized(NULL, &flag));
    FAILS(OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL, ostler_broker_proxy_get(NULL, key, &id));
    ostler_broker_data_free(&options);
    ostler_broker_data_free(&key);
}

/* What a master has is there again when it is attached once more. */
static void kept(const ostler_broker_endpoint *endpoint, const char *name, int backend,
                 const char *path) {
    ostler_broker_store *store = master(endpoint, name, backend, path);
    changes(store);
    ostler_broker_store_free(&store);
    store = master(endpoint, name, backend, path);
    what_it_has(store);
    ostler_broker_store_free(&store);
}

/* A change is an event at the node that makes it, with whose change it is. */
static void events(const ostler_broker_endpoint *endpoint, const ostler_broker_store *store) {
    ostler_broker_subscriber *reader =
        subscriber(endpoint, "<$>/local/data/store-events/stocks");
    ostler_broker_message *message = NULL;
    const ostler_broker_data *data;
    ostler_broker_id id;
    uint64_t object = 0, found = 1;
    ostler_broker_data *key = string("brief");
    int is_so = 0;
    OK(ostler_broker_store_entity_id(store, &id, &object));
    OK(changed(ostler_broker_store_put, store, "told", string("x")));
    OK(ostler_broker_subscriber_get(reader, SOON, &message));
    data = ostler_broker_message_data(message);
    CHECK(made(ostler_broker_data_to_text(ostler_broker_vector_at(data, 0)), "insert"));
    CHECK(made(ostler_broker_data_to_text(ostler_broker_vector_at(data, 2)), "told"));
    OK(ostler_broker_data_as_count(ostler_broker_vector_at(data, 6), &found));
    CHECK(found == object);
    ostler_broker_message_free(&message);

    /* What lives for a moment only goes by itself. */
    OK(ostler_broker_store_put(store, key, key, 1));
    while (!is_so) {
        OK(ostler_broker_subscriber_get(reader, SOON, &message));
        data = ostler_broker_message_data(message);
        is_so = made(ostler_broker_data_to_text(ostler_broker_vector_at(data, 0)), "expire");
        ostler_broker_message_free(&message);
    }
    GIVES_NONE(OSTLER_BROKER_EC_NO_SUCH_KEY, ostler_broker_store_get(store, key));
    ostler_broker_data_free(&key);
    ostler_broker_subscriber_free(&reader);
}

int main(int argc, char **argv) {
    ostler_broker_endpoint *first = endpoint(), *second = endpoint();
    ostler_broker_store *store = master(first, "stocks", OSTLER_BROKER_BACKEND_MEMORY, NULL);
    ostler_broker_store *clone;
    ostler_broker_id id, peer;
    const char *bytes;
    char path[4096];
    uint64_t object;
    size_t length;
    uint16_t port = 0;
    int flag = 7;
    CHECK(argc == 2);

    OK(ostler_broker_endpoint_listen(first, LITERAL("127.0.0.1"), 0, &port));
    OK(ostler_broker_endpoint_peer(second, LITERAL("127.0.0.1"), port, OSTLER_BROKER_NO_RETRY, SOON,
                                   &peer));
    clone = clone_of(second, "stocks");
    OK(ostler_broker_store_name(clone, &bytes, &length));
    CHECK(is(bytes, length, "stocks"));
    OK(ostler_broker_store_is_master(store, &flag));
    CHECK(flag == 1);
    OK(ostler_broker_store_is_master(clone, &flag));
    CHECK(flag == 0);
    OK(ostler_broker_store_frontend_id(store, &id, &object));
    CHECK(memcmp(&id, &peer, sizeof id) == 0);

    changes(store);
    what_it_has(store);
    OK(ostler_broker_store_await_idle(clone, SOON));
    what_it_has(clone);
    OK(ostler_broker_store_initialized(clone, &flag));
    CHECK(flag == 1);
    changes(clone);
    what_it_has(clone);
    what_it_has(store);
    questions(store);
    questions(clone);
    only_once(store, "here");
    only_once(clone, "there");
    no_number_leaves_its_range(store, clone);
    what_is_wrong(first, store);
    events(first, store);

    snprintf(path, sizeof path, "%s/kept.sqlite", argv[1]);
    kept(first, "sqlite", OSTLER_BROKER_BACKEND_SQLITE, path);
    snprintf(path, sizeof path, "%s/kept.fjall", argv[1]);
    kept(first, "fjall", OSTLER_BROKER_BACKEND_FJALL, path);

    ostler_broker_store_free(&clone);
    ostler_broker_endpoint_free(&second);
    ostler_broker_endpoint_free(&first);
    FAILS(OSTLER_BROKER_EC_SHUTTING_DOWN,
          changed(ostler_broker_store_put, store, "late", string("x")));
    ostler_broker_store_free(&store);
    return 0;
}
