//! The parts of OpenKAT's workers from outside, in this process: what they say to other services
//! and what they make of the answers.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod clients_bytes;
mod clients_faults;
mod clients_octopoes;
mod clients_scheduler;
mod clients_stopping;
mod clients_tokens;
mod flows_boefjes;
mod flows_normalizers;
mod local_files;
mod local_objects;
mod local_place;
mod local_queue;
mod local_raws;
mod replay;
mod replay_compare;
mod replay_recording;
mod replay_service;
mod replay_stand_ins;
mod workshop;
