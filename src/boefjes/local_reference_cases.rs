//! The objects of references, of every type of the table.

use std::collections::BTreeSet;

use katalogus::Json;

use crate::local_reference::built;
use crate::ooi_types;

/// A reference of every type of which the key says all that an object must have.
const BUILT: [&str; 44] = [
    "ADRFindingType|API-01",
    "APIDesignRule|API-01",
    "Application|a",
    "CAPECFindingType|CAPEC-1",
    "CVEFindingType|CVE-2021-44228",
    "CWEFindingType|CWE-79",
    "DKIMExists|internet|a.b",
    "DKIMKey|k|s|internet|a.b",
    "DKIMSelector|s|internet|a.b",
    "DNSAAAARecord|internet|a.b|2001:db8::1",
    "DNSARecord|internet|a.b|192.0.2.1",
    "DNSCAARecord|internet|a.b||issue|ca.example",
    "DNSMXRecord|internet|a.b|10 mail.a.b.",
    "DNSZone|internet|a.b",
    "Finding|Hostname|internet|a.b|KAT-NO-SPF",
    "HTTPHeaderHostname|internet|192.0.2.1|tcp|80|http|internet|a.b|http|internet|a.b|80|/|server|internet|c.d",
    "HTTPHeaderURL|internet|192.0.2.1|tcp|80|http|internet|a.b|http|internet|a.b|80|/|location|internet|https://a.b/",
    "HTTPResource|internet|192.0.2.1|tcp|80|http|internet|a.b|http|internet|a.b|80|/",
    "Hostname|internet|a.b",
    "HostnameHTTPURL|https|internet|a.b|443|/",
    "IPAddressHTTPURL|https|internet|192.0.2.1|443|/",
    "IPAddressV4|internet|192.0.2.1",
    "IPAddressV6|internet|2001:db8::1",
    "IPPort|internet|192.0.2.1|tcp|80",
    "IPService|internet|192.0.2.1|tcp|80|http",
    "IPV4NetBlock|internet|internet|192.0.2.0|24",
    "IPV6NetBlock|internet|internet|2001:db8::|32",
    "KATFindingType|KAT-NO-SPF",
    "MutedFinding|Hostname|internet|a.b|KAT-NO-SPF",
    "NXDOMAIN|internet|a.b",
    "Network|internet",
    "RESTAPI|https|internet|a.b|443|/",
    "ResolvedHostname|internet|a.b|internet|192.0.2.1",
    "RetireJSFindingType|RetireJS-1",
    "SecurityTXT|internet|192.0.2.1|tcp|80|http|internet|a.b|internet|https://a.b/",
    "Service|http",
    "SnykFindingType|SNYK-1",
    "Software|lodash|1.1.0|",
    "SoftwareInstance|Hostname|internet|a.b|Software|lodash|1.1.0|",
    "SubjectAlternativeNameHostname|ca|01|internet|a.b",
    "SubjectAlternativeNameIP|ca|01|internet|192.0.2.1",
    "SubjectAlternativeNameQualifier|ca|01|*.a.b",
    "URL|internet|https://a.b/",
    "Website|internet|192.0.2.1|tcp|80|http|internet|a.b",
];

/// One of every other type, and what its key lacks.
const LACKING: [(&str, &str); 20] = [
    ("APIDesignRuleResult|https|internet|a.b|443|/|API-01", "passed: it is required"),
    ("AutonomousSystem|64496", "name: it is required"),
    ("Config|internet|b", "does not say which type"),
    ("DMARCTXTRecord|v=DMARC1|internet|a.b", "ttl: it is required"),
    ("DNSCNAMERecord|internet|a.b|c.d.", "target_hostname: it is required"),
    ("DNSNSRecord|internet|a.b|ns.a.b.", "name_server_hostname: it is required"),
    ("DNSPTRRecord|internet|a.b|internet|192.0.2.1", "value: it is required"),
    ("DNSSOARecord|internet|a.b|internet|ns.a.b", "value: it is required"),
    ("DNSSPFMechanismHostname|internet|a.b|0123|v=spf1|a|internet|c.d", "no more than a hash"),
    ("DNSSPFMechanismIP|internet|a.b|0123|v=spf1|ip4|internet|192.0.2.1", "no more than a hash"),
    (
        "DNSSPFMechanismNetBlock|internet|a.b|0123|v=spf1|ip4|internet|internet|192.0.2.0|24",
        "no more than a hash",
    ),
    ("DNSSPFRecord|internet|a.b|0123|v=spf1", "no more than a hash"),
    ("DNSTXTRecord|internet|a.b|0123", "no more than a hash"),
    (
        "HTTPHeader|internet|192.0.2.1|tcp|80|http|internet|a.b|http|internet|a.b|80|/|server",
        "value: it is required",
    ),
    (
        "ImageMetadata|internet|192.0.2.1|tcp|80|http|internet|a.b|http|internet|a.b|80|/",
        "image_info: it is required",
    ),
    ("Incident|a|1", "event_type: it is required"),
    ("Question|/schema|internet|a", "does not say which type"),
    ("ReportData|acme", "organization_name: it is required"),
    ("TLSCipher|internet|192.0.2.1|tcp|443|https", "suites: it is required"),
    ("X509Certificate|ca|01", "valid_from: it is required"),
];

