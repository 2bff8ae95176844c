//! Changes and errors: their texts and values, as the original has them.

use broker_data::Port;

use super::*;

const ID: EndpointId = EndpointId([0xee; 16]);
const ID_TEXT: &str = "eeeeeeee-eeee-eeee-eeee-eeeeeeeeeeee";

fn network() -> NetworkInfo {
    NetworkInfo::new("127.0.0.1", 46198)
}

fn text(text: &str) -> Data {
    Data::String(text.into())
}

#[test]
fn the_texts_are_those_that_programs_look_for() {
    for (status, shown) in [
        (
            Status::endpoint_discovered(ID),
            r#"endpoint_discovered(ID, "found a new peer in the network")"#,
        ),
        (
            Status::peer_added(ID, network()),
            r#"peer_added(ID, 127.0.0.1:46198, "handshake successful")"#,
        ),
        (
            Status::peer_removed(ID, network()),
            r#"peer_removed(ID, 127.0.0.1:46198, "removed connection to remote peer")"#,
        ),
        (
            Status::peer_lost(ID, network()),
            r#"peer_lost(ID, 127.0.0.1:46198, "lost connection to remote peer")"#,
        ),
        (Status::endpoint_unreachable(ID), r#"endpoint_unreachable(ID, "lost the last path")"#),
        (
            Status::client_discovered(ID),
            r#"endpoint_discovered(ID, "found a new client in the network")"#,
        ),
        (
            Status::client_lost(ID, network()),
            r#"peer_lost(ID, 127.0.0.1:46198, "lost connection to client")"#,
        ),
    ] {
        assert_eq!(status.to_string(), shown.replace("ID", ID_TEXT));
    }
    for (error, shown) in [
        (
            Error::peer_unavailable(network()),
            r#"peer_unavailable(endpoint_info(00000000-0000-0000-0000-000000000000, *127.0.0.1:46198), "unable to connect to remote peer")"#,
        ),
        (
            Error::peer_invalid(EndpointInfo { id: None, network: None }),
            r#"peer_invalid(endpoint_info(00000000-0000-0000-0000-000000000000, null), "cannot unpeer from unknown peer")"#,
        ),
        (Error::new(Ec::NoSuchKey, "k"), r#"no_such_key("k")"#),
        (Ec::ShuttingDown.into(), "shutting_down"),
    ] {
        assert_eq!(error.to_string(), shown);
    }
    let six = NetworkInfo::new("::1", 1);
    assert_eq!(six.to_string(), "[::1]:1");
}

#[test]
fn the_values_have_the_shapes_of_the_original() {
    let port = Data::Port(Port::tcp(46198));
    let endpoint = Data::Vector(vec![text(ID_TEXT), text("127.0.0.1"), port, Data::Count(0)]);
    assert_eq!(
        Data::from(&Status::peer_added(ID, network())),
        Data::Vector(vec![
            text("status"),
            name("peer_added"),
            endpoint,
            text("handshake successful")
        ])
    );
    let endpoint = Data::Vector(vec![text(ID_TEXT), Data::None, Data::None, Data::None]);
    assert_eq!(
        Data::from(&Status::endpoint_unreachable(ID)),
        Data::Vector(vec![
            text("status"),
            name("endpoint_unreachable"),
            endpoint,
            text("lost the last path")
        ])
    );
    assert_eq!(
        Data::from(&Error::from(Ec::PeerInvalid)),
        Data::Vector(vec![text("error"), name("peer_invalid"), Data::None])
    );
}

#[test]
fn every_code_is_read_again() {
    let endpoints = [
        EndpointInfo { id: Some(ID), network: None },
        EndpointInfo { id: Some(ID), network: Some(network()) },
        EndpointInfo { id: None, network: Some(NetworkInfo { retry_seconds: 10, ..network() }) },
    ];
    for endpoint in endpoints {
        for code in Sc::ALL.iter().copied().filter(|code| *code != Sc::Unspecified) {
            let status = Status { code, endpoint: endpoint.clone(), message: "words".into() };
            assert_eq!(Status::try_from(&Data::from(&status)), Ok(status.clone()));
            assert_eq!(Error::try_from(&Data::from(&status)), Err(NoStatus));
        }
        for code in Ec::ALL {
            for error in
                [Error::with(*code, endpoint.clone(), "w"), Error::new(*code, "w"), (*code).into()]
            {
                assert_eq!(Error::try_from(&Data::from(&error)), Ok(error.clone()));
                assert_eq!(Status::try_from(&Data::from(&error)), Err(NoStatus));
            }
        }
    }
    let nothing =
        Status { code: Sc::Unspecified, endpoint: EndpointInfo::default(), message: String::new() };
    assert_eq!(Status::try_from(&Data::from(&nothing)), Ok(nothing));
}

#[test]
fn other_values_are_neither() {
    let status = Status::peer_added(ID, network());
    let Data::Vector(fields) = Data::from(&status) else { panic!() };
    for place in 0..fields.len() {
        let mut strange = fields.clone();
        strange[place] = Data::Boolean(true);
        assert_eq!(Status::try_from(&Data::Vector(strange)), Err(NoStatus), "{place}");
    }
    assert_eq!(Status::try_from(&Data::Vector(fields[..3].to_vec())), Err(NoStatus));
    let error = Data::Vector(vec![super::text("error"), name("no_such_code"), Data::None]);
    assert_eq!(Error::try_from(&error), Err(NoStatus));
    assert_eq!(Error::try_from(&Data::None), Err(NoStatus));
}
