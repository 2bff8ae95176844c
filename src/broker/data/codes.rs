//! The numbers by which errors and changes are known on the wire and in programs, with their names.

use std::fmt;

/// Declares a set of codes: an enum with its numbers and names, in both directions.
macro_rules! codes {
    ($(#[$of_all:meta])* $codes:ident { $($(#[$of_one:meta])* $code:ident = $number:literal, $name:literal;)* }) => {
        $(#[$of_all])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $codes {
            $($(#[$of_one])* $code = $number,)*
        }

        impl $codes {
            /// Every code, by number.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// The name that the original has for it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// The number on the wire.
            pub fn number(self) -> u8 {
                self as u8
            }

            /// The code with this number.
            pub fn from_number(number: u8) -> Option<Self> {
                Self::ALL.get(usize::from(number)).copied()
            }

            /// The code with this name.
            pub fn from_name(name: &[u8]) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.name().as_bytes() == name)
            }
        }

        impl fmt::Display for $codes {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

codes! {
    /// What went wrong.
    Ec {
        /// No error.
        None = 0, "none";
        /// An error without a code of its own.
        Unspecified = 1, "unspecified";
        /// The peer speaks no version that we do.
        PeerIncompatible = 2, "peer_incompatible";
        /// There is no such peer.
        PeerInvalid = 3, "peer_invalid";
        /// The peer cannot be reached.
        PeerUnavailable = 4, "peer_unavailable";
        /// The peer went away before it was one.
        PeerDisconnectDuringHandshake = 5, "peer_disconnect_during_handshake";
        /// The peer did not answer in time.
        PeerTimeout = 6, "peer_timeout";
        /// The store has a master already.
        MasterExists = 7, "master_exists";
        /// The store has no master.
        NoSuchMaster = 8, "no_such_master";
        /// The store has no such key.
        NoSuchKey = 9, "no_such_key";
        /// The store did not answer in time.
        RequestTimeout = 10, "request_timeout";
        /// The operation does not fit the type of the stored value.
        TypeClash = 11, "type_clash";
        /// The value cannot be used there.
        InvalidData = 12, "invalid_data";
        /// The storage behind a store failed.
        BackendFailure = 13, "backend_failure";
        /// The clone has not had news of its master for long.
        StaleData = 14, "stale_data";
        /// A file cannot be opened.
        CannotOpenFile = 15, "cannot_open_file";
        /// A file cannot be written.
        CannotWriteFile = 16, "cannot_write_file";
        /// The topic has no such key.
        InvalidTopicKey = 17, "invalid_topic_key";
        /// A file ended too early.
        EndOfFile = 18, "end_of_file";
        /// There is no type with this tag.
        InvalidTag = 19, "invalid_tag";
        /// The bytes are no message.
        InvalidMessage = 20, "invalid_message";
        /// The status does not make sense.
        InvalidStatus = 21, "invalid_status";
        /// A value is not of the wanted type.
        ConversionFailed = 22, "conversion_failed";
        /// The consumer exists already.
        ConsumerExists = 23, "consumer_exists";
        /// The consumer was silent for too long.
        ConnectionTimeout = 24, "connection_timeout";
        /// The object cannot do this in its state.
        BadMemberFunctionCall = 25, "bad_member_function_call";
        /// The request has an id that is in use.
        RepeatedRequestId = 26, "repeated_request_id";
        /// The clone missed what it cannot get any more.
        BrokenClone = 27, "broken_clone";
        /// The node ends.
        ShuttingDown = 28, "shutting_down";
        /// The request to peer does not make sense.
        InvalidPeeringRequest = 29, "invalid_peering_request";
        /// The handshake was begun twice.
        RepeatedPeeringHandshakeRequest = 30, "repeated_peering_handshake_request";
        /// The frame has no place in the handshake there.
        UnexpectedHandshakeMessage = 31, "unexpected_handshake_message";
        /// The handshake cannot be in this state.
        InvalidHandshakeState = 32, "invalid_handshake_state";
        /// No path leads to the endpoint.
        NoPathToPeer = 33, "no_path_to_peer";
        /// Nothing makes connections.
        NoConnectorAvailable = 34, "no_connector_available";
        /// A buffer between two parts cannot be opened.
        CannotOpenResource = 35, "cannot_open_resource";
        /// A value could not be written.
        SerializationFailed = 36, "serialization_failed";
        /// A value could not be read.
        DeserializationFailed = 37, "deserialization_failed";
        /// The other side does not speak this protocol.
        WrongMagicNumber = 38, "wrong_magic_number";
        /// There is a connection to this peer already.
        RedundantConnection = 39, "redundant_connection";
        /// Something that cannot be.
        LogicError = 40, "logic_error";
        /// The text is not the JSON that is expected.
        InvalidJson = 41, "invalid_json";
    }
}

codes! {
    /// What changed among the peers.
    Sc {
        /// Nothing in particular.
        Unspecified = 0, "unspecified";
        /// There is a new peer.
        PeerAdded = 1, "peer_added";
        /// This node ended a peering.
        PeerRemoved = 2, "peer_removed";
        /// A peer went away.
        PeerLost = 3, "peer_lost";
        /// There is a path to a new endpoint.
        EndpointDiscovered = 4, "endpoint_discovered";
        /// The last path to an endpoint is gone.
        EndpointUnreachable = 5, "endpoint_unreachable";
    }
}

codes! {
    /// How far the connection to a peer is.
    PeerState {
        /// It is wanted.
        Initialized = 0, "initialized";
        /// It is being made, or shakes hands.
        Connecting = 1, "connecting";
        /// Hands are shaken.
        Connected = 2, "connected";
        /// Messages flow.
        Peered = 3, "peered";
        /// It is gone.
        Disconnected = 4, "disconnected";
        /// It is being made again.
        Reconnecting = 5, "reconnecting";
        /// Nobody knows: the node ends.
        Unknown = 6, "unknown";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_number_and_by_name() {
        for (number, code) in (0..).zip(Ec::ALL) {
            assert_eq!((code.number(), Ec::from_number(number)), (number, Some(*code)));
            assert_eq!(Ec::from_name(code.to_string().as_bytes()), Some(*code));
        }
        for (number, code) in (0..).zip(Sc::ALL) {
            assert_eq!((code.number(), Sc::from_number(number)), (number, Some(*code)));
            assert_eq!(Sc::from_name(code.name().as_bytes()), Some(*code));
        }
        assert_eq!(
            (Ec::from_number(42), Sc::from_number(6), Ec::from_name(b"")),
            (None, None, None)
        );
    }

    #[test]
    fn the_numbers_are_those_of_the_original() {
        assert_eq!((Ec::PeerIncompatible as u8, Ec::ShuttingDown as u8), (2, 28));
        assert_eq!((Ec::WrongMagicNumber as u8, Ec::RedundantConnection as u8), (38, 39));
        assert_eq!((Ec::LogicError as u8, Ec::InvalidJson as u8, Ec::ALL.len()), (40, 41, 42));
        assert_eq!((Sc::PeerLost as u8, Sc::EndpointUnreachable as u8), (3, 5));
        assert_eq!(PeerState::Peered.to_string(), "peered");
    }
}
