//! The fuzz target of this crate: see `tests/fuzz/README.md`. No part of the interface.

use std::sync::Arc;
use std::time::Duration;

use broker_data::{Data, EndpointId, Timestamp};

use crate::backend::Backend;
use crate::channel::ChannelLimits;
use crate::command::{Command, Content};
use crate::entity_id::EntityId;
use crate::master::{Master, MasterOptions};
use crate::memory::Memory;
use crate::output::Output;
use crate::replica::Replica;
use crate::replica_options::CloneOptions;

/// Events that are kept at each end of a channel here, and bytes of them.
const LIMITS: ChannelLimits = ChannelLimits {
    tick: Duration::from_millis(100),
    heartbeat: 2,
    timeout: 3,
    nack: 1,
    events: 8,
    bytes: 1024,
    command: 1 << 16,
};
/// Commands that one of them may say at once: what it is told, and as many events as it keeps.
const MOST_SAID: usize = 4096;

/// Commands, each behind two bytes of its length, for a master and a clone at once. An empty one has
/// time pass.
///
/// Each command is the same when it is written and read again, or is refused. Whatever is said to them,
/// neither panics, each says what can be read, says no more than it is asked for, and keeps no more
/// than it may.
///
/// # Panics
///
/// If one of these does not hold.
pub fn store_command(bytes: &[u8]) {
    let id = |number| EntityId { endpoint: EndpointId([number; 16]), object: 8 };
    let options = MasterOptions { name: "st".to_owned(), id: id(1), limits: LIMITS };
    let backend: Arc<dyn Backend> = Arc::new(Memory::default());
    let Ok(mut master) = Master::new(options, backend, true) else { return };
    let mut clone = Replica::new("st".to_owned(), [id(2), id(2)], LIMITS, CloneOptions::default());
    master.set_listeners(true);
    clone.set_listeners(true);
    let mut now = 0_i64;
    let mut rest = bytes;
    while let Some((length, more)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (command, more) = more.split_at(length.min(more.len()));
        rest = more;
        if command.is_empty() {
            now = now.saturating_add(100_000_000);
            master.tick(Timestamp::from_nanos(now));
            clone.tick();
            let key = Data::Count(now.unsigned_abs() % 5);
            let publisher = id(2);
            // A master may say no, and a clone may be full.
            drop(clone.write(Content::Put { key, value: Data::None, expiry: None, publisher }));
        } else if let Ok(command) = Command::decode(command) {
            let mut again = Vec::new();
            command.encode(&mut again);
            assert_eq!(Command::decode(&again).as_ref(), Ok(&command), "it is another one");
            master.command(command.clone(), again.len(), Timestamp::from_nanos(now));
            clone.command(command, again.len());
        }
        check(&master.take_output());
        check(&clone.take_output());
        let (one, other) = (master.statistics(), clone.statistics());
        let most = LIMITS.events as u64;
        // One that is put once is told of twice.
        assert!(
            one.unacked <= most.saturating_add(1) && other.unacked <= most,
            "{one:?} {other:?}"
        );
        assert!(
            one.early <= most.saturating_mul(one.inputs) && other.early <= most,
            "{one:?} {other:?}"
        );
    }
}

/// What is said can be read.
fn check(output: &Output) {
    assert!(output.sends.len() <= MOST_SAID, "{} commands at once", output.sends.len());
    for sending in &output.sends {
        assert!(Command::decode(&sending.command).is_ok());
    }
}
