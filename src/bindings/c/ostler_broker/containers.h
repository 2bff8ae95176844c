/* Sets, tables and vectors. Part of ostler_broker.h. */
#ifndef OSTLER_BROKER_CONTAINERS_H
#define OSTLER_BROKER_CONTAINERS_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Elements, keys and values that are put into one are given away, so that a call can stand in
 * another one's place: if the inner one fails, so does the outer one. They are no container in
 * which they are put themselves, nor lent by anything. Values lie in one another at most 128 deep. */

/* How many elements or entries a set, a table or a vector has. */
int ostler_broker_data_size(const ostler_broker_data *data, size_t *size);

/* Lends the element with this index. */
const ostler_broker_data *ostler_broker_vector_at(const ostler_broker_data *vector, size_t index);
int ostler_broker_vector_append(ostler_broker_data *vector, ostler_broker_data *element);
int ostler_broker_vector_replace(ostler_broker_data *vector, size_t index,
                                 ostler_broker_data *element);
int ostler_broker_vector_remove(ostler_broker_data *vector, size_t index);

/* *is_new becomes whether the set did not have it; it may be NULL. */
int ostler_broker_set_insert(ostler_broker_data *set, ostler_broker_data *element, int *is_new);
int ostler_broker_set_contains(const ostler_broker_data *set, const ostler_broker_data *element,
                               int *is_there);
/* OSTLER_BROKER_EC_NO_SUCH_KEY if it is not there. The element may be lent by the set itself, and is
 * no longer there then. */
int ostler_broker_set_remove(ostler_broker_data *set, const ostler_broker_data *element);

/* In place of a value with the same key, if there is one. */
int ostler_broker_table_insert(ostler_broker_data *table, ostler_broker_data *key,
                               ostler_broker_data *value);
/* Lends the value with this key; OSTLER_BROKER_EC_NO_SUCH_KEY if there is none. */
const ostler_broker_data *ostler_broker_table_find(const ostler_broker_data *table,
                                                   const ostler_broker_data *key);
/* Likewise; the key may be lent by the table itself. */
int ostler_broker_table_remove(ostler_broker_data *table, const ostler_broker_data *key);

/* Goes through a set, a table or a vector, in its order. The container must neither be changed nor
 * freed before the iterator is freed. */
typedef struct ostler_broker_iterator ostler_broker_iterator;

ostler_broker_iterator *ostler_broker_iterator_make(const ostler_broker_data *data);
/* Lends the next element or value, and the key of a value; key may be NULL, and *key becomes NULL
 * for sets and vectors. OSTLER_BROKER_EC_END_OF_FILE behind the last one. */
int ostler_broker_iterator_next(ostler_broker_iterator *iterator, const ostler_broker_data **key,
                                const ostler_broker_data **value);
void ostler_broker_iterator_free(ostler_broker_iterator **iterator);

#ifdef __cplusplus
}
#endif

#endif
