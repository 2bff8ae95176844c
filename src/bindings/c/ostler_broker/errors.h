/* Strings, ids, buffers and errors. Part of ostler_broker.h. */
#ifndef OSTLER_BROKER_ERRORS_H
#define OSTLER_BROKER_ERRORS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Strings, ids, buffers ---- */

/* A literal as the two arguments of a string, or as the two fields of an ostler_broker_text. */
#define OSTLER_BROKER_LITERAL(literal) (literal), (sizeof(literal) - 1)

/* A string in a list or a structure. */
typedef struct ostler_broker_text {
    const char *bytes;
    size_t length;
} ostler_broker_text;

/* What an endpoint is called; all bytes are 0 for nobody. */
typedef struct ostler_broker_id {
    uint8_t bytes[16];
} ostler_broker_id;

/* Bytes that the library has made. A zero stands behind them, so that text can be printed. */
typedef struct ostler_broker_buffer ostler_broker_buffer;

/* Lends the bytes. */
const char *ostler_broker_buffer_bytes(const ostler_broker_buffer *buffer);
/* How many there are, without the zero; 0 for NULL. */
size_t ostler_broker_buffer_length(const ostler_broker_buffer *buffer);
void ostler_broker_buffer_free(ostler_broker_buffer **buffer);

/* An id as text, like 01234567-89ab-cdef-0123-456789abcdef. */
ostler_broker_buffer *ostler_broker_id_to_text(const ostler_broker_id *id);
int ostler_broker_id_from_text(const char *text, size_t length, ostler_broker_id *id);

/* ---- Errors ---- */

enum {
    OSTLER_BROKER_EC_NONE = 0,
    OSTLER_BROKER_EC_UNSPECIFIED = 1,
    OSTLER_BROKER_EC_PEER_INCOMPATIBLE = 2,
    OSTLER_BROKER_EC_PEER_INVALID = 3,
    OSTLER_BROKER_EC_PEER_UNAVAILABLE = 4,
    OSTLER_BROKER_EC_PEER_DISCONNECT_DURING_HANDSHAKE = 5,
    OSTLER_BROKER_EC_PEER_TIMEOUT = 6,
    OSTLER_BROKER_EC_MASTER_EXISTS = 7,
    OSTLER_BROKER_EC_NO_SUCH_MASTER = 8,
    OSTLER_BROKER_EC_NO_SUCH_KEY = 9,
    OSTLER_BROKER_EC_REQUEST_TIMEOUT = 10,
    OSTLER_BROKER_EC_TYPE_CLASH = 11,
    OSTLER_BROKER_EC_INVALID_DATA = 12,
    OSTLER_BROKER_EC_BACKEND_FAILURE = 13,
    OSTLER_BROKER_EC_STALE_DATA = 14,
    OSTLER_BROKER_EC_CANNOT_OPEN_FILE = 15,
    OSTLER_BROKER_EC_CANNOT_WRITE_FILE = 16,
    OSTLER_BROKER_EC_INVALID_TOPIC_KEY = 17,
    OSTLER_BROKER_EC_END_OF_FILE = 18,
    OSTLER_BROKER_EC_INVALID_TAG = 19,
    OSTLER_BROKER_EC_INVALID_MESSAGE = 20,
    OSTLER_BROKER_EC_INVALID_STATUS = 21,
    OSTLER_BROKER_EC_CONVERSION_FAILED = 22,
    OSTLER_BROKER_EC_CONSUMER_EXISTS = 23,
    OSTLER_BROKER_EC_CONNECTION_TIMEOUT = 24,
    OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL = 25,
    OSTLER_BROKER_EC_REPEATED_REQUEST_ID = 26,
    OSTLER_BROKER_EC_BROKEN_CLONE = 27,
    OSTLER_BROKER_EC_SHUTTING_DOWN = 28,
    OSTLER_BROKER_EC_INVALID_PEERING_REQUEST = 29,
    OSTLER_BROKER_EC_REPEATED_PEERING_HANDSHAKE_REQUEST = 30,
    OSTLER_BROKER_EC_UNEXPECTED_HANDSHAKE_MESSAGE = 31,
    OSTLER_BROKER_EC_INVALID_HANDSHAKE_STATE = 32,
    OSTLER_BROKER_EC_NO_PATH_TO_PEER = 33,
    OSTLER_BROKER_EC_NO_CONNECTOR_AVAILABLE = 34,
    OSTLER_BROKER_EC_CANNOT_OPEN_RESOURCE = 35,
    OSTLER_BROKER_EC_SERIALIZATION_FAILED = 36,
    OSTLER_BROKER_EC_DESERIALIZATION_FAILED = 37,
    OSTLER_BROKER_EC_WRONG_MAGIC_NUMBER = 38,
    OSTLER_BROKER_EC_REDUNDANT_CONNECTION = 39,
    OSTLER_BROKER_EC_LOGIC_ERROR = 40,
    OSTLER_BROKER_EC_INVALID_JSON = 41
};

/* The number of the last error in this thread; 0 if there was none. Calls that succeed leave it. */
int ostler_broker_last_error_code(void);
/* Its words with a zero behind them, empty if there was none; lent until the next call fails. */
const char *ostler_broker_last_error(void);
/* The original's name of an error, like "no_such_key", with a zero behind it; never freed. */
const char *ostler_broker_ec_name(int code);
/* The library's version with a zero behind it. */
const char *ostler_broker_version(void);

#ifdef __cplusplus
}
#endif

#endif
