/* Endpoints and their peers. Part of ostler_broker.h. */
#ifndef OSTLER_BROKER_ENDPOINT_H
#define OSTLER_BROKER_ENDPOINT_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Options ---- */

/* To wait without end. */
#define OSTLER_BROKER_NEVER INT64_C(-1)

/* What becomes of a message for which there is no room. */
enum {
    /* The receiver is cut off. */
    OSTLER_BROKER_OVERFLOW_DISCONNECT = 0,
    /* The new message is dropped. */
    OSTLER_BROKER_OVERFLOW_DROP_NEWEST = 1,
    /* The one that has waited longest is dropped. */
    OSTLER_BROKER_OVERFLOW_DROP_OLDEST = 2,
    /* Whoever sends waits. */
    OSTLER_BROKER_OVERFLOW_BLOCK = 3
};

/* What endpoints are told when they are made. May be freed as soon as they are. */
typedef struct ostler_broker_options ostler_broker_options;

/* Files in PEM. */
typedef struct ostler_broker_tls {
    /* The own certificate, with those between it and its authority behind it. */
    ostler_broker_text certificate;
    ostler_broker_text key;
    /* Of the key; empty if it is not encrypted. */
    ostler_broker_text passphrase;
    /* Authorities that the peer's certificate must come from: a file, a folder or both. */
    ostler_broker_text cafile;
    ostler_broker_text capath;
} ostler_broker_tls;

/* The defaults. */
ostler_broker_options *ostler_broker_options_make(void);
void ostler_broker_options_free(ostler_broker_options **options);
/* What the endpoint is called; default a random id, another one for each endpoint. */
int ostler_broker_options_set_id(ostler_broker_options *options, const ostler_broker_id *id);
/* Whether messages of peers go on to other peers; default 1. */
int ostler_broker_options_set_forwarding(ostler_broker_options *options, int forwards);
/* Threads that serve connections, 1 to 256; default 2. */
int ostler_broker_options_set_threads(ostler_broker_options *options, size_t threads);
/* Messages that may wait for one peer, and what becomes of more from elsewhere; default 2048,
 * OSTLER_BROKER_OVERFLOW_DISCONNECT. Who publishes at the endpoint itself waits in any case. */
int ostler_broker_options_set_peer_buffer(ostler_broker_options *options, size_t messages,
                                          int overflow);
/* What may wait for one subscriber; default 4096 messages and 64 MiB. */
int ostler_broker_options_set_subscriber_buffer(ostler_broker_options *options, size_t messages,
                                                size_t bytes);
/* How long publishing waits for receivers that are behind; default 60000. */
int ostler_broker_options_set_publish_wait(ostler_broker_options *options, int64_t milliseconds);
/* How long one attempt to connect takes at most, as far as the connection itself; default 1000. TLS has
 * ten seconds behind that. */
int ostler_broker_options_set_connect_wait(ostler_broker_options *options, int64_t milliseconds);
/* How long freeing an endpoint waits until what was published is sent, and freeing the last handle
 * of a store until what was written is kept or sent; default 10000. */
int ostler_broker_options_set_end_wait(ostler_broker_options *options, int64_t milliseconds);
/* How long a question to a store waits for a master far away, and a change for room, beyond the
 * second for which it waits for readers that are behind; default 10000. */
int ostler_broker_options_set_store_request_wait(ostler_broker_options *options,
                                                 int64_t milliseconds);
/* How long a question to a clone waits for its first snapshot; default 5000. */
int ostler_broker_options_set_store_get_delay(ostler_broker_options *options, int64_t milliseconds);
/* The time from one tick of a store to the next, at least 1; default 100. A master and its clones
 * should have the same, and the same heartbeat: a clone takes its master for gone that is silent for
 * six heartbeats, counted in ticks of its own. */
int ostler_broker_options_set_store_tick(ostler_broker_options *options, int64_t milliseconds);
/* Ticks between two signs of life of a master, a clone or a writer, at least 1; default 5. */
int ostler_broker_options_set_store_heartbeat(ostler_broker_options *options, uint16_t ticks);
/* Has TLS spoken with peers, who must have a certificate of the same authorities; default not. The
 * files are read here: OSTLER_BROKER_EC_CANNOT_OPEN_FILE, OSTLER_BROKER_EC_INVALID_DATA. */
int ostler_broker_options_set_tls(ostler_broker_options *options, const ostler_broker_tls *files);
/* The same for WebSocket clients, of which no certificate is asked; default as with peers. */
int ostler_broker_options_set_web_socket_tls(ostler_broker_options *options,
                                             const ostler_broker_tls *files);

/* ---- Endpoints ---- */

/* Not to connect again. */
#define OSTLER_BROKER_NO_RETRY 0

/* A node: it publishes, subscribes, and peers with others. */
typedef struct ostler_broker_endpoint ostler_broker_endpoint;

ostler_broker_endpoint *ostler_broker_endpoint_make(const ostler_broker_options *options);
/* Sends what waits within the options' end_wait, says goodbye to peers, and ends all its
 * threads. */
void ostler_broker_endpoint_free(ostler_broker_endpoint **endpoint);
/* The same by a deadline: *in_time, which may be NULL, becomes whether all peers have gone by
 * themselves. The handle is freed, unless the deadline is none. */
int ostler_broker_endpoint_shutdown(ostler_broker_endpoint **endpoint, int64_t milliseconds,
                                    int *in_time);
int ostler_broker_endpoint_id(const ostler_broker_endpoint *endpoint, ostler_broker_id *id);

/* Listens for peers at an address or name, at "*" for all of the machine, or at "unix:/PATH". Port
 * 0 lets the kernel choose; *bound, which may be NULL, becomes the port.
 * OSTLER_BROKER_EC_CANNOT_OPEN_RESOURCE if it cannot. */
