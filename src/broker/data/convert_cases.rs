//! Values out of what Rust has, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{
    ConvertError, Data, EnumValue, FromData, Port, Subnet, Timespan, Timestamp, Type, contains,
};

/// Turns it into a value of the type, and back.
fn both_ways<T: Clone + Debug + PartialEq + Into<Data> + FromData>(original: T, expected: Type) {
    let value: Data = original.clone().into();
    assert_eq!(value.data_type(), expected);
    assert_eq!(value.get::<T>(), Ok(original));
}

#[test]
fn what_rust_has_becomes_a_value_and_comes_back() {
    both_ways((), Type::None);
    both_ways(true, Type::Boolean);
    both_ways(7_u16, Type::Count);
    both_ways(u64::MAX, Type::Count);
    both_ways(-7_i32, Type::Integer);
    both_ways(i64::MIN, Type::Integer);
    both_ways(-0.5, Type::Real);
    both_ways("é".to_owned(), Type::String);
    both_ways(b"\xff\0".to_vec(), Type::String);
    both_ways(IpAddr::from([10, 0, 0, 1]), Type::Address);
    both_ways("10.0.0.0/8".parse::<Subnet>().unwrap(), Type::Subnet);
    both_ways(Port::udp(53), Type::Port);
    both_ways(Timestamp::from_nanos(-1), Type::Timestamp);
    both_ways(Timespan::from_nanos(-1), Type::Timespan);
    both_ways(EnumValue::new("Conn::LOG"), Type::Enum);
    both_ways(Some(7_u64), Type::Count);
    both_ways(None::<u64>, Type::None);
    both_ways(vec![Some(1_u64), None], Type::Vector);
    both_ways(BTreeSet::from(["a".to_owned(), "b".to_owned()]), Type::Set);
    both_ways(BTreeMap::from([(1_u64, vec![true]), (2, vec![])]), Type::Table);
    both_ways((1_u64, "two".to_owned(), Some(3.5), vec![(Port::tcp(4), false)]), Type::Vector);
}

#[test]
fn what_does_not_fit_is_refused() {
    assert_eq!(u16::try_from(Data::Count(65_536)), Err(ConvertError::Range));
    assert_eq!(i32::try_from(Data::Integer(i64::MIN)), Err(ConvertError::Range));
    assert_eq!(String::try_from(Data::from(&b"\xff"[..])), Err(ConvertError::Utf8));
    let wrong = ConvertError::Type { expected: Type::Count, found: Type::Integer };
    assert_eq!(u64::try_from(Data::Integer(1)), Err(wrong));
    let short = ConvertError::Length { expected: 2, found: 1 };
    assert_eq!(Data::from([1_u64]).get::<(u64, u64)>(), Err(short));
    assert!(Data::from([1_u64]).get::<Vec<String>>().is_err());
}

#[test]
fn times_beyond_the_range_are_refused_and_others_come_back() {
    for time in [
        UNIX_EPOCH,
        UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789),
        UNIX_EPOCH - Duration::new(1, 500_000_000),
    ] {
        let value = Data::try_from(time).unwrap();
        assert_eq!(SystemTime::try_from(value), Ok(time));
    }
    let century = Duration::from_secs(100 * 366 * 86_400);
    assert_eq!(Data::try_from(UNIX_EPOCH + 3 * century), Err(ConvertError::Range));
    assert_eq!(Data::try_from(UNIX_EPOCH - 3 * century), Err(ConvertError::Range));
    assert_eq!(Data::try_from(3 * century), Err(ConvertError::Range));
    assert_eq!(Duration::try_from(Data::try_from(century).unwrap()), Ok(century));
    assert_eq!(Duration::try_from(Timespan::from_nanos(-1)), Err(ConvertError::Range));
}

#[test]
fn values_are_looked_at_by_their_types() {
    let record = Data::from((80_u64, "http", Ipv4Addr::LOCALHOST, None::<bool>));
    assert!(contains!(record, Count, String, Address, None));
    assert!(contains!(record, Count, _, Address, _));
    assert!(contains!(record, Count, ..));
    assert!(!contains!(record, Count, String, Address));
    assert!(!contains!(record, Integer, ..));
    assert!(!contains!(Data::Count(1), Count));
    assert!(contains!(Data::Vector(vec![])));

    assert_eq!(Data::Count(1).as_count(), Some(1));
    assert_eq!(Data::Count(1).as_integer(), None);
    assert_eq!(Data::from("a").as_str(), Some("a"));
    assert_eq!(Data::from(&b"\xff"[..]).as_str(), None);
    assert!(Data::None.is_none() && Data::None.is(Type::None));
}

#[test]
fn addresses_of_ipv4_are_equal_in_both_forms() {
    let plain = Data::from(Ipv4Addr::new(1, 2, 3, 4));
    let mapped = Data::from(Ipv4Addr::new(1, 2, 3, 4).to_ipv6_mapped());
    assert_eq!(plain, mapped);
    assert_eq!(mapped.as_address(), plain.as_address());
    assert!(Data::from("::1".parse::<IpAddr>().unwrap()) < plain);
}
