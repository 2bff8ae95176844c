//! One change among the peers, or one error.

use std::ffi::{c_char, c_int};

use broker::{EndpointInfo, Happening};

use crate::buffer::Buffer;
use crate::bytes::lend;
use crate::fault::{Fault, answered, freed, made};
use crate::given::{Place, given, put};
use crate::identifier::Identifier;

/// A change.
const STATUS: c_int = 0;
/// An error.
const ERROR: c_int = 1;

/// `ostler_broker_status`.
pub(crate) struct Told(pub(crate) Happening);

impl Told {
    fn endpoint(&self) -> Option<&EndpointInfo> {
        match &self.0 {
            Happening::Status(status) => Some(&status.endpoint),
            Happening::Error(error) => error.endpoint.as_ref(),
        }
    }
}

fn told(status: Option<&Told>) -> Result<&Told, Fault> {
    given(status, "the status")
}

/// Whether it is a change or an error.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_kind(status: Option<&Told>, kind: Place<'_, c_int>) -> c_int {
    answered(|| {
        let is_error = matches!(told(status)?.0, Happening::Error(_));
        put(kind, if is_error { ERROR } else { STATUS })
    })
}

/// What it is.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_code(status: Option<&Told>, code: Place<'_, c_int>) -> c_int {
    answered(|| {
        let number = match &told(status)?.0 {
            Happening::Status(status) => status.code.number(),
            Happening::Error(error) => error.code.number(),
        };
        put(code, number.into())
    })
}

/// Whom it concerns.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_id(status: Option<&Told>, id: Place<'_, Identifier>) -> c_int {
    answered(|| {
        let of = told(status)?.endpoint().and_then(|endpoint| endpoint.id);
        put(id, of.unwrap_or_default().into())
    })
}

/// Where that is.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_address(
    status: Option<&Told>,
    bytes: Place<'_, *const c_char>,
    length: Place<'_, usize>,
    port: Place<'_, u16>,
) -> c_int {
    answered(|| {
        let network = told(status)?.endpoint().and_then(|endpoint| endpoint.network.as_ref());
        put(port, network.map_or(0, |network| network.port))?;
        lend(network.map_or("", |network| &network.address).as_bytes(), bytes, length)
    })
}

/// The same in words.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_message(
    status: Option<&Told>,
    bytes: Place<'_, *const c_char>,
    length: Place<'_, usize>,
) -> c_int {
    answered(|| {
        let words = match &told(status)?.0 {
            Happening::Status(status) => &status.message,
            Happening::Error(error) => error.message.as_deref().unwrap_or_default(),
        };
        lend(words.as_bytes(), bytes, length)
    })
}

/// All of it as the original prints it.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_to_text(status: Option<&Told>) -> Option<Box<Buffer>> {
    made(|| {
        let text = match &told(status)?.0 {
            Happening::Status(status) => status.to_string(),
            Happening::Error(error) => error.to_string(),
        };
        Ok(Buffer::new(text.into_bytes()))
    })
}

/// Frees it.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_free(status: Option<&mut Option<Box<Told>>>) {
    freed(status);
}
