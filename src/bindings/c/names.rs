//! The names of what has numbers, and the library's version.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::null;
use std::sync::LazyLock;

use broker::data::Type;
use broker::{Ec, PeerState, Sc};

use crate::fault::{Fault, found};

/// Names by their numbers.
type Names = LazyLock<Vec<CString>>;

static ERRORS: Names = LazyLock::new(|| listed(Ec::ALL.iter().map(|code| code.name())));
static STATUSES: Names = LazyLock::new(|| listed(Sc::ALL.iter().map(|code| code.name())));
static STATES: Names = LazyLock::new(|| listed(PeerState::ALL.iter().map(|state| state.name())));
static TYPES: Names = LazyLock::new(|| listed(Type::ALL.iter().map(|of_type| of_type.name())));
static VERSION: LazyLock<CString> =
    LazyLock::new(|| CString::new(env!("CARGO_PKG_VERSION")).unwrap_or_default());

fn listed(names: impl Iterator<Item = &'static str>) -> Vec<CString> {
    names.map(|name| CString::new(name).unwrap_or_default()).collect()
}

fn name(names: &'static Names, number: c_int) -> *const c_char {
    found(null(), || {
        let name = usize::try_from(number).ok().and_then(|number| names.get(number));
        let unknown = || Fault::invalid(format!("nothing has the number {number}"));
        name.map(|name| name.as_ptr()).ok_or_else(unknown)
    })
}

/// The name of an error.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_ec_name(code: c_int) -> *const c_char {
    name(&ERRORS, code)
}

/// The name of a change among the peers.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_sc_name(code: c_int) -> *const c_char {
    name(&STATUSES, code)
}

/// The name of a peer's state.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_peer_state_name(state: c_int) -> *const c_char {
    name(&STATES, state)
}

/// The name of a type.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_type_name(of_type: c_int) -> *const c_char {
    name(&TYPES, of_type)
}

/// The library's version.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_version() -> *const c_char {
    found(c"".as_ptr(), || Ok(CStr::as_ptr(&VERSION)))
}