int ostler_broker_endpoint_listen(const ostler_broker_endpoint *endpoint, const char *address,
                                  size_t length, uint16_t port, uint16_t *bound);
/* Listens for WebSocket clients, under /v1/messages/json. Pages of other origins than these are
 * refused ("*" allows all); with a token, so is whoever does not know it. */
int ostler_broker_endpoint_web_socket_listen(const ostler_broker_endpoint *endpoint,
                                             const char *address, size_t length, uint16_t port,
                                             const ostler_broker_text *origins, size_t count,
                                             const char *token, size_t token_length,
                                             uint16_t *bound);

/* Peers with the node at a place, and waits for it: with a retry, until the deadline, and
 * attempts go on behind it; without one (OSTLER_BROKER_NO_RETRY), for the only attempt. *id,
 * which may be NULL, becomes what the peer is called. OSTLER_BROKER_EC_PEER_UNAVAILABLE and
 * others if it fails. */
int ostler_broker_endpoint_peer(const ostler_broker_endpoint *endpoint, const char *address,
                                size_t length, uint16_t port, uint32_t retry_seconds,
                                int64_t milliseconds, ostler_broker_id *id);
/* The same without waiting: a status subscriber learns what comes of it. */
int ostler_broker_endpoint_peer_nosync(const ostler_broker_endpoint *endpoint, const char *address,
                                       size_t length, uint16_t port, uint32_t retry_seconds);
/* Peers with another endpoint of this process. */
int ostler_broker_endpoint_peer_with(const ostler_broker_endpoint *endpoint,
                                     const ostler_broker_endpoint *other);
/* Parts with the peer at a place, waits until it has gone, and tries no more to reach it.
 * OSTLER_BROKER_EC_PEER_INVALID if there is none, or it does not go. */
int ostler_broker_endpoint_unpeer(const ostler_broker_endpoint *endpoint, const char *address,
                                  size_t length, uint16_t port);
/* The same without waiting. */
int ostler_broker_endpoint_unpeer_nosync(const ostler_broker_endpoint *endpoint,
                                         const char *address, size_t length, uint16_t port);
/* Parts with this peer, also with one that has come by itself, and waits until it has gone. */
int ostler_broker_endpoint_unpeer_id(const ostler_broker_endpoint *endpoint,
                                     const ostler_broker_id *id);
/* Waits until this node is a peer. */
int ostler_broker_endpoint_await_peer(const ostler_broker_endpoint *endpoint,
                                      const ostler_broker_id *id, int64_t milliseconds);
/* Waits until a peer has subscribed to this topic. */
int ostler_broker_endpoint_await_filter_entry(const ostler_broker_endpoint *endpoint,
                                              const char *topic, size_t length,
                                              int64_t milliseconds);

/* Publishes: *receivers, which may be NULL, becomes how many have got it. Waits for receivers that
 * are behind as long as the options' publish_wait; then, as with the next two, nobody gets it
 * (OSTLER_BROKER_EC_REQUEST_TIMEOUT). */
int ostler_broker_endpoint_publish(const ostler_broker_endpoint *endpoint, const char *topic,
                                   size_t length, const ostler_broker_data *data,
                                   size_t *receivers);
/* The same without waiting. */
int ostler_broker_endpoint_try_publish(const ostler_broker_endpoint *endpoint, const char *topic,
                                       size_t length, const ostler_broker_data *data,
                                       size_t *receivers);
/* The same with a deadline of its own. */
int ostler_broker_endpoint_publish_within(const ostler_broker_endpoint *endpoint,
                                          const char *topic, size_t length,
                                          const ostler_broker_data *data, int64_t milliseconds,
                                          size_t *receivers);
/* Publishes to one peer only, whatever it has subscribed to: OSTLER_BROKER_EC_NO_PATH_TO_PEER. */
int ostler_broker_endpoint_publish_to(const ostler_broker_endpoint *endpoint,
                                      const ostler_broker_id *peer, const char *topic,
                                      size_t length, const ostler_broker_data *data);
/* Has peers send the messages of these topics, so that they go on to others. */
int ostler_broker_endpoint_forward(const ostler_broker_endpoint *endpoint,
                                   const ostler_broker_text *topics, size_t count);

/* How far the connection to a peer is. */
enum {
    OSTLER_BROKER_PEER_INITIALIZED = 0,
    OSTLER_BROKER_PEER_CONNECTING = 1,
    OSTLER_BROKER_PEER_CONNECTED = 2,
    OSTLER_BROKER_PEER_PEERED = 3,
    OSTLER_BROKER_PEER_DISCONNECTED = 4,
    OSTLER_BROKER_PEER_RECONNECTING = 5,
    OSTLER_BROKER_PEER_UNKNOWN = 6
};

/* The peers that there are at one time, and those that are being connected to. */
typedef struct ostler_broker_peers ostler_broker_peers;

ostler_broker_peers *ostler_broker_endpoint_peers(const ostler_broker_endpoint *endpoint);
size_t ostler_broker_peers_size(const ostler_broker_peers *peers);
/* All zeros before hands are shaken. */
int ostler_broker_peers_id(const ostler_broker_peers *peers, size_t index, ostler_broker_id *id);
/* Lends the address. */
int ostler_broker_peers_address(const ostler_broker_peers *peers, size_t index, const char **bytes,
                                size_t *length, uint16_t *port);
int ostler_broker_peers_state(const ostler_broker_peers *peers, size_t index, int *state);
/* The original's name of a state, with a zero behind it; never freed. */
const char *ostler_broker_peer_state_name(int state);
void ostler_broker_peers_free(ostler_broker_peers **peers);

#ifdef __cplusplus
}
#endif

#endif
