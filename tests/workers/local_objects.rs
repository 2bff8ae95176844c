//! The objects of a machine of its own.

use std::slice::from_ref;

use boefjes::{Origin, Services};
use katalogus::Json;
use ostler_runtime::Moment;
use serde_json::{Value, json};

use crate::local_place::Place;

const HOST: &str = "Hostname|internet|a.b";

fn at(hour: u8) -> Moment {
    Moment::parse(&format!("2026-11-22T{hour:02}:00:00Z")).unwrap()
}

fn parsed(value: &Value) -> Json {
    Json::parse(&value.to_string()).unwrap()
}

/// The object as it was then.
fn seen(services: &Services, organization: &str, reference: &str, hour: u8) -> Value {
    let object = services.octopoes.object(organization, reference, at(hour)).unwrap().unwrap();
    serde_json::from_str(&object.compact()).unwrap()
}

/// The hostname, with the zone that was seen.
fn host(zone: Option<&str>) -> Value {
    json!({
        "object_type": "Hostname",
        "scan_profile": null,
        "primary_key": HOST,
        "network": "Network|internet",
        "name": "a.b",
        "dns_zone": zone,
        "registered_domain": null,
    })
}

fn observe(services: &Services, objects: &[Value], hour: u8) {
    observe_by("n", services, objects, hour);
}

/// The same by another normalizer.
fn observe_by(normalizer: &str, services: &Services, objects: &[Value], hour: u8) {
    let said = json!({
        "method": normalizer, "source": "Network|internet", "result": objects,
        "valid_time": at(hour).to_string(), "task_id": "b445dc20-c030-4bc3-b779-4ed9069a8ca2",
    });
    services.octopoes.save("acme", Origin::Observation, &parsed(&said)).unwrap();
}

/// What else may be said of an object.
fn say(services: &Services, origin: Origin, mut said: Value, hour: u8) {
    said["method"] = "n".into();
    said["valid_time"] = at(hour).to_string().into();
    services.octopoes.save("acme", origin, &parsed(&said)).unwrap();
}

#[test]
fn an_object_that_was_never_seen_is_built_from_its_reference() {
    let place = Place::new(&[]);
    let services = place.services();
    assert_eq!(seen(&services, "acme", HOST, 1), host(None));
    for (url, host) in [
        ("HostnameHTTPURL|https|internet|a.b|443|/c", HOST),
        ("IPAddressHTTPURL|http|internet|::1|80|/", "IPAddressV6|internet|::1"),
    ] {
        let built = seen(&services, "acme", url, 1);
        assert_eq!((&built["primary_key"], &built["netloc"]), (&json!(url), &json!(host)));
        assert_eq!(built["network"], "Network|internet");
    }
    let record = seen(&services, "acme", "DNSARecord|internet|a.b|192.0.2.1", 1);
    assert_eq!(record["address"], "IPAddressV4|internet|192.0.2.1");
    let hashed = services.octopoes.object("acme", "DNSTXTRecord|internet|a.b|0123", at(1));
    let told = hashed.unwrap_err().to_string();
    assert!(told.contains("boefjes.db: DNSTXTRecord|internet|a.b|0123 was never seen"), "{told}");
    assert!(told.ends_with("of DNSTXTRecord.value the key has no more than a hash"), "{told}");
}

#[test]
fn an_object_is_as_it_was_seen_last_before_a_moment() {
    let place = Place::new(&[]);
    let services = place.services();
    observe(&services, &[host(Some("DNSZone|internet|a.b"))], 3);
    observe(&services, &[host(Some("DNSZone|internet|b"))], 5);
    for (hour, zone) in [
        (2, None),
        (3, Some("DNSZone|internet|a.b")),
        (4, Some("DNSZone|internet|a.b")),
        (6, Some("DNSZone|internet|b")),
    ] {
        assert_eq!(seen(&place.services(), "acme", HOST, hour), host(zone), "{hour}");
    }
    assert_eq!(seen(&services, "other", HOST, 6), host(None));
}

#[test]
fn what_is_told_late_is_part_of_what_is_known_later() {
    let place = Place::new(&[]);
    let services = place.services();
    let domain = |name: Value, zone: Value| {
        let mut host = host(None);
        host["registered_domain"] = name;
        host["dns_zone"] = zone;
        host
    };
    observe(&services, &[domain(json!("late"), json!("new"))], 5);
    observe(&services, &[domain(Value::Null, json!("old"))], 3);
    observe(&services, &[domain(json!("first"), Value::Null)], 1);
    for (hour, name, zone) in
        [(1, "first", Value::Null), (3, "first", json!("old")), (5, "late", json!("new"))]
    {
        assert_eq!(seen(&services, "acme", HOST, hour), domain(json!(name), zone), "{hour}");
    }
    observe(&services, &[domain(Value::Null, json!("between"))], 4);
    observe(&services, &[json!({"primary_key": HOST, "more": 1})], 2);
    assert_eq!(seen(&services, "acme", HOST, 6)["more"], 1);
    assert_eq!(seen(&services, "acme", HOST, 6)["dns_zone"], "new");
}

