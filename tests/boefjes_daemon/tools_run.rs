//! `run-boefje`, `run-normalizer` and `show-raw` on a machine of its own.

use std::fs;

use ostler_tests::binaries::boefjes;
use ostler_tests::checked::write;
use ostler_tests::process::command;
use uuid::Uuid;

use crate::tools::{Ended, Machine};

#[test]
fn a_boefje_is_run_and_what_it_found_is_shown() {
    let machine = Machine::new();
    let ran = machine.run(&["run-boefje", "acme", "trivial", "Hostname|internet|a.b"]);
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
    assert!(ran.output.contains("DEBUG"), "{ran:?}");
    let said = ran.output.lines().find(|line| line.contains("Saved raw file")).unwrap();
    assert!(said.contains(" for boefje trivial["), "{said}");
    let saved = ran.saved();
    let shown = machine.run(&["show-raw", &saved[0]]);
    assert_eq!((shown.code, shown.output.as_str(), shown.complaints.as_str()), (0, "1\n", ""));
    let shown = machine.run(&["show-raw", "--json", &saved[0]]);
    let coloured = "\u{1b}[34m1\u{1b}[39;49;00m\u{1b}[37m\u{1b}[39;49;00m\n\n";
    assert_eq!((shown.code, shown.output.as_str()), (0, coloured));
}

#[test]
fn a_normalizer_is_run_and_what_it_said_is_an_object_from_then_on() {
    let machine = Machine::new();
    let raw = machine.run(&["run-boefje", "acme", "trivial", "Network|internet"]).saved().remove(0);
    let failed = machine.run(&["run-normalizer", "items", &raw]);
    // What the raw file says is no list.
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.complaints.contains("Traceback (most recent call last)"), "{failed:?}");
    assert!(failed.complaints.ends_with("Error: items: the normalizer failed\n"), "{failed:?}");

    let run = boefjes::RawDataMeta::clone(
        &machine.services().bytes.raw_meta(Uuid::parse_str(&raw).unwrap()).unwrap().unwrap(),
    );
    let list = br#"[{"object_type": "Software", "name": "found", "version": "2"}]"#;
    let output = boefjes::Output {
        name: None,
        mime_types: vec!["text/list".to_owned()],
        content: list.to_vec(),
    };
    let services = machine.services();
    let saved = services.bytes.save_raws(run.boefje_meta.id, &[output]).unwrap();
    let raw = saved[0].unwrap().to_string();
    let ran = machine.run(&["run-normalizer", "items", &raw]);
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
    let now = ostler_runtime::Moment::now();
    let object = services.octopoes.object("acme", "Software|found|2|", now).unwrap().unwrap();
    assert!(object.compact().contains(r#""version":"2""#));
}

#[test]
fn a_boefje_that_fails_says_so_and_leaves_its_traceback() {
    let machine = Machine::new();
    let failed = machine.boefje("faulty", ("HOW", "chain"));
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.complaints.contains("LookupError: nothing there"), "{failed:?}");
    assert!(failed.complaints.ends_with("Error: faulty: the boefje failed\n"), "{failed:?}");
    let shown = machine.run(&["show-raw", &failed.saved()[0]]);
    assert!(shown.output.contains("LookupError: nothing there"), "{shown:?}");
    assert!(shown.output.trim_end().ends_with("JobRuntimeError: Boefje failed"), "{shown:?}");

    let killed = machine.boefje("faulty", ("HOW", "kill-self"));
    assert_eq!(killed.code, 1, "{killed:?}");
    let words = "Error: faulty: the job's process was killed by signal 9 (SIGKILL)\n";
    assert!(killed.complaints.ends_with(words), "{killed:?}");
    assert_eq!(killed.saved().len(), 1);
}

#[test]
fn what_cannot_be_done_is_told_and_ends_with_one() {
    let machine = Machine::new();
    let nobody = Uuid::nil().to_string();
    for (arguments, words) in [
        (&["run-boefje", "acme", "nothing", "Network|x"][..], "there is no boefje nothing"),
        (&["run-boefje", "acme", "trivial", "Nowork|x"], "there is no object type Nowork"),
        (&["run-boefje", "--job", "/nowhere"], "/nowhere: No such file"),
        (&["run-normalizer", "items", &nobody], "there is no raw file 00000000-"),
        (&["show-raw", &nobody], "there is no raw file 00000000-"),
        (&["show-raw", "--json", &nobody], "there is no raw file 00000000-"),
    ] {
        let ended = machine.run(arguments);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.complaints.starts_with("Error: "), "{ended:?}");
        assert!(ended.complaints.contains(words), "{ended:?}");
    }
}

