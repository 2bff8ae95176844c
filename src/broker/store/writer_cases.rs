use broker_data::Data;

use super::*;
use crate::entity_id::EntityId;

fn erase(number: u64) -> Content {
    Content::Erase { key: Data::Count(number), publisher: EntityId::NIL }
}

/// What is said of events that are missing, once so many changes are done.
fn missing(writer: &mut Writer, done: u64) -> Vec<u64> {
    let said = std::iter::repeat_with(|| writer.tick(done, 1000)).flatten();
    let nacks = said.take(10).find_map(|said| match said {
        Content::Nack { seqs } => Some(seqs),
        _ => None,
    });
    nacks.unwrap()
}

#[test]
fn what_is_said_to_be_missing_acknowledges_nothing_that_is_not_kept() {
    let limits = ChannelLimits::default();
    let mut writer = Writer::new(limits, 1, limits.heartbeat);
    for seq in [2, 3, 5] {
        writer.event(seq, erase(seq), 1);
    }
    for made in [1, 2] {
        assert!(writer.next().is_some());
        writer.acted(made);
    }
    assert!(writer.next().is_none(), "the fourth is missing");
    assert_eq!(missing(&mut writer, 0), [2, 4]);
    assert_eq!(missing(&mut writer, 1), [3, 4]);
    assert_eq!(missing(&mut writer, 2), [4]);
    assert_eq!(writer.ack(2), Content::CumulativeAck { seq: 3 });
}