#[test]
fn of_every_type_an_object_is_built_or_it_is_told_what_its_key_lacks() {
    for reference in BUILT {
        let object = built(reference).unwrap_or_else(|flaw| panic!("{reference}: {flaw}"));
        assert_eq!(object.get("primary_key"), Some(&reference.into()));
    }
    for (reference, lacks) in LACKING {
        let told = built(reference).unwrap_err();
        assert!(told.contains(lacks), "{reference}: {told}");
    }
    let shown = BUILT.into_iter().chain(LACKING.map(|(reference, _)| reference));
    let shown: BTreeSet<&str> = shown.filter_map(|one| one.split('|').next()).collect();
    assert_eq!(shown, ooi_types::names().collect());
}

#[test]
fn an_object_is_built_with_all_that_its_key_says() {
    for (reference, members) in [
        ("Network|internet", r#""name":"internet""#),
        (
            "Hostname|internet|example.com",
            r#""network":"Network|internet","name":"example.com","dns_zone":null,"registered_domain":null"#,
        ),
        (
            "IPAddressV6|internet|2001:db8::1",
            r#""address":"2001:db8::1","network":"Network|internet","netblock":null"#,
        ),
        (
            "IPPort|internet|192.0.2.1|tcp|80",
            r#""address":"IPAddressV4|internet|192.0.2.1","protocol":"tcp","port":80,"state":null"#,
        ),
        (
            "IPService|internet|2001:db8::1|tcp|443|https",
            r#""ip_port":"IPPort|internet|2001:db8::1|tcp|443","service":"Service|https""#,
        ),
        (
            "Website|internet|192.0.2.1|tcp|443|https|internet|a.b",
            r#""ip_service":"IPService|internet|192.0.2.1|tcp|443|https","hostname":"Hostname|internet|a.b","certificate":null"#,
        ),
        (
            "HTTPResource|internet|192.0.2.1|tcp|80|http|internet|a.b|http|internet|a.b|80|/",
            r#""website":"Website|internet|192.0.2.1|tcp|80|http|internet|a.b","web_url":"HostnameHTTPURL|http|internet|a.b|80|/","redirects_to":null"#,
        ),
        (
            "URL|internet|https://a.b/c|d",
            r#""network":"Network|internet","raw":"https://a.b/c|d","web_url":null"#,
        ),
        ("Software|lodash|1.1.0|", r#""name":"lodash","version":"1.1.0","cpe":null"#),
        (
            "SoftwareInstance|Hostname|internet|a.b|Software|wordpress|6|",
            r#""ooi":"Hostname|internet|a.b","software":"Software|wordpress|6|""#,
        ),
        (
            "Finding|Hostname|internet|a.b|KAT-NO-SPF",
            r#""finding_type":"KATFindingType|KAT-NO-SPF","ooi":"Hostname|internet|a.b","proof":null,"description":null,"reproduce":null"#,
        ),
    ] {
        let name = reference.split('|').next().unwrap();
        let whole = format!(
            r#"{{"object_type":"{name}","scan_profile":null,"primary_key":"{reference}",{members}}}"#
        );
        assert_eq!(built(reference).map(|object| Json::from(object).compact()), Ok(whole));
    }
}

#[test]
fn why_an_object_cannot_be_built_is_told() {
    for (reference, words) in [
        ("", "there is no object type"),
        ("Nothing|a", "there is no object type Nothing"),
        ("Hostname", "the key ends before Network.name"),
        ("Hostname|internet", "the key ends before Hostname.name"),
        ("IPPort|internet|192.0.2.1|tcp|http", "http is no whole number"),
        ("IPPort|internet|192.0.2.1|tcp|080", "its key would be"),
        ("IPPort|internet|nonsense|tcp|80", "nonsense is not an IPv6 address"),
        ("DNSTXTRecord|internet|a.b|0123", "no more than a hash"),
        ("DNSARecord|internet|a.b|nonsense", "DNSARecord.address: it is required"),
        ("IPAddressHTTPURL|http|internet|a.b|80|/", "a.b is not an IPv6 address"),
        ("Question|internet|a", "does not say which type"),
        ("Finding|Hostname|internet|a.b|odd", "does not say which type"),
        ("SoftwareInstance|Nothing|a", "there is no object type Nothing"),
    ] {
        let told = built(reference).unwrap_err();
        assert!(told.contains(words), "{reference}: {told}");
    }
}