#[test]
fn a_tool_that_only_reads_makes_no_machine() {
    let machine = Machine::new();
    let nobody = Uuid::nil().to_string();
    let reading = [&["show-raw", &nobody][..], &["run-normalizer", "items", &nobody]];
    for arguments in reading {
        let ended = machine.run(arguments);
        let words = format!("Error: {}: there is no such folder\n", machine.folder().display());
        assert_eq!((ended.code, ended.complaints), (1, words));
        assert!(!machine.folder().exists());
    }
    fs::create_dir(machine.folder()).unwrap();
    for arguments in reading {
        let ended = machine.run(arguments);
        assert!(ended.complaints.contains("there is no boefjes.db in this folder"), "{ended:?}");
        assert_eq!(fs::read_dir(machine.folder()).unwrap().count(), 0);
    }
}

#[test]
fn what_is_no_text_or_no_json_is_not_shown_as_such() {
    let machine = Machine::new();
    let run = machine.run(&["run-boefje", "acme", "trivial", "Network|internet"]).saved().remove(0);
    let services = machine.services();
    let run = services.bytes.raw_meta(Uuid::parse_str(&run).unwrap()).unwrap().unwrap();
    let output = |mime_type: &str, content: &[u8]| boefjes::Output {
        name: None,
        mime_types: vec![mime_type.to_owned()],
        content: content.to_vec(),
    };
    let outputs = [output("a/bytes", b"\xff\xfe"), output("a/words", b"words")];
    let saved = services.bytes.save_raws(run.boefje_meta.id, &outputs).unwrap();
    let [bytes, words] = [0, 1].map(|number| saved[number].unwrap().to_string());
    let shown = machine.run(&["show-raw", &bytes]);
    assert_eq!((shown.code, shown.output.as_str()), (1, ""));
    assert!(shown.complaints.contains("is no text"), "{shown:?}");
    let shown = machine.run(&["show-raw", "--json", &words]);
    assert_eq!((shown.code, shown.output.as_str()), (1, ""));
    assert!(shown.complaints.contains("is no JSON"), "{shown:?}");
}

#[test]
fn a_job_is_read_from_its_file() {
    let machine = Machine::new();
    let file = machine.directory().join("job.json");
    let id = "b445dc20-c030-4bc3-b779-4ed9069a8ca2";
    let job = |boefje: &str| {
        format!(
            r#"{{"id": "{id}", "organization": "_dev", "boefje": {{"id": "{boefje}", "version": null}}, "input_ooi": "Hostname|internet|www.example.nl"}}"#
        )
    };
    write(&file, &job("trivial"));
    let ran = machine.run(&["run-boefje", "--job", file.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.output.contains(&format!("for boefje trivial[{id}]")), "{ran:?}");
    for (text, words) in [
        (job(""), "job.json: boefje.id: it is empty"),
        ("{".to_owned(), "job.json: "),
        (" ".repeat((1 << 20) + 1), "job.json: it is longer than 1048576 bytes"),
    ] {
        fs::write(&file, text).unwrap();
        let ended = machine.run(&["run-boefje", "--job", file.to_str().unwrap()]);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.complaints.contains(words), "{ended:?}");
    }
}

#[test]
fn the_command_line_is_that_of_the_original() {
    let machine = Machine::new();
    for (arguments, words) in [
        (&["run-boefje", "acme", "trivial"][..], "<INPUT_OOI>"),
        (&["run-boefje", "--what", "a", "b", "c"], "--what"),
        (&["run-normalizer", "items", "no-id"], "RAW_ID"),
        (&["show-raw"], "<RAW_ID>"),
    ] {
        let ended = machine.run(arguments);
        assert_eq!((ended.code, ended.output.as_str()), (2, ""), "{ended:?}");
        assert!(ended.complaints.contains(words), "{ended:?}");
    }
    for tool in ["run-boefje", "run-normalizer", "show-raw", "install-requirements"] {
        let help = machine.run(&[tool, "--help"]);
        assert_eq!((help.code, help.complaints.as_str()), (0, ""));
        assert!(help.output.contains("Usage:"), "{help:?}");
    }
}

#[test]
fn the_program_answers_to_the_names_of_the_tools() {
    let machine = Machine::new();
    let local = machine.folder().display().to_string();
    let plugins = ostler_tests::plugin_hosts::plugins().display().to_string();
    let raw = {
        let mut ran = command(machine.called("run-boefje"));
        ran.args(["acme", "trivial", "Network|internet", "--local", &local, "--plugins", &plugins]);
        let ran = Ended::of(&mut ran);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.saved().remove(0)
    };
    for name in ["show-raw", "show_raw.py"] {
        let shown = Ended::of(command(machine.called(name)).args([&raw, "--local", &local]));
        assert_eq!((shown.code, shown.output.as_str()), (0, "1\n"), "{shown:?}");
    }
    let usage = Ended::of(command(machine.called("run-normalizer")).arg("--local").arg(&local));
    assert_eq!(usage.code, 2, "{usage:?}");
    // Under its own name it needs a command.
    assert_eq!(Ended::of(command(boefjes()).arg("--local").arg(&local)).code, 2);
}
