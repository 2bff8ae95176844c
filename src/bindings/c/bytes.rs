//! Strings of C: a pointer and a length, one after the other or in a list.

use std::ffi::{OsStr, c_char};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::slice;

use broker::Topic;

use crate::fault::Fault;
use crate::given::{Place, given, put};

/// `ostler_broker_text`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Text {
    bytes: *const c_char,
    length: usize,
}

/// The bytes that a pair stands for. `NULL` with the length 0 is the empty string.
///
/// # Safety
/// Unless it is `NULL`, `bytes` leads to `length` bytes that nobody changes during `'a`.
pub(crate) unsafe fn bytes<'a>(bytes: *const c_char, length: usize) -> Result<&'a [u8], Fault> {
    if bytes.is_null() {
        return if length == 0 { Ok(&[]) } else { given(None, "a string that is not empty") };
    }
    if isize::try_from(length).is_err() {
        return Err(Fault::invalid("a string longer than memory"));
    }
    // SAFETY: the caller vouches for the bytes, and there are not too many.
    Ok(unsafe { slice::from_raw_parts(bytes.cast(), length) })
}

/// The same as text.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn text<'a>(at: *const c_char, length: usize) -> Result<&'a str, Fault> {
    // SAFETY: the caller vouches for the bytes.
    let bytes = unsafe { bytes(at, length) }?;
    std::str::from_utf8(bytes).map_err(|error| {
        Fault::invalid(format!(
            "not UTF-8 from byte {} on: {:?}",
            error.valid_up_to(),
            shown(bytes)
        ))
    })
}

/// The same as a topic.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn topic(at: *const c_char, length: usize) -> Result<Topic, Fault> {
    // SAFETY: the caller vouches for the bytes.
    Ok(Topic::new(unsafe { bytes(at, length) }?)?)
}

/// The strings of a list.
///
/// # Safety
/// Unless it is `NULL`, `list` leads to `count` pairs, each as for [`bytes`].
pub(crate) unsafe fn list<'a>(list: *const Text, count: usize) -> Result<Vec<&'a [u8]>, Fault> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let list = given((!list.is_null()).then_some(list), "a list that is not empty")?;
    if isize::try_from(count.saturating_mul(size_of::<Text>())).is_err() {
        return Err(Fault::invalid("a list longer than memory"));
    }
    // SAFETY: the caller vouches for the pairs, and there are not too many.
    let pairs = unsafe { slice::from_raw_parts(list, count) };
    // SAFETY: the caller vouches for the bytes of each.
    pairs.iter().map(|pair| unsafe { bytes(pair.bytes, pair.length) }).collect()
}

/// The same as topics.
///
/// # Safety
/// As for [`list`].
pub(crate) unsafe fn topics(at: *const Text, count: usize) -> Result<Vec<Topic>, Fault> {
    // SAFETY: the caller vouches for the list.
    let topics = unsafe { list(at, count) }?;
    topics.into_iter().map(|topic| Ok(Topic::new(topic)?)).collect()
}

impl Text {
    /// The bytes.
    ///
    /// # Safety
    /// As for [`bytes`].
    pub(crate) unsafe fn bytes<'a>(self) -> Result<&'a [u8], Fault> {
        // SAFETY: the caller vouches for the bytes.
        unsafe { bytes(self.bytes, self.length) }
    }

    /// The path of a file; none if it is empty.
    ///
    /// # Safety
    /// As for [`bytes`].
    pub(crate) unsafe fn path(self) -> Result<Option<PathBuf>, Fault> {
        // SAFETY: the caller vouches for the bytes.
        let path = unsafe { self.bytes() }?;
        Ok((!path.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(path))))
    }
}

/// Lends bytes to C.
pub(crate) fn lend(
    bytes: &[u8],
    at: Place<'_, *const c_char>,
    length: Place<'_, usize>,
) -> Result<(), Fault> {
    let length: &mut MaybeUninit<usize> = given(length, "the place of the length")?;
    put(at, bytes.as_ptr().cast())?;
    length.write(bytes.len());
    Ok(())
}

/// The beginning of bytes that are no text, for an error.
fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 40;
    String::from_utf8_lossy(bytes.get(..MOST).unwrap_or(bytes)).into_owned()
}
