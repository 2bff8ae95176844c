//! What C gives a function beside strings: handles, places for results, waits and flags.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::time::Duration;

use broker::{Ec, Overflow};
use ostler_runtime::Deadline;

use crate::fault::Fault;

/// A wait that never ends.
const NEVER: i64 = -1;

/// A place for a result, if C wants it.
pub(crate) type Place<'a, T> = Option<&'a mut MaybeUninit<T>>;

/// The handle that must be there.
pub(crate) fn given<T>(handle: Option<T>, what: &str) -> Result<T, Fault> {
    handle.ok_or_else(|| Fault::new(Ec::BadMemberFunctionCall, format!("{what} is NULL")))
}

/// Leaves a result where it must be wanted.
pub(crate) fn put<T>(place: Place<'_, T>, result: T) -> Result<(), Fault> {
    given(place, "the place of the result")?.write(result);
    Ok(())
}

/// Leaves a result where it may be wanted.
pub(crate) fn put_if_wanted<T>(place: Place<'_, T>, result: T) {
    if let Some(place) = place {
        place.write(result);
    }
}

/// A wait in milliseconds.
pub(crate) fn wait(milliseconds: i64) -> Result<Duration, Fault> {
    let wait = u64::try_from(milliseconds).map(Duration::from_millis);
    wait.map_err(|_| Fault::invalid(format!("a wait of {milliseconds} milliseconds")))
}

/// A life or a wait in milliseconds that may be endless.
pub(crate) fn life(milliseconds: i64) -> Result<Option<Duration>, Fault> {
    if milliseconds == NEVER { Ok(None) } else { wait(milliseconds).map(Some) }
}

/// The deadline of a wait in milliseconds, which may be endless.
pub(crate) fn deadline(milliseconds: i64) -> Result<Deadline, Fault> {
    Ok(life(milliseconds)?.map_or(Deadline::NEVER, Deadline::after))
}

/// The failure of a wait.
pub(crate) fn too_late(what: &str) -> Fault {
    Fault::new(Ec::RequestTimeout, format!("{what} in time"))
}

/// A policy by its number.
pub(crate) fn overflow(number: c_int) -> Result<Overflow, Fault> {
    match number {
        0 => Ok(Overflow::Disconnect),
        1 => Ok(Overflow::DropNewest),
        2 => Ok(Overflow::DropOldest),
        3 => Ok(Overflow::Block),
        _ => Err(Fault::invalid(format!("no overflow policy has the number {number}"))),
    }
}
