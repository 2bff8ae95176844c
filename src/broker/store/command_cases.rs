use proptest::prelude::*;

use super::*;

/// What a master and a clone of the original said to each other, a frame a line: who, and what.
const RECORDED: &str = include_str!("../../../tests/golden/broker/store-operations.txt");
/// Bytes of an envelope without its topic, in which the topic's length is the last.
const ENVELOPE_BYTES: usize = 37;
const KIND: usize = 32;
const COMMAND: u8 = 2;

/// The recorded commands, as they were on the wire.
fn recorded() -> Vec<Vec<u8>> {
    let lines = RECORDED.lines().map(|line| line.split(' ').nth(1).unwrap());
    let frames = lines.filter(|frame| *frame != "closes").map(|hex| {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
    });
    let frames = frames.map(Iterator::collect::<Vec<u8>>);
    let commands = frames.filter(|frame| frame.len() > ENVELOPE_BYTES && frame[KIND] == COMMAND);
    commands
        .map(|frame| {
            let topic = usize::from(frame[ENVELOPE_BYTES - 1]);
            frame[ENVELOPE_BYTES + topic..].to_vec()
        })
        .collect()
}

fn encoded(command: &Command) -> Vec<u8> {
    let mut bytes = Vec::new();
    command.encode(&mut bytes);
    bytes
}

#[test]
fn what_the_original_says_is_read_and_written_again() {
    let commands = recorded();
    assert!(commands.len() > 100, "{} commands were found", commands.len());
    let mut kinds = [0; 14];
    for bytes in commands {
        let command = Command::decode(&bytes).unwrap();
        assert_eq!(encoded(&command), bytes, "{command:?}");
        kinds[usize::from(bytes[56])] += 1;
    }
    // No event was lost while it was recorded.
    let unheard: Vec<usize> = (0..kinds.len()).filter(|kind| kinds[*kind] == 0).collect();
    assert_eq!(unheard, [13]);
}

#[test]
fn a_command_that_is_cut_or_longer_is_refused() {
    for bytes in recorded() {
        for length in 0..bytes.len() {
            assert!(Command::decode(&bytes[..length]).is_err(), "{length} bytes of {bytes:?}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(
            Command::decode(&longer),
            Err(CommandError::Trailing(1) | CommandError::Data(_))
        ));
    }
}

#[test]
fn what_is_announced_gets_no_room_before_it_is_there() {
    let head = [0; 56];
    let refused = |rest: &[u8]| Command::decode(&[&head, rest].concat()).unwrap_err();
    assert_eq!(refused(&[11, 0xff, 0xff, 0xff, 0xff, 0x0f]), CommandError::Truncated);
    assert_eq!(refused(&[11, 2, 0]), CommandError::Truncated);
    let snapshot = [&[12; 1][..], &[0; 10], &[0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
    assert_eq!(refused(&snapshot), CommandError::Data(DecodeError::TooMany(u32::MAX)));
    assert_eq!(refused(&[14]), CommandError::UnknownKind(14));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(command) = Command::decode(&bytes) {
            let again = encoded(&command);
            prop_assert_eq!(Command::decode(&again), Ok(command));
        }
    }
}
