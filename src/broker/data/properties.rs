//! What holds for any value.

use std::net::{IpAddr, Ipv4Addr};

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

use crate::{Data, EnumValue, Port, Protocol, Subnet, Timespan, Timestamp, Type, fuzzing, varbyte};

/// A value without others in it.
fn leaf() -> impl Strategy<Value = Data> {
    let address = || prop_oneof![any::<[u8; 16]>(), any::<[u8; 4]>().prop_map(mapped)];
    prop_oneof![
        Just(Data::None),
        any::<bool>().prop_map(Data::Boolean),
        any::<u64>().prop_map(Data::Count),
        any::<i64>().prop_map(Data::Integer),
        any::<u64>().prop_map(|bits| Data::Real(f64::from_bits(bits))),
        prop_oneof![Just(0.0), Just(-0.0), Just(f64::NAN), Just(0.5)].prop_map(Data::Real),
        any::<Vec<u8>>().prop_map(Data::String),
        any::<String>().prop_map(Data::from),
        address().prop_map(|octets| Data::Address(IpAddr::from(octets))),
        (address(), 0..=128_u8)
            .prop_filter_map("a network", |(octets, bits)| Subnet::from_raw(octets, bits))
            .prop_map(Data::Subnet),
        (any::<u16>(), 0..4_u8).prop_filter_map("a port", |(number, byte)| {
            let protocol = Protocol::from_byte(byte)?;
            Some(Data::Port(Port::new(number, protocol)))
        }),
        nanos().prop_map(|nanos| Data::Timestamp(Timestamp::from_nanos(nanos))),
        nanos().prop_map(|nanos| Data::Timespan(Timespan::from_nanos(nanos))),
        any::<Vec<u8>>().prop_map(|name| Data::Enum(EnumValue::new(name))),
    ]
}

/// An address of IPv4 in IPv6.
fn mapped(octets: [u8; 4]) -> [u8; 16] {
    Ipv4Addr::from(octets).to_ipv6_mapped().octets()
}

/// Nanoseconds, also such that are whole microseconds, milliseconds and seconds.
fn nanos() -> impl Strategy<Value = i64> {
    (any::<i64>(), prop_oneof![Just(1), Just(1_000), Just(1_000_000), Just(1_000_000_000)])
        .prop_map(|(nanos, unit)| nanos / unit * unit)
}

/// Any value.
fn value() -> impl Strategy<Value = Data> {
    leaf().prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Data::Vector),
            btree_set(inner.clone(), 0..6).prop_map(Data::Set),
            btree_map(inner.clone(), inner, 0..4).prop_map(Data::Table),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_are_read_as_they_were_written_and_their_order_is_total(
        values in vec(value(), 1..4),
    ) {
        let mut bytes = Vec::new();
        for value in &values {
            value.encode(&mut bytes);
        }
        let mut rest = bytes.as_slice();
        for value in &values {
            prop_assert_eq!(&Data::decode_front(&mut rest).unwrap(), value);
        }
        fuzzing::broker_value(&bytes);
    }

    #[test]
    fn any_part_of_a_value_is_no_value(value in value(), share in 0.0..1.0_f64) {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        #[expect(
            clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss,
            reason = "a place within the bytes"
        )]
        let end = (bytes.len() as f64 * share) as usize;
        prop_assert!(Data::decode(&bytes[..end]).is_err());
        bytes.push(0);
        prop_assert!(Data::decode(&bytes).is_err());
    }

    #[test]
    fn values_of_different_types_are_in_the_order_of_their_tags(one in value(), two in value()) {
        if one.data_type() != two.data_type() {
            prop_assert_eq!(one.cmp(&two), one.data_type().tag().cmp(&two.data_type().tag()));
        }
    }

    #[test]
    fn json_is_read_in_any_order_of_fields(value in value()) {
        let Ok(text) = serde_json::to_string(&value) else { return Ok(()) };
        prop_assert_eq!(&serde_json::from_str::<Data>(&text).unwrap(), &value);
        // serde_json's own values have their fields in alphabetical order, and no surrogates.
        if let Ok(fields) = serde_json::from_str::<serde_json::Value>(&text) {
            let reversed = format!(r#"{{"data":{},"@data-type":{}}}"#,
                fields["data"], fields["@data-type"]);
            prop_assert_eq!(&crate::json::read(&reversed).unwrap(), &value);
            prop_assert_eq!(&serde_json::from_value::<Data>(fields).unwrap(), &value);
        }
    }

    #[test]
    fn varbytes_are_read_as_they_were_written(value in any::<u32>(), more in any::<Vec<u8>>()) {
        let mut bytes = Vec::new();
        varbyte::write(value, &mut bytes);
        bytes.extend_from_slice(&more);
        let mut rest = bytes.as_slice();
        prop_assert_eq!(varbyte::read(&mut rest), Ok(value));
        prop_assert_eq!(rest, more.as_slice());
    }

    #[test]
    fn no_bytes_and_no_text_make_a_reader_panic(bytes in any::<Vec<u8>>(), text in any::<String>()) {
        fuzzing::broker_value(&bytes);
        fuzzing::broker_json(text.as_bytes());
    }
}

#[test]
fn types_have_the_tags_and_names_of_the_wire() {
    for (tag, data_type) in Type::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(data_type.tag()), tag);
        assert_eq!(Type::from_tag(data_type.tag()), Some(data_type));
        assert_eq!(Type::from_name(data_type.name()), Some(data_type));
    }
    assert_eq!(Type::from_tag(15), None);
    assert_eq!(Type::from_name("enum_value"), None);
}
