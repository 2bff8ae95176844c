/* Values of all types are made, looked at, and the same again in each of their forms. */
#include "check.h"

/* Through text, the binary form and JSON; containers have no text that is read. */
static void comes_back(ostler_broker_data *data, const char *text) {
    int type = ostler_broker_data_type(data);
    ostler_broker_buffer *form;
    ostler_broker_data *back;

    CHECK(data != NULL);
    CHECK(made(ostler_broker_data_to_text(data), text));
    if (type < OSTLER_BROKER_TYPE_SET) {
        back = ostler_broker_data_parse(type, text, strlen(text));
        CHECK(back != NULL && same(data, back));
        ostler_broker_data_free(&back);
    }

    form = ostler_broker_data_encode(data);
    CHECK(ostler_broker_buffer_bytes(form)[0] == type);
    back = ostler_broker_data_decode(ostler_broker_buffer_bytes(form),
                                     ostler_broker_buffer_length(form));
    CHECK(back != NULL && same(data, back));
    ostler_broker_data_free(&back);
    GIVES_NONE(OSTLER_BROKER_EC_DESERIALIZATION_FAILED,
               ostler_broker_data_decode(ostler_broker_buffer_bytes(form),
                                         ostler_broker_buffer_length(form) + 1));
    ostler_broker_buffer_free(&form);

    form = ostler_broker_data_to_json(data);
    CHECK(strstr(ostler_broker_buffer_bytes(form), ostler_broker_type_name(type)) != NULL);
    back = ostler_broker_data_from_json(ostler_broker_buffer_bytes(form),
                                        ostler_broker_buffer_length(form));
    CHECK(back != NULL && same(data, back));
    ostler_broker_data_free(&back);
    ostler_broker_buffer_free(&form);

    back = ostler_broker_data_clone(data);
    CHECK(back != data && same(data, back));
    ostler_broker_data_free(&back);
    ostler_broker_data_free(&data);
    CHECK(data == NULL);
}