#[test]
fn what_is_not_known_now_takes_nothing_from_what_was_known() {
    let place = Place::new(&[]);
    let services = place.services();
    let finding = |risk: Value, description: Value| {
        json!({
            "object_type": "CVEFindingType", "scan_profile": null,
            "primary_key": "CVEFindingType|CVE-1", "id": "CVE-1", "description": description,
            "source": null, "impact": null, "recommendation": null, "risk_score": risk,
            "risk_severity": null,
        })
    };
    observe(&services, &[finding(Value::Null, json!("first"))], 1);
    let said = json!({
        "ooi": finding(json!(9.8), Value::Null), "method": "n",
        "valid_time": at(2).to_string(), "task_id": "b445dc20-c030-4bc3-b779-4ed9069a8ca2",
    });
    services.octopoes.save("acme", Origin::Affirmation, &parsed(&said)).unwrap();
    let known = seen(&services, "acme", "CVEFindingType|CVE-1", 2);
    assert_eq!(known, finding(json!(9.8), json!("first")));
    let declared = json!({"ooi": host(None), "method": "n", "valid_time": at(3).to_string()});
    services.octopoes.save("acme", Origin::Declaration, &parsed(&declared)).unwrap();
    assert_eq!(seen(&services, "acme", HOST, 3), host(None));
}

#[test]
fn what_is_not_observed_any_more_is_gone_unless_somebody_else_says_that_it_is_there() {
    let place = Place::new(&[]);
    let services = place.services();
    let (zoned, other) = (host(Some("DNSZone|internet|a.b")), json!({"primary_key": "Network|x"}));
    let known =
        |hours: [u8; 3]| hours.map(|hour| seen(&services, "acme", HOST, hour)["dns_zone"].clone());
    let zone = || json!("DNSZone|internet|a.b");
    observe(&services, from_ref(&zoned), 1);
    observe(&services, from_ref(&other), 3);
    assert_eq!(known([1, 2, 3]), [zone(), zone(), Value::Null]);
    // Nothing of what was known is known again with it.
    observe(&services, &[host(None)], 4);
    assert_eq!(seen(&services, "acme", HOST, 4), host(None));
    // Another one has said it all the while, which is told late.
    observe_by("other", &services, from_ref(&zoned), 2);
    assert_eq!(known([3, 4, 5]), [zone(), zone(), zone()]);
    observe_by("other", &services, &[], 6);
    assert_eq!(known([5, 6, 7]), [zone(), zone(), zone()], "the first one still says it");
    observe(&services, &[], 7);
    assert_eq!(known([6, 7, 8]), [zone(), Value::Null, Value::Null]);
}

#[test]
fn who_affirms_an_object_does_not_keep_it_and_who_declares_it_does_until_he_says() {
    let place = Place::new(&[]);
    let services = place.services();
    let zoned = host(Some("DNSZone|internet|a.b"));
    let is_known = |hour| seen(&services, "acme", HOST, hour)["dns_zone"].is_string();
    say(&services, Origin::Affirmation, json!({"ooi": zoned}), 1);
    assert!(!is_known(1), "nobody has said that it is there");
    observe(&services, &[host(None)], 2);
    say(&services, Origin::Affirmation, json!({"ooi": zoned}), 3);
    assert!(is_known(3));
    observe(&services, &[], 4);
    assert!(!is_known(4));
    let end = at(8).to_string();
    say(&services, Origin::Declaration, json!({"ooi": zoned, "end_valid_time": end}), 5);
    observe(&services, from_ref(&zoned), 6);
    observe(&services, &[], 7);
    assert!(is_known(7));
    assert!(!is_known(8));
}

#[test]
fn an_object_has_the_scan_profile_that_was_declared() {
    let place = Place::new(&[]);
    let services = place.services();
    let profile =
        |level: u8| json!({"scan_profile_type": "declared", "reference": HOST, "level": level});
    for (hour, level) in [(1, 2), (3, 4)] {
        let profiles = parsed(&json!([profile(level)]));
        services.octopoes.save_scan_profiles("acme", at(hour), &profiles).unwrap();
    }
    assert_eq!(seen(&services, "acme", HOST, 0)["scan_profile"], Value::Null);
    assert_eq!(seen(&services, "acme", HOST, 2)["scan_profile"], profile(2));
    assert_eq!(seen(&services, "acme", HOST, 3)["scan_profile"], profile(4));
    assert_eq!(seen(&services, "other", HOST, 3)["scan_profile"], Value::Null);
}

#[test]
fn what_is_no_statement_is_refused_and_leaves_nothing() {
    let place = Place::new(&[]);
    let services = place.services();
    let good = json!({"object_type": "Network", "primary_key": "Network|x", "name": "x"});
    for (said, words) in [
        (json!([]), "what is said is no JSON object"),
        (json!({"result": [good]}), "said for no time"),
        (json!({"result": [good, {}], "valid_time": at(1).to_string()}), "has no primary_key"),
        (json!({"result": [good, 5], "valid_time": at(1).to_string()}), "an object is no JSON"),
    ] {
        let told = services.octopoes.save("acme", Origin::Observation, &parsed(&said));
        assert!(told.unwrap_err().to_string().contains(words), "{said}");
    }
    let scan_profile = seen(&services, "acme", "Network|x", 2);
    assert_eq!(scan_profile["primary_key"], "Network|x");
    let flawed = services.octopoes.save_scan_profiles("acme", at(1), &parsed(&json!([{}])));
    assert!(flawed.unwrap_err().to_string().contains("has no reference"));
}
