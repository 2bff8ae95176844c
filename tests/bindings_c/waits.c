/* How long questions to stores wait is what the endpoint was told: of two, one waits longer than the
 * other, and that is all that is said of time. */
#include "check.h"

/* Longer than any of the programs runs. */
#define HOUR INT64_C(3600000)

/* An endpoint whose questions wait so many milliseconds. */
static ostler_broker_endpoint *told(int64_t wait) {
    ostler_broker_options *options = ostler_broker_options_make();
    ostler_broker_endpoint *made;
    OK(ostler_broker_options_set_store_get_delay(options, wait));
    OK(ostler_broker_options_set_store_request_wait(options, wait));
    made = ostler_broker_endpoint_make(options);
    CHECK(made != NULL);
    ostler_broker_options_free(&options);
    return made;
}

static ostler_broker_store *master(const ostler_broker_endpoint *endpoint) {
    ostler_broker_store *made = ostler_broker_endpoint_attach_master(
        endpoint, LITERAL("test"), OSTLER_BROKER_BACKEND_MEMORY, NULL);
    CHECK(made != NULL);
    return made;
}

static ostler_broker_store *clone_at(const ostler_broker_endpoint *endpoint) {
    ostler_broker_store *made = ostler_broker_endpoint_attach_clone(
        endpoint, LITERAL("test"), OSTLER_BROKER_RESYNC, OSTLER_BROKER_STALE,
        OSTLER_BROKER_MUTATION_BUFFER);
    CHECK(made != NULL);
    return made;
}

/* Without a master, who waits briefly is told no, again and again, in more time than the defaults
 * are; who waits longer has an answer once there is a master. */
static void questions_wait_as_long_as_was_told(void) {
    ostler_broker_endpoint *hasty = told(1), *patient = told(HOUR), *late = endpoint();
    ostler_broker_store *store = clone_at(hasty), *waiting = clone_at(patient);
    ostler_broker_proxy *proxy = ostler_broker_proxy_make(waiting);
    ostler_broker_data *key = string("key"), *other = string("other");
    uint64_t got = 0, put = 0;
    size_t answers = 7;
    uint16_t port = 0;
    int times;
    OK(ostler_broker_proxy_get(proxy, key, &got));
    OK(ostler_broker_proxy_put_unique(proxy, other, key, OSTLER_BROKER_NEVER, &put));
    for (times = 0; times < 2; times++) {
        GIVES_NONE(OSTLER_BROKER_EC_STALE_DATA, ostler_broker_store_get(store, key));
        FAILS(OSTLER_BROKER_EC_REQUEST_TIMEOUT,
              ostler_broker_store_put_unique(store, key, key, OSTLER_BROKER_NEVER, NULL));
    }
    OK(ostler_broker_proxy_available(proxy, &answers));
    CHECK(answers == 0);
    ostler_broker_store_free(&store);

    store = master(late);
    OK(ostler_broker_store_put(store, key, key, OSTLER_BROKER_NEVER));
    OK(ostler_broker_endpoint_listen(late, LITERAL("127.0.0.1"), 0, &port));
    OK(ostler_broker_endpoint_peer(patient, LITERAL("127.0.0.1"), port, OSTLER_BROKER_NO_RETRY,
                                   SOON, NULL));
    for (times = 0; times < 2; times++) {
        ostler_broker_response *response = NULL;
        uint64_t id = 0;
        OK(ostler_broker_proxy_receive(proxy, SOON, &response));
        OK(ostler_broker_response_id(response, &id));
        CHECK(id == got || id == put);
        CHECK(made(ostler_broker_data_to_text(ostler_broker_response_answer(response)),
                   id == got ? "key" : "T"));
        ostler_broker_response_free(&response);
    }
    ostler_broker_data_free(&key);
    ostler_broker_data_free(&other);
    ostler_broker_proxy_free(&proxy);
    ostler_broker_store_free(&waiting);
    ostler_broker_store_free(&store);
    ostler_broker_endpoint_free(&hasty);
    ostler_broker_endpoint_free(&patient);
    ostler_broker_endpoint_free(&late);
}

int main(void) {
    questions_wait_as_long_as_was_told();
    return 0;
}
