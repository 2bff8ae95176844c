/* Key-value stores: masters, clones, and questions that nobody waits for. Part of
 * ostler_broker.h. */
#ifndef OSTLER_BROKER_STORE_H
#define OSTLER_BROKER_STORE_H

#include "containers.h"
#include "endpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a master keeps its entries. The numbers are those of the original, but for the last.
 * Whatever it is, a clone begins with a copy of all keys and values, which has 64 MiB at most as
 * they are sent: a store that has more can be read at its master only. */
enum {
    /* In memory. */
    OSTLER_BROKER_BACKEND_MEMORY = 0,
    /* In a file of SQLite, of the original's layout. */
    OSTLER_BROKER_BACKEND_SQLITE = 1,
    /* In a folder of RocksDB, if the library was built with it. */
    OSTLER_BROKER_BACKEND_ROCKSDB = 2,
    /* In a folder of fjall, which is made for much data that is written often. */
    OSTLER_BROKER_BACKEND_FJALL = 3
};

/* A store: its master, or a clone of it. A change is made by the master. Whoever has the master is
 * told if it cannot be made; at a clone it has no effect then, and is seen once the master has told
 * of it. Subscribers of an endpoint with one of them get each change as a message on the topic
 * <$>/local/data/store-events/NAME: a vector of "insert", "update", "erase" or "expire", the name,
 * the key, of an insert the value, of an update the old and the new one, of both the time that the
 * key lives or none, and the endpoint and the number of whoever made it. */
typedef struct ostler_broker_store ostler_broker_store;

/* Attaches the master of a store; OSTLER_BROKER_EC_MASTER_EXISTS if another node has it. The
 * options of its storage, which may be NULL, are a table: "path" a string, which all need but
 * memory; "synchronous", "journal_mode" and "failure_mode" enums such as
 * Broker::SQLITE_SYNCHRONOUS_NORMAL; "integrity_check" a boolean. OSTLER_BROKER_EC_BACKEND_FAILURE
 * if it cannot be opened. Waits for a store of this name that ends here, 30 seconds at most, and for
 * its file to be opened; so does the next one. */
ostler_broker_store *ostler_broker_endpoint_attach_master(const ostler_broker_endpoint *endpoint,
                                                          const char *name, size_t length,
                                                          int backend,
                                                          const ostler_broker_data *options);

/* The defaults of a clone. */
#define OSTLER_BROKER_RESYNC INT64_C(10000)
#define OSTLER_BROKER_STALE INT64_C(300000)
#define OSTLER_BROKER_MUTATION_BUFFER INT64_C(120000)

/* Attaches a clone, which looks for its master from then on, and again whenever it has lost it,
 * each resync milliseconds. Without news of a master for stale milliseconds, at least 1, nothing is
 * read from it any more (OSTLER_BROKER_EC_STALE_DATA); with OSTLER_BROKER_NEVER it answers from what
 * it had, however old that is. There is news of a master at each of its heartbeats, so that less than
 * two of them, a second, is stale now and then beside a master that is well. What is written waits
 * mutation_buffer milliseconds for a master; then it is OSTLER_BROKER_EC_NO_SUCH_MASTER. */
ostler_broker_store *ostler_broker_endpoint_attach_clone(const ostler_broker_endpoint *endpoint,
                                                         const char *name, size_t length,
                                                         int64_t resync, int64_t stale,
                                                         int64_t mutation_buffer);
/* Takes part in it no more, once all handles of the same store are freed. The last one waits until
 * what was written is kept or sent, as long as the options' end_wait. */
void ostler_broker_store_free(ostler_broker_store **store);

/* Lends the name. */
int ostler_broker_store_name(const ostler_broker_store *store, const char **bytes, size_t *length);
/* Who makes its changes, as store events name it: an endpoint, and a number there. */
int ostler_broker_store_entity_id(const ostler_broker_store *store, ostler_broker_id *endpoint,
                                  uint64_t *object);
/* Who asks its questions. */
int ostler_broker_store_frontend_id(const ostler_broker_store *store, ostler_broker_id *endpoint,
                                    uint64_t *object);
int ostler_broker_store_is_master(const ostler_broker_store *store, int *is_master);
/* Whether questions have answers: a clone has had a snapshot. */
int ostler_broker_store_initialized(const ostler_broker_store *store, int *is_initialized);
/* Waits until all have everything: at a master every clone and its storage; at a clone, it has all
 * that the master has told, and the master all that was written here. */
int ostler_broker_store_await_idle(const ostler_broker_store *store, int64_t milliseconds);
/* Waits until what was written here is kept for good by the storage of the master. If that storage
 * fails it is OSTLER_BROKER_EC_BACKEND_FAILURE at the master; a clone is not told of it, and waits
 * until OSTLER_BROKER_EC_REQUEST_TIMEOUT. If writes at a clone were dropped since this was said last,
 * because no master was found for them in time, it is OSTLER_BROKER_EC_NO_SUCH_MASTER. */
int ostler_broker_store_flush(const ostler_broker_store *store, int64_t milliseconds);

/* ---- What it has ---- */

/* What a key stands for, to be freed; OSTLER_BROKER_EC_NO_SUCH_KEY if that is nothing. */
ostler_broker_data *ostler_broker_store_get(const ostler_broker_store *store,
                                            const ostler_broker_data *key);
/* What that contains under an index, to be freed: an element of a vector by its number, whether a
 * set has it, what a table has for it. */