static void plain_values(void) {
    static const uint8_t v4[] = {192, 0, 2, 1};
    static const uint8_t v6[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    comes_back(ostler_broker_data_none(), "nil");
    comes_back(ostler_broker_data_boolean(1), "T");
    comes_back(ostler_broker_data_boolean(0), "F");
    comes_back(ostler_broker_data_count(UINT64_MAX), "18446744073709551615");
    comes_back(ostler_broker_data_integer(INT64_MIN), "-9223372036854775808");
    comes_back(ostler_broker_data_real(-1.5), "-1.500000");
    comes_back(ostler_broker_data_string(LITERAL("h\303\251")), "h\303\251");
    comes_back(ostler_broker_data_string(NULL, 0), "");
    comes_back(ostler_broker_data_address(v4, sizeof v4), "192.0.2.1");
    comes_back(ostler_broker_data_address(v6, sizeof v6), "2001:db8::1");
    comes_back(ostler_broker_data_subnet(v4, sizeof v4, 24), "192.0.2.0/24");
    comes_back(ostler_broker_data_subnet(v6, sizeof v6, 32), "2001:db8::/32");
    comes_back(ostler_broker_data_port(8080, OSTLER_BROKER_PROTOCOL_TCP), "8080/tcp");
    comes_back(ostler_broker_data_port(53, OSTLER_BROKER_PROTOCOL_UDP), "53/udp");
    comes_back(ostler_broker_data_port(8, OSTLER_BROKER_PROTOCOL_ICMP), "8/icmp");
    comes_back(ostler_broker_data_port(1, OSTLER_BROKER_PROTOCOL_UNKNOWN), "1/?");
    comes_back(ostler_broker_data_timestamp(INT64_C(1700000000123456789)),
               "1700000000123456789ns");
    comes_back(ostler_broker_data_timespan(-5), "-5ns");
    comes_back(ostler_broker_data_enum(LITERAL("Log::WRITER_ASCII")), "Log::WRITER_ASCII");
}

static void what_values_are(void) {
    static const uint8_t v4[] = {10, 1, 2, 3};
    ostler_broker_data *data = ostler_broker_data_subnet(v4, sizeof v4, 8);
    uint8_t address[16];
    const char *bytes;
    size_t length = 0;
    unsigned int prefix = 0;
    int flag = 7, protocol = 0;
    uint64_t count = 0;
    int64_t integer = 0;
    double real = 0;
    uint16_t port = 0;

    OK(ostler_broker_data_as_subnet(data, address, &length, &prefix));
    CHECK(length == 4 && prefix == 8 && address[0] == 10 && address[1] == 0);
    FAILS(OSTLER_BROKER_EC_CONVERSION_FAILED, ostler_broker_data_as_count(data, &count));
    CHECK(strcmp(ostler_broker_last_error(), "the value is of the type subnet, not count") == 0);
    ostler_broker_data_free(&data);

    data = ostler_broker_data_address(v4, sizeof v4);
    OK(ostler_broker_data_as_address(data, address, &length));
    CHECK(length == sizeof v4 && memcmp(address, v4, length) == 0);
    ostler_broker_data_free(&data);

    data = ostler_broker_data_boolean(-3);
    OK(ostler_broker_data_as_boolean(data, &flag));
    CHECK(flag == 1);
    ostler_broker_data_free(&data);

    data = ostler_broker_data_count(7);
    OK(ostler_broker_data_as_count(data, &count));
    CHECK(count == 7);
    FAILS(OSTLER_BROKER_EC_CONVERSION_FAILED, ostler_broker_data_as_integer(data, &integer));
    ostler_broker_data_free(&data);

    data = ostler_broker_data_integer(-7);
    OK(ostler_broker_data_as_integer(data, &integer));
    CHECK(integer == -7);
    ostler_broker_data_free(&data);

    data = ostler_broker_data_real(0.25);
    OK(ostler_broker_data_as_real(data, &real));
    CHECK(real == 0.25);
    ostler_broker_data_free(&data);

    data = ostler_broker_data_string("a\0b", 3);
    OK(ostler_broker_data_as_string(data, &bytes, &length));
    CHECK(length == 3 && memcmp(bytes, "a\0b", 3) == 0);
    ostler_broker_data_free(&data);

    data = ostler_broker_data_port(22, OSTLER_BROKER_PROTOCOL_TCP);
    OK(ostler_broker_data_as_port(data, &port, &protocol));
    CHECK(port == 22 && protocol == OSTLER_BROKER_PROTOCOL_TCP);
    ostler_broker_data_free(&data);

    data = ostler_broker_data_timestamp(12);
    OK(ostler_broker_data_as_timestamp(data, &integer));
    CHECK(integer == 12);
    ostler_broker_data_free(&data);

    data = ostler_broker_data_timespan(13);
    OK(ostler_broker_data_as_timespan(data, &integer));
    CHECK(integer == 13);
    ostler_broker_data_free(&data);

    data = ostler_broker_data_enum(LITERAL("A::B"));
    OK(ostler_broker_data_as_enum(data, &bytes, &length));
    CHECK(is(bytes, length, "A::B"));
    ostler_broker_data_free(&data);
}

static void vectors(void) {
    ostler_broker_data *vector = ostler_broker_data_vector();
    ostler_broker_iterator *iterator;
    const ostler_broker_data *key, *value;
    uint64_t sum = 0, count;
    size_t size;
    OK(ostler_broker_vector_append(vector, ostler_broker_data_count(1)));
    OK(ostler_broker_vector_append(vector, ostler_broker_data_count(2)));
    OK(ostler_broker_vector_append(vector, ostler_broker_data_count(4)));
    OK(ostler_broker_vector_replace(vector, 1, ostler_broker_data_count(8)));
    OK(ostler_broker_vector_remove(vector, 0));
    FAILS(OSTLER_BROKER_EC_INVALID_DATA, ostler_broker_vector_remove(vector, 2));
    FAILS(OSTLER_BROKER_EC_INVALID_DATA,
          ostler_broker_vector_replace(vector, 2, ostler_broker_data_none()));
    GIVES_NONE(OSTLER_BROKER_EC_INVALID_DATA, ostler_broker_vector_at(vector, 2));
    OK(ostler_broker_data_as_count(ostler_broker_vector_at(vector, 0), &count));
    OK(ostler_broker_data_size(vector, &size));
    CHECK(count == 8 && size == 2);

    iterator = ostler_broker_iterator_make(vector);
    while (ostler_broker_iterator_next(iterator, &key, &value) == 0) {
        OK(ostler_broker_data_as_count(value, &count));
        CHECK(key == NULL);
        sum += count;
    }
    CHECK(ostler_broker_last_error_code() == OSTLER_BROKER_EC_END_OF_FILE && sum == 12);
    ostler_broker_iterator_free(&iterator);
    CHECK(iterator == NULL);
    comes_back(vector, "(8, 4)");
}

static void sets(void) {
    ostler_broker_data *set = ostler_broker_data_set(), *element = string("b");
    ostler_broker_iterator *iterator;
    const ostler_broker_data *lent;
    int flag = 0;
    OK(ostler_broker_set_insert(set, string("b"), &flag));
    CHECK(flag == 1);
    OK(ostler_broker_set_insert(set, string("b"), &flag));
    CHECK(flag == 0);
    OK(ostler_broker_set_insert(set, string("a"), NULL));
    OK(ostler_broker_set_contains(set, element, &flag));
    CHECK(flag == 1);
    CHECK(made(ostler_broker_data_to_text(set), "{a, b}"));
    OK(ostler_broker_set_remove(set, element));
    FAILS(OSTLER_BROKER_EC_NO_SUCH_KEY, ostler_broker_set_remove(set, element));
    OK(ostler_broker_set_contains(set, element, &flag));
    CHECK(flag == 0);
    ostler_broker_data_free(&element);
    CHECK(made(ostler_broker_data_to_text(set), "{a}"));

    /* Also by the element itself, which the set lends. */
    OK(ostler_broker_set_insert(set, string("c"), NULL));
    iterator = ostler_broker_iterator_make(set);
    OK(ostler_broker_iterator_next(iterator, NULL, &lent));
    OK(ostler_broker_iterator_next(iterator, NULL, &lent));
    ostler_broker_iterator_free(&iterator);
    OK(ostler_broker_set_remove(set, lent));
    FAILS(OSTLER_BROKER_EC_NO_SUCH_KEY, ostler_broker_set_remove(set, set));
    comes_back(set, "{a}");
}

static void tables(void) {
    ostler_broker_data *table = ostler_broker_data_table(), *key = string("b");
    ostler_broker_iterator *iterator;
    const ostler_broker_data *found, *value, *lent;
    OK(ostler_broker_table_insert(table, string("b"), ostler_broker_data_count(1)));
    OK(ostler_broker_table_insert(table, string("b"), ostler_broker_data_count(2)));
    OK(ostler_broker_table_insert(table, string("a"), ostler_broker_data_set()));
    CHECK(made(ostler_broker_data_to_text(ostler_broker_table_find(table, key)), "2"));
    iterator = ostler_broker_iterator_make(table);
    OK(ostler_broker_iterator_next(iterator, &found, &value));
    CHECK(made(ostler_broker_data_to_text(found), "a"));
    CHECK(ostler_broker_data_type(value) == OSTLER_BROKER_TYPE_SET);
    OK(ostler_broker_iterator_next(iterator, NULL, &value));
    FAILS(OSTLER_BROKER_EC_END_OF_FILE, ostler_broker_iterator_next(iterator, NULL, &value));
    ostler_broker_iterator_free(&iterator);
    CHECK(made(ostler_broker_data_to_text(table), "{a -> {}, b -> 2}"));
    OK(ostler_broker_table_remove(table, key));
    FAILS(OSTLER_BROKER_EC_NO_SUCH_KEY, ostler_broker_table_remove(table, key));
    GIVES_NONE(OSTLER_BROKER_EC_NO_SUCH_KEY, ostler_broker_table_find(table, key));
    ostler_broker_data_free(&key);

    OK(ostler_broker_table_insert(table, string("c"), ostler_broker_data_count(1)));
    iterator = ostler_broker_iterator_make(table);
    OK(ostler_broker_iterator_next(iterator, &lent, &value));
    OK(ostler_broker_iterator_next(iterator, &lent, &value));
    ostler_broker_iterator_free(&iterator);
    OK(ostler_broker_table_remove(table, lent));
    comes_back(table, "{a -> {}}");
}

static void order(void) {
    ostler_broker_data *one = ostler_broker_data_count(2), *other = ostler_broker_data_integer(1);
    int order = 0;
    OK(ostler_broker_data_compare(one, other, &order));
    CHECK(order == -1);
    OK(ostler_broker_data_compare(other, one, &order));
    CHECK(order == 1);
    ostler_broker_data_free(&one);
    ostler_broker_data_free(&other);
}

static void events(void) {
    ostler_broker_data *arguments = ostler_broker_data_vector(), *data, *none;
    ostler_broker_event *event, *back;
    const char *bytes;
    size_t length;
    int64_t time = 0;
    OK(ostler_broker_vector_append(arguments, string("client1")));
    event = ostler_broker_event_make(LITERAL("Backup::finished"), arguments);
    FAILS(OSTLER_BROKER_EC_NO_SUCH_KEY, ostler_broker_event_timestamp(event, &time));
    OK(ostler_broker_event_set_timestamp(event, 41));
    OK(ostler_broker_event_set_timestamp(event, 42));
    OK(ostler_broker_event_set_metadata(event, 200, string("more")));
    FAILS(OSTLER_BROKER_EC_CONVERSION_FAILED,
          ostler_broker_event_set_metadata(event, OSTLER_BROKER_NETWORK_TIMESTAMP, string("x")));
    data = ostler_broker_event_to_data(event);
    CHECK(made(ostler_broker_data_to_text(data),
               "(1, 1, (Backup::finished, (client1), ((1, 42ns), (200, more))))"));
    ostler_broker_event_free(&event);

    back = ostler_broker_event_from_data(data);
    OK(ostler_broker_event_name(back, &bytes, &length));
    CHECK(is(bytes, length, "Backup::finished"));
    CHECK(made(ostler_broker_data_to_text(ostler_broker_event_arguments(back)), "(client1)"));
    OK(ostler_broker_event_timestamp(back, &time));
    CHECK(time == 42);
    CHECK(made(ostler_broker_data_to_text(ostler_broker_event_metadata(back, 200)), "more"));
    GIVES_NONE(OSTLER_BROKER_EC_NO_SUCH_KEY, ostler_broker_event_metadata(back, 201));
    ostler_broker_event_free(&back);
    ostler_broker_data_free(&data);
    none = ostler_broker_data_vector();
    GIVES_NONE(OSTLER_BROKER_EC_CONVERSION_FAILED, ostler_broker_event_from_data(none));
    ostler_broker_data_free(&none);
}

int main(void) {
    plain_values();
    what_values_are();
    vectors();
    sets();
    tables();
    order();
    events();
    CHECK(strcmp(ostler_broker_ec_name(OSTLER_BROKER_EC_NO_SUCH_KEY), "no_such_key") == 0);
    CHECK(strcmp(ostler_broker_sc_name(OSTLER_BROKER_SC_PEER_LOST), "peer_lost") == 0);
    CHECK(strcmp(ostler_broker_peer_state_name(OSTLER_BROKER_PEER_PEERED), "peered") == 0);
    CHECK(strcmp(ostler_broker_type_name(OSTLER_BROKER_TYPE_ENUM), "enum-value") == 0);
    puts(ostler_broker_version());
    return 0;
}
