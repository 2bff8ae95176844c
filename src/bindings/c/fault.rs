//! What went wrong, as C is told: a number of the original's, and words that wait in the thread.

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use broker::data::{DecodeError, JsonError, ZeekError};
use broker::{Ec, Error, PublishError, StoreError, TopicTooLong};
use ostler_net::tls::TlsError;
use ostler_net::{AddressError, BindError};

/// Why a function did not do what it was called for.
pub(crate) struct Fault {
    code: Ec,
    words: String,
}

thread_local! {
    /// The last one in this thread.
    static LAST: RefCell<Option<(Ec, CString)>> = const { RefCell::new(None) };
}

impl Fault {
    pub(crate) fn new(code: Ec, words: impl Into<String>) -> Self {
        Self { code, words: words.into() }
    }

    /// A value that cannot be used there.
    pub(crate) fn invalid(words: impl Into<String>) -> Self {
        Self::new(Ec::InvalidData, words)
    }

    /// Keeps the words for whoever asks: the number.
    fn told(self) -> c_int {
        // Only what came from elsewhere can have a zero in it.
        let words = CString::new(self.words.replace('\0', "\\0")).unwrap_or_default();
        // A thread that ends may have nowhere to keep them any more.
        let _ = LAST.try_with(|last| last.replace(Some((self.code, words))));
        c_int::from(self.code.number())
    }
}

/// Does what a function is for, without a panic: 0, or the number of the error.
pub(crate) fn answered(work: impl FnOnce() -> Result<(), Fault>) -> c_int {
    caught(work).map_or_else(Fault::told, |()| 0)
}

/// The same for a function that makes something: the handle, or nothing.
pub(crate) fn made<T>(work: impl FnOnce() -> Result<T, Fault>) -> Option<Box<T>> {
    found(None, || work().map(|made| Some(Box::new(made))))
}

/// The same for a function that returns what it finds, or says by `nothing` that it failed.
pub(crate) fn found<T>(nothing: T, work: impl FnOnce() -> Result<T, Fault>) -> T {
    caught(work).unwrap_or_else(|fault| {
        fault.told();
        nothing
    })
}

/// Ends a handle, and C's variable does not have it any more.
pub(crate) fn freed<T>(handle: Option<&mut Option<Box<T>>>) {
    answered(|| {
        drop(handle.and_then(Option::take));
        Ok(())
    });
}

fn caught<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // What was changed half way is C's to free, and locks are taken over from who panicked.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or(panic.downcast_ref::<&str>().copied()).unwrap_or("something else");
        Err(Fault::new(Ec::LogicError, format!("a fault of the library: {words}")))
    })
}

/// The number of the last error in this thread.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_last_error_code() -> c_int {
    found(0, || {
        let code = LAST.with_borrow(|last| last.as_ref().map_or(Ec::None, |(code, _)| *code));
        Ok(code.number().into())
    })
}

/// Its words.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_last_error() -> *const c_char {
    found(c"".as_ptr(), || {
        Ok(LAST.with_borrow(|last| last.as_ref().map_or(c"".as_ptr(), |(_, words)| words.as_ptr())))
    })
}

/// Errors that are told by one code.
macro_rules! coded {
    ($($error:ty => $code:ident;)*) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Self::new(Ec::$code, error.to_string())
            }
        }
    )*};
}

coded! {
    AddressError => InvalidData;
    BindError => CannotOpenResource;
    DecodeError => DeserializationFailed;
    TopicTooLong => InvalidData;
    ZeekError => ConversionFailed;
    io::Error => CannotOpenResource;
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let words = error.message.as_deref().unwrap_or(error.code.name());
        let network = error.endpoint.as_ref().and_then(|endpoint| endpoint.network.as_ref());
        let words = network.map_or(words.to_owned(), |network| format!("{network}: {words}"));
        Self::new(error.code, words)
    }
}

impl From<PublishError> for Fault {
    fn from(error: PublishError) -> Self {
        let code = match error {
            PublishError::Unfit(_) | PublishError::TooDeep => Ec::SerializationFailed,
            PublishError::Behind(_) => Ec::RequestTimeout,
            PublishError::UnknownPeer(_) => Ec::NoPathToPeer,
        };
        Self::new(code, error.to_string())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for Fault {
    fn from(error: &StoreError) -> Self {
        Self::new(error.ec(), error.to_string())
    }
}

impl From<JsonError> for Fault {
    fn from(error: JsonError) -> Self {
        let code = match error {
            JsonError::Unwritable(_) => Ec::SerializationFailed,
            _ => Ec::InvalidJson,
        };
        Self::new(code, error.to_string())
    }
}

impl From<TlsError> for Fault {
    fn from(error: TlsError) -> Self {
        let code = match error {
            TlsError::Read { .. } => Ec::CannotOpenFile,
            _ => Ec::InvalidData,
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> String {
        LAST.with_borrow(|last| last.as_ref().unwrap().1.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_panic_is_an_error_with_its_words() {
        assert_eq!(answered(|| panic!("{}", "of its own making")), 40);
        assert_eq!(words(), "a fault of the library: of its own making");
        assert!(made(|| -> Result<u8, Fault> { panic!("in\0side") }).is_none());
        assert_eq!(
            (ostler_broker_last_error_code(), words().as_str()),
            (40, "a fault of the library: in\\0side")
        );
    }

    #[test]
    fn the_last_error_is_that_of_the_thread() {
        assert_eq!(answered(|| Err(Fault::invalid("here"))), 12);
        let other = ostler_runtime::Thread::spawn("other", || {
            assert_eq!(ostler_broker_last_error_code(), 0);
            answered(|| Err(Fault::new(Ec::NoSuchKey, "there")));
        });
        other.unwrap().join();
        assert_eq!((ostler_broker_last_error_code(), words().as_str()), (12, "here"));
        assert_eq!(answered(|| Ok(())), 0);
    }
}
