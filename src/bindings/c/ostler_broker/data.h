/* Values of the fifteen types. Part of ostler_broker.h. */
#ifndef OSTLER_BROKER_DATA_H
#define OSTLER_BROKER_DATA_H

#include "errors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The types, by their tags in the binary form. */
enum {
    OSTLER_BROKER_TYPE_NONE = 0,
    OSTLER_BROKER_TYPE_BOOLEAN = 1,
    OSTLER_BROKER_TYPE_COUNT = 2,
    OSTLER_BROKER_TYPE_INTEGER = 3,
    OSTLER_BROKER_TYPE_REAL = 4,
    OSTLER_BROKER_TYPE_STRING = 5,
    OSTLER_BROKER_TYPE_ADDRESS = 6,
    OSTLER_BROKER_TYPE_SUBNET = 7,
    OSTLER_BROKER_TYPE_PORT = 8,
    OSTLER_BROKER_TYPE_TIMESTAMP = 9,
    OSTLER_BROKER_TYPE_TIMESPAN = 10,
    OSTLER_BROKER_TYPE_ENUM = 11,
    OSTLER_BROKER_TYPE_SET = 12,
    OSTLER_BROKER_TYPE_TABLE = 13,
    OSTLER_BROKER_TYPE_VECTOR = 14
};

/* The protocols of ports. */
enum {
    OSTLER_BROKER_PROTOCOL_UNKNOWN = 0,
    OSTLER_BROKER_PROTOCOL_TCP = 1,
    OSTLER_BROKER_PROTOCOL_UDP = 2,
    OSTLER_BROKER_PROTOCOL_ICMP = 3
};

/* A value of one of the types. */
typedef struct ostler_broker_data ostler_broker_data;

ostler_broker_data *ostler_broker_data_none(void);
/* True unless it is 0. */
ostler_broker_data *ostler_broker_data_boolean(int value);
ostler_broker_data *ostler_broker_data_count(uint64_t value);
ostler_broker_data *ostler_broker_data_integer(int64_t value);
ostler_broker_data *ostler_broker_data_real(double value);
/* Any bytes. */
ostler_broker_data *ostler_broker_data_string(const char *bytes, size_t length);
/* 4 bytes for IPv4 or 16 for IPv6, in the order of the network. */
ostler_broker_data *ostler_broker_data_address(const uint8_t *address, size_t length);
/* The network of an address; the prefix has at most 32 bits for IPv4, else at most 128. */
ostler_broker_data *ostler_broker_data_subnet(const uint8_t *address, size_t length,
                                              unsigned int prefix);
ostler_broker_data *ostler_broker_data_port(uint16_t number, int protocol);
/* Nanoseconds since the beginning of 1970 in UTC. */
ostler_broker_data *ostler_broker_data_timestamp(int64_t nanoseconds);
ostler_broker_data *ostler_broker_data_timespan(int64_t nanoseconds);
/* The name of a label, like Log::WRITER_ASCII. */
ostler_broker_data *ostler_broker_data_enum(const char *name, size_t length);
/* Empty containers. */
ostler_broker_data *ostler_broker_data_set(void);
ostler_broker_data *ostler_broker_data_table(void);
ostler_broker_data *ostler_broker_data_vector(void);

ostler_broker_data *ostler_broker_data_clone(const ostler_broker_data *data);
void ostler_broker_data_free(ostler_broker_data **data);

/* The type, or -1 for NULL. */
int ostler_broker_data_type(const ostler_broker_data *data);
/* The name of a type as it is in JSON, with a zero behind it; never freed. */
const char *ostler_broker_type_name(int type);
/* *order becomes -1, 0 or 1. Values of different types are ordered by their types. */
int ostler_broker_data_compare(const ostler_broker_data *one, const ostler_broker_data *other,
                               int *order);

/* What a value is. If it is of another type: OSTLER_BROKER_EC_CONVERSION_FAILED. Strings are
 * lent. */
int ostler_broker_data_as_boolean(const ostler_broker_data *data, int *value);
int ostler_broker_data_as_count(const ostler_broker_data *data, uint64_t *value);
int ostler_broker_data_as_integer(const ostler_broker_data *data, int64_t *value);
int ostler_broker_data_as_real(const ostler_broker_data *data, double *value);
int ostler_broker_data_as_string(const ostler_broker_data *data, const char **bytes,
                                 size_t *length);
/* *length becomes 4 or 16: as many bytes are written. */
int ostler_broker_data_as_address(const ostler_broker_data *data, uint8_t address[16],
                                  size_t *length);
int ostler_broker_data_as_subnet(const ostler_broker_data *data, uint8_t address[16],
                                 size_t *length, unsigned int *prefix);
int ostler_broker_data_as_port(const ostler_broker_data *data, uint16_t *number, int *protocol);
int ostler_broker_data_as_timestamp(const ostler_broker_data *data, int64_t *nanoseconds);
int ostler_broker_data_as_timespan(const ostler_broker_data *data, int64_t *nanoseconds);
int ostler_broker_data_as_enum(const ostler_broker_data *data, const char **name, size_t *length);

/* As text, as the original prints it: strings stand in it as they are. */
ostler_broker_buffer *ostler_broker_data_to_text(const ostler_broker_data *data);
/* The value of a type out of that text, containers excepted. */
ostler_broker_data *ostler_broker_data_parse(int type, const char *text, size_t length);
/* In the binary form of peers, and out of it (OSTLER_BROKER_EC_DESERIALIZATION_FAILED). */
ostler_broker_buffer *ostler_broker_data_encode(const ostler_broker_data *data);
ostler_broker_data *ostler_broker_data_decode(const char *bytes, size_t length);
/* In the JSON of WebSocket clients, {"@data-type":...,"data":...}, and out of it
 * (OSTLER_BROKER_EC_INVALID_JSON). A real that is no number has no JSON
 * (OSTLER_BROKER_EC_SERIALIZATION_FAILED). */
ostler_broker_buffer *ostler_broker_data_to_json(const ostler_broker_data *data);
ostler_broker_data *ostler_broker_data_from_json(const char *json, size_t length);

#ifdef __cplusplus
}
#endif

#endif