ostler_broker_data *ostler_broker_store_get_index_from_value(const ostler_broker_store *store,
                                                             const ostler_broker_data *key,
                                                             const ostler_broker_data *index);
int ostler_broker_store_exists(const ostler_broker_store *store, const ostler_broker_data *key,
                               int *is_there);
/* All keys, a set, to be freed. */
ostler_broker_data *ostler_broker_store_keys(const ostler_broker_store *store);

/* ---- What changes it ----
 * The key lives expiry milliseconds from then on, or OSTLER_BROKER_NEVER to live for ever. What
 * does not fit the type of the value is OSTLER_BROKER_EC_TYPE_CLASH; a number that would leave
 * the range of its type is OSTLER_BROKER_EC_INVALID_DATA at a master, and the greatest or least
 * if a clone asks for it. A change waits for readers of its events that are behind, for a second
 * for all of them, and then as long as the options' store_request_wait for room: for clones that do
 * not keep up, and for a storage with too much to keep. By default these are 11 seconds at most. */

int ostler_broker_store_put(const ostler_broker_store *store, const ostler_broker_data *key,
                            const ostler_broker_data *value, int64_t expiry);
/* Unless the key stands for something: *is_new, which may be NULL, becomes whether it was put.
 * Waits for the master. Where its storage fails it is OSTLER_BROKER_EC_BACKEND_FAILURE at the
 * master, and OSTLER_BROKER_EC_REQUEST_TIMEOUT at a clone, which is not told; the key may be put
 * later. */
int ostler_broker_store_put_unique(const ostler_broker_store *store, const ostler_broker_data *key,
                                   const ostler_broker_data *value, int64_t expiry, int *is_new);
int ostler_broker_store_erase(const ostler_broker_store *store, const ostler_broker_data *key);
int ostler_broker_store_clear(const ostler_broker_store *store);
/* Of numbers, and of points and spans of time. Where there is nothing it begins with zero, and so
 * do the following with something empty. */
int ostler_broker_store_increment(const ostler_broker_store *store, const ostler_broker_data *key,
                                  const ostler_broker_data *amount, int64_t expiry);
int ostler_broker_store_decrement(const ostler_broker_store *store, const ostler_broker_data *key,
                                  const ostler_broker_data *amount, int64_t expiry);
int ostler_broker_store_append(const ostler_broker_store *store, const ostler_broker_data *key,
                               const ostler_broker_data *string, int64_t expiry);
/* Into a set. */
int ostler_broker_store_insert_into(const ostler_broker_store *store, const ostler_broker_data *key,
                                    const ostler_broker_data *element, int64_t expiry);
int ostler_broker_store_insert_into_table(const ostler_broker_store *store,
                                          const ostler_broker_data *key,
                                          const ostler_broker_data *index,
                                          const ostler_broker_data *value, int64_t expiry);
/* From a set or a table. */
int ostler_broker_store_remove_from(const ostler_broker_store *store, const ostler_broker_data *key,
                                    const ostler_broker_data *index, int64_t expiry);
/* To the end of a vector, and from it. */
int ostler_broker_store_push(const ostler_broker_store *store, const ostler_broker_data *key,
                             const ostler_broker_data *element, int64_t expiry);
int ostler_broker_store_pop(const ostler_broker_store *store, const ostler_broker_data *key,
                            int64_t expiry);

/* ---- Questions that nobody waits for ---- */

/* Asks questions, of which each has a number, *id; the answers come into its mailbox. It keeps the
 * store attached. */
typedef struct ostler_broker_proxy ostler_broker_proxy;
/* An answer. */
typedef struct ostler_broker_response ostler_broker_response;

ostler_broker_proxy *ostler_broker_proxy_make(const ostler_broker_store *store);
void ostler_broker_proxy_free(ostler_broker_proxy **proxy);
int ostler_broker_proxy_get(const ostler_broker_proxy *proxy, const ostler_broker_data *key,
                            uint64_t *id);
int ostler_broker_proxy_get_index_from_value(const ostler_broker_proxy *proxy,
                                             const ostler_broker_data *key,
                                             const ostler_broker_data *index, uint64_t *id);
/* The answer is a boolean. */
int ostler_broker_proxy_exists(const ostler_broker_proxy *proxy, const ostler_broker_data *key,
                               uint64_t *id);
/* The answer is a set. */
int ostler_broker_proxy_keys(const ostler_broker_proxy *proxy, uint64_t *id);
/* The answer is a boolean. */
int ostler_broker_proxy_put_unique(const ostler_broker_proxy *proxy, const ostler_broker_data *key,
                                   const ostler_broker_data *value, int64_t expiry, uint64_t *id);

/* Waits for the next answer. */
int ostler_broker_proxy_receive(const ostler_broker_proxy *proxy, int64_t milliseconds,
                                ostler_broker_response **response);
/* How many answers have come and were not received. */
int ostler_broker_proxy_available(const ostler_broker_proxy *proxy, size_t *responses);
/* A descriptor for poll(2), readable while answers wait: read nothing from it and do not close
 * it. */
int ostler_broker_proxy_fd(const ostler_broker_proxy *proxy, int *fd);

/* The number of the question. */
int ostler_broker_response_id(const ostler_broker_response *response, uint64_t *id);
/* Lends what the store says; NULL, with the error, if that is one, such as
 * OSTLER_BROKER_EC_NO_SUCH_KEY. */
const ostler_broker_data *ostler_broker_response_answer(const ostler_broker_response *response);
void ostler_broker_response_free(ostler_broker_response **response);

#ifdef __cplusplus
}
#endif

#endif
