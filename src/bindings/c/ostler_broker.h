/*
 * ostler_broker.h - Zeek's Broker for C: values, endpoints that publish and subscribe, peers,
 * Zeek's events, and key-value stores. C99 or C++; link with -lostler_broker (pkg-config
 * ostler-broker). What holds for all functions stands here, and beside each what it does.
 *
 * ERRORS
 *   A function that returns int returns 0, or the number of an error: one of OSTLER_BROKER_EC_*,
 *   which are those of the original. One that returns a pointer returns NULL where it fails. What
 *   went wrong last in the calling thread is told by ostler_broker_last_error_code() and, in
 *   words, by ostler_broker_last_error(). What places for results hold where a call fails is
 *   nothing to go by, but places of handles are NULL then.
 *   A handle or a place that is NULL though it is needed is
 *   OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL; text that is not UTF-8 where it must be, and numbers
 *   that stand for nothing, are OSTLER_BROKER_EC_INVALID_DATA. A fault of the library itself is
 *   OSTLER_BROKER_EC_LOGIC_ERROR; nothing is ever thrown. The process is ended only where there is
 *   no memory left, as any program in Rust is.
 *
 * HANDLES
 *   Each type with a function ..._free is a handle, which whoever got it must free. That function
 *   takes the address of the variable and makes it NULL, so that a handle that is used once freed
 *   is found to be NULL; copies of it are the caller's affair. NULL may be freed.
 *   "Lent" is what belongs to a handle: it must not be freed, and lives until the handle is changed
 *   or freed. "Given away" is a handle that belongs to the function from then on, even if it fails;
 *   it must not be used any more, and not be given twice in one call.
 *
 * STRINGS
 *   A string is a pointer and a length in bytes; it may hold any bytes, also zeros, and none needs
 *   to stand behind it. NULL with the length 0 is the empty string. OSTLER_BROKER_LITERAL("x") is
 *   both for a literal. Strings that are lent have no zero behind them unless that is said.
 *
 * THREADS
 *   Different handles may be used by different threads at any time. The same one:
 *   - endpoints, status subscribers, stores and their proxies by any number of threads at once;
 *   - subscribers by one at a time: another one gets OSTLER_BROKER_EC_BAD_MEMBER_FUNCTION_CALL;
 *   - all others by any number while nobody changes them.
 *   Freeing, and ostler_broker_endpoint_shutdown(), must be the only call with that handle, and the
 *   last. Subscribers and stores may be freed before their endpoint or behind it.
 *   An endpoint has threads of its own. They are not in a child of fork(2), where its handles must
 *   not be used; and they have the signal mask of the thread that makes the endpoint, listens with
 *   it or attaches a store: whoever waits for signals blocks them before.
 *
 * WAITS
 *   In milliseconds. 0 is not to wait; OSTLER_BROKER_NEVER is to wait without end where a deadline
 *   is asked for. What does not happen in time is OSTLER_BROKER_EC_REQUEST_TIMEOUT.
 */
#ifndef OSTLER_BROKER_H
#define OSTLER_BROKER_H

#include "ostler_broker/containers.h"
#include "ostler_broker/data.h"
#include "ostler_broker/endpoint.h"
#include "ostler_broker/errors.h"
#include "ostler_broker/event.h"
#include "ostler_broker/store.h"
#include "ostler_broker/subscriber.h"

#endif
