use super::*;

fn added(value: impl Into<Option<Data>>, operand: impl Into<Data>, init: Type) -> Option<String> {
    let sum = add(value.into(), operand.into(), init, Overflow::Saturate);
    sum.ok().map(|sum| sum.to_string())
}

fn subtracted(value: impl Into<Data>, operand: impl Into<Data>) -> Option<String> {
    let rest = subtract(value.into(), &operand.into(), Overflow::Saturate);
    rest.ok().map(|rest| rest.to_string())
}

fn vector(elements: &[u64]) -> Data {
    Data::Vector(elements.iter().map(|one| Data::Count(*one)).collect())
}

fn set(elements: &[u64]) -> Data {
    Data::Set(elements.iter().map(|one| Data::Count(*one)).collect())
}

fn table(entries: &[(u64, u64)]) -> Data {
    Data::Table(entries.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect())
}

const SECOND: Data = Data::Timespan(Timespan::from_nanos(1_000_000_000));

#[test]
fn numbers_are_added_to_those_of_their_type_and_stay_in_it() {
    for (value, operand, sum) in [
        (Data::Count(1), Data::Count(2), Some("3")),
        (Data::Count(u64::MAX), Data::Count(2), Some("18446744073709551615")),
        (Data::Integer(-1), Data::Integer(2), Some("1")),
        (Data::Integer(i64::MAX), Data::Integer(1), Some("9223372036854775807")),
        (Data::Real(1.5), Data::Real(1.0), Some("2.500000")),
        (SECOND, SECOND, Some("2000000000ns")),
        (Data::Timestamp(Timestamp::from_nanos(1)), SECOND, Some("1000000001ns")),
        (Data::Count(1), Data::Integer(2), None),
        (Data::Integer(1), Data::Count(2), None),
        (Data::from("text"), Data::Count(2), None),
        (Data::Boolean(true), Data::Boolean(true), None),
        (Data::None, Data::None, None),
    ] {
        let init = value.data_type();
        assert_eq!(
            added(value.clone(), operand.clone(), init).as_deref(),
            sum,
            "{value} {operand}"
        );
    }
}

#[test]
fn numbers_are_subtracted_likewise() {
    for (value, operand, rest) in [
        (Data::Count(3), Data::Count(2), Some("1")),
        (Data::Count(1), Data::Count(2), Some("0")),
        (Data::Integer(i64::MIN), Data::Integer(1), Some("-9223372036854775808")),
        (Data::Real(1.5), Data::Real(1.0), Some("0.500000")),
        (SECOND, SECOND, Some("0ns")),
        (Data::Timestamp(Timestamp::from_nanos(1)), SECOND, Some("-999999999ns")),
        (Data::Count(1), Data::Integer(2), None),
        (Data::from("text"), Data::from("t"), None),
    ] {
        assert_eq!(
            subtracted(value.clone(), operand.clone()).as_deref(),
            rest,
            "{value} {operand}"
        );
    }
}

#[test]
fn where_it_can_be_told_nothing_leaves_its_type() {
    for (value, operand) in [
        (Data::Count(u64::MAX), Data::Count(1)),
        (Data::Integer(i64::MAX), Data::Integer(1)),
        (Data::Timespan(Timespan::from_nanos(i64::MAX)), SECOND),
        (Data::Timestamp(Timestamp::from_nanos(i64::MAX)), SECOND),
    ] {
        let init = value.data_type();
        let sum = add(Some(value.clone()), operand.clone(), init, Overflow::Refuse);
        assert!(matches!(sum, Err(StoreError::Overflow(found, _)) if found == init), "{value}");
        let rest = subtract(value, &operand, Overflow::Refuse).unwrap();
        assert!(add(Some(rest), operand, init, Overflow::Refuse).is_ok());
    }
    for (value, operand) in
        [(Data::Count(0), Data::Count(1)), (Data::Integer(i64::MIN), Data::Integer(1))]
    {
        let rest = subtract(value.clone(), &operand, Overflow::Refuse);
        assert!(matches!(rest, Err(StoreError::Overflow(..))), "{value}");
    }
}

#[test]
fn containers_and_text_grow() {
    assert_eq!(added(Data::from("xy"), "z", Type::String).as_deref(), Some("xyz"));
    assert_eq!(added(set(&[1]), 2_u64, Type::Set).as_deref(), Some("{1, 2}"));
    assert_eq!(added(vector(&[1]), vector(&[2]), Type::Vector).as_deref(), Some("(1, (2))"));
    assert_eq!(added(table(&[(1, 2)]), vector(&[1, 3]), Type::Table).as_deref(), Some("{1 -> 3}"));
    assert_eq!(added(table(&[]), vector(&[1]), Type::Table), None);
    assert_eq!(added(table(&[]), 1_u64, Type::Table), None);
}

#[test]
fn what_is_not_there_is_made() {
    for (init, operand, value) in [
        (Type::Count, Data::Count(2), "2"),
        (Type::Integer, Data::Integer(-2), "-2"),
        (Type::Timestamp, SECOND, "1000000000ns"),
        (Type::String, Data::from("a"), "a"),
        (Type::Set, Data::Count(1), "{1}"),
        (Type::Table, vector(&[1, 2]), "{1 -> 2}"),
        (Type::Vector, Data::Count(1), "(1)"),
    ] {
        assert_eq!(added(None, operand, init).as_deref(), Some(value), "{init}");
    }
    assert_eq!(added(None, 1_u64, Type::Address), None);
}

#[test]
fn containers_shrink() {
    assert_eq!(subtracted(set(&[1, 2]), 1_u64).as_deref(), Some("{2}"));
    assert_eq!(subtracted(set(&[1]), 7_u64).as_deref(), Some("{1}"));
    assert_eq!(subtracted(table(&[(1, 2)]), 1_u64).as_deref(), Some("{}"));
    assert_eq!(subtracted(vector(&[1, 2]), "whatever").as_deref(), Some("(1)"));
    assert_eq!(subtracted(vector(&[]), 1_u64).as_deref(), Some("()"));
}

#[test]
fn what_a_value_contains_is_found_by_its_index() {
    let found = |value: Data, by: Data| index(value, &by).map(|found| found.to_string());
    assert_eq!(found(set(&[1]), Data::Count(1)).unwrap(), "T");
    assert_eq!(found(set(&[1]), Data::Count(2)).unwrap(), "F");
    assert_eq!(found(table(&[(1, 2)]), Data::Count(1)).unwrap(), "2");
    assert!(matches!(found(table(&[]), Data::Count(1)), Err(StoreError::NoSuchKey(_))));
    assert_eq!(found(vector(&[7, 8]), Data::Count(0)).unwrap(), "7");
    assert_eq!(found(vector(&[7, 8]), Data::Integer(1)).unwrap(), "8");
    assert!(matches!(found(vector(&[7]), Data::Count(1)), Err(StoreError::NoSuchKey(_))));
    for no_index in [Data::Integer(-1), Data::from("0"), Data::None] {
        assert!(matches!(found(vector(&[7]), no_index), Err(StoreError::TypeClash { .. })));
    }
    assert_eq!(found(Data::from("text"), Data::Count(0)).unwrap(), "text");
}
