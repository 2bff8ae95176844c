//! What all stores of an endpoint are told.

use std::ffi::c_int;
use std::time::Duration;

use crate::fault::{Fault, answered};
use crate::given::{given, wait};
use crate::options::Options;

/// How long a store's question waits for a master far away, and a change for room.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_store_request_wait(
    options: Option<&mut Options>,
    milliseconds: i64,
) -> c_int {
    answered(|| {
        given(options, "the options")?.rest.stores.request_wait = wait(milliseconds)?;
        Ok(())
    })
}

/// How long a question waits for the first snapshot of a clone.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_store_get_delay(
    options: Option<&mut Options>,
    milliseconds: i64,
) -> c_int {
    answered(|| {
        given(options, "the options")?.rest.stores.max_get_delay = wait(milliseconds)?;
        Ok(())
    })
}

/// The time from one tick to the next.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_store_tick(
    options: Option<&mut Options>,
    milliseconds: i64,
) -> c_int {
    answered(|| {
        let (options, tick) = (given(options, "the options")?, wait(milliseconds)?);
        if tick < Duration::from_millis(1) {
            return Err(Fault::invalid("ticks without any time between them"));
        }
        options.rest.stores.channel.tick = tick;
        Ok(())
    })
}

/// How many ticks there are between two signs of life.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_store_heartbeat(
    options: Option<&mut Options>,
    ticks: u16,
) -> c_int {
    answered(|| {
        let options = given(options, "the options")?;
        if ticks == 0 {
            return Err(Fault::invalid("no ticks between two signs of life"));
        }
        options.rest.stores.channel.heartbeat = ticks;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_made_with_what_was_told() {
        let mut options = Options::default();
        let before = options.endpoint().stores.channel;
        assert_ne!(ostler_broker_options_set_store_tick(Some(&mut options), 0), 0);
        assert_ne!(ostler_broker_options_set_store_heartbeat(Some(&mut options), 0), 0);
        assert_eq!(options.endpoint().stores.channel, before);
        assert_eq!(ostler_broker_options_set_store_tick(Some(&mut options), 250), 0);
        assert_eq!(ostler_broker_options_set_store_heartbeat(Some(&mut options), 10), 0);
        let channel = options.endpoint().stores.channel;
        assert_eq!((channel.tick, channel.heartbeat), (Duration::from_millis(250), 10));
    }
}
