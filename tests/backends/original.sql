-- What Broker 2.7.1 leaves in a new file, in the statements with which it does so.
create table if not exists meta(key text primary key, value text);
create table if not exists store(key blob primary key, value blob, expiry integer);
replace into meta(key, value) values('broker_version', '2.7.1');
-- count 1, for ever: "two".
replace into store(key, value, expiry)
    values(x'020000000000000001', x'050374776f', null);
-- "k", until a moment of November 2023: (count 1, "two", nil).
replace into store(key, value, expiry)
    values(x'05016b', x'0e03020000000000000001050374776f00', 1700000000123456789);
-- 10.0.0.0/8: {"k1": count 1, "k2": (true, false)}.
replace into store(key, value, expiry)
    values(x'0700000000000000000000ffff0a00000068',
           x'0d0205026b3102000000000000000105026b320e0201010100', null);
-- An enumeration's label: -1ns.
replace into store(key, value, expiry)
    values(x'0b094c6f673a3a54455354', x'0affffffffffffffff', -1);
