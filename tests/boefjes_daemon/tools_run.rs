//! `run-boefje`, `run-normalizer` and `show-raw` on a machine of its own.

use std::fs;

use boefjes::TaskStatus;
use ostler_tests::binaries::boefjes;
use ostler_tests::checked::write;
use ostler_tests::process::command;
use ostler_tests::wait_for;
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
        (&["run-boefje", "acme", "items", "Network|x"], "/plugins: there are "),
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
fn a_folder_that_cannot_be_used_is_named() {
    let machine = Machine::new();
    let file = machine.directory().join("file");
    write(&file, "");
    let run = ["run-boefje", "acme", "trivial", "Network|x"];
    let ended = Ended::of(machine.command(run).arg("--plugins").arg(&file));
    let words = format!("Error: {}: the folder with the plugins cannot be read\n", file.display());
    assert_eq!((ended.code, ended.complaints), (1, words));
    let machine = Machine::new();
    write(&machine.folder(), "");
    let ended = machine.run(&run);
    let words = format!("Error: {}/boefjes.db: its folder is a file\n", machine.folder().display());
    assert_eq!((ended.code, ended.complaints), (1, words));
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
fn a_raw_file_is_shown_if_python_reads_it_as_json() {
    let machine = Machine::new();
    let run = machine.run(&["run-boefje", "acme", "trivial", "Network|internet"]).saved().remove(0);
    let services = machine.services();
    let run = services.bytes.raw_meta(Uuid::parse_str(&run).unwrap()).unwrap().unwrap();
    // What Pygments makes of what Python's `json.dumps` makes of it, without escapes.
    let nan = "[04m[91mN[39;49;00m[04m[91ma[39;49;00m[04m[91mN[39;49;00m";
    let infinity = "[04m[91mI[39;49;00m[34mnf[39;49;00m[04m[91mi[39;49;00m\
        [34mn[39;49;00m[04m[91mi[39;49;00m[34mt[39;49;00m[04m[91my[39;49;00m";
    let end = "[37m[39;49;00m\n";
    let deep = format!("{}{}", "[".repeat(900), "]".repeat(900));
    let cases = [
        ("NaN", Some(format!("{nan}{end}\n"))),
        ("1E400", Some(format!("{infinity}{end}\n"))),
        ("-Infinity", Some(format!("[34m-[39;49;00m{infinity}{end}\n"))),
        (r#""\uD800\"\ud83d\ude00\udc00\\""#, Some(format!(
            "[33m\"\\ud800\\\"\\ud83d\\ude00\\udc00\\\\\"[39;49;00m{end}\n"
        ))),
        (r#"{"\uff61":1,"\ud800":2,"\ud83d\ude00":3,"a":4}"#, Some(
            [("a", 4), ("\\ud800", 2), ("\\uff61", 1), ("\\ud83d\\ude00", 3)].map(|(key, value)| {
                format!("[37m    [39;49;00m[94m\"{key}\"[39;49;00m:[37m [39;49;00m[34m{value}[39;49;00m")
            }).join(&format!(",{end}")),
        )),
        (&deep, None),
    ];
    for (number, (content, shown)) in cases.into_iter().enumerate() {
        let output = boefjes::Output {
            name: None,
            mime_types: vec![format!("a/case-{number}")],
            content: content.into(),
        };
        let saved = services.bytes.save_raws(run.boefje_meta.id, &[output]).unwrap();
        let ended = machine.run(&["show-raw", "--json", &saved[0].unwrap().to_string()]);
        assert_eq!(ended.code, 0, "{content:.20}: {ended:?}");
        let printed = ended.output.replace('\u{1b}', "");
        match shown {
            Some(shown) if content.starts_with('{') => {
                assert_eq!(printed, format!("{{{end}{shown}{end}}}{end}\n"));
            }
            Some(shown) => assert_eq!(printed, shown),
            None => assert_eq!(printed.lines().count(), 1800, "a bracket a line, and the last"),
        }
    }
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
    let item =
        |data: &str| format!(r#"{{"id": "{id}", "priority": 1, "hash": "h", "data": {data}}}"#);
    write(&file, &item(&job("trivial").replace(id, "7134430c-8509-4944-b0be-27cb9bfb4bc2")));
    let ran = machine.run(&["run-boefje", "--job", file.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let said = "for boefje trivial[7134430c-8509-4944-b0be-27cb9bfb4bc2]";
    assert!(ran.output.contains(said), "{ran:?}");
    for (text, words) in [
        (job(""), "job.json: boefje.id: it is empty"),
        (item(&job("")), "job.json: data.boefje.id: it is empty"),
        (item("5"), "job.json: data: it is no object"),
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
fn a_job_of_a_file_is_run_as_often_as_one_likes() {
    let machine = Machine::new();
    let file = machine.directory().join("job.json");
    let id = "b445dc20-c030-4bc3-b779-4ed9069a8ca2";
    let job = format!(
        r#"{{"id": "{id}", "organization": "acme", "boefje": {{"id": "trivial"}}, "input_ooi": "Network|internet"}}"#
    );
    write(&file, &job);
    let run = || machine.run(&["run-boefje", "--job", file.to_str().unwrap()]);
    assert!(run().output.contains(&format!("for boefje trivial[{id}]")));
    let again = run();
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(again.saved().len(), 1, "{again:?}");
    assert!(again.output.contains(&format!("there is a run {id} already")), "{again:?}");
}

#[test]
fn a_boefje_is_queued_for_the_workers_of_a_machine_of_its_own() {
    let machine = Machine::new();
    let queue =
        |boefje| machine.run(&["run-boefje", "--queue", "acme", boefje, "Network|internet"]);
    let queued = queue("trivial");
    assert_eq!((queued.code, queued.complaints.as_str()), (0, ""), "{queued:?}");
    let id = Uuid::parse_str(queued.output.trim_end()).unwrap();
    let services = machine.services();
    assert_eq!(services.scheduler.task(id).unwrap().unwrap().1, TaskStatus::Queued);
    let _workers = machine.workers("boefje").start();
    wait_for("it is done", || {
        services.scheduler.task(id).unwrap().unwrap().1 == TaskStatus::Completed
    });
    let unknown = queue("nothing");
    assert_eq!(unknown.code, 1);
    assert!(unknown.complaints.contains("there is no boefje nothing"), "{unknown:?}");
}

#[test]
fn a_normalizer_is_queued_for_the_workers_of_a_machine_of_its_own() {
    let machine = Machine::new();
    let raw = machine.run(&["run-boefje", "acme", "trivial", "Network|internet"]).saved().remove(0);
    let queued = machine.run(&["run-normalizer", "--queue", "items", &raw]);
    assert_eq!((queued.code, queued.complaints.as_str()), (0, ""), "{queued:?}");
    let id = Uuid::parse_str(queued.output.trim_end()).unwrap();
    let (task, status) = machine.services().scheduler.task(id).unwrap().unwrap();
    assert_eq!((task.queue.as_str(), status), ("normalizer-acme", TaskStatus::Queued));
    let unknown = machine.run(&["run-normalizer", "--queue", "nothing", &raw]);
    assert!(unknown.complaints.contains("there is no normalizer nothing"), "{unknown:?}");
}

#[test]
fn a_plugin_sees_neither_the_secrets_nor_the_memory_of_the_tool() {
    let machine = Machine::new();
    let spied = machine.boefje("faulty", ("HOW", "spy-above"));
    let shown = machine.run(&["show-raw", &spied.saved()[0]]);
    assert_eq!(shown.output, "done\n");
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("shows");
    fs::create_dir_all(&folder).unwrap();
    write(&folder.join("__init__.py"), "");
    let manifest = r#"{"id": "shows", "consumes": [], "scan_level": 0, "environment_keys": [
        "OWN_KEY", "BYTES_PASSWORD"]}"#;
    write(&folder.join("boefje.json"), manifest);
    write(
        &folder.join("main.py"),
        "import os\n\nSEEN = str(dict(os.environ))\n\n\ndef run(boefje_meta):\n    \
         return [({\"text/plain\"}, SEEN)]\n",
    );
    let machine = Machine::with(root.path());
    let mut run = machine.command(["run-boefje", "acme", "shows", "Network|internet"]);
    run.env("OWN_KEY", "named").env("BYTES_PASSWORD", "secret").env("OTHER_KEY", "secret");
    run.env("OPENKAT_CACHE_PATH", "/cache");
    run.env("FTP_PROXY", "http://me:secret@proxy:3128").env("OPENKAT_PASSPHRASE", "secret");
    run.env("BOEFJES_ENCRYPTION_KEY", "secret").env("BOEFJES_REDIS", "redis://h?password=secret");
    run.env("A_PASSWORD", "secret").env("OCTOPOES_API", "http://me:secret@octopoes:8001");
    let ran = Ended::of(&mut run);
    let shown = machine.run(&["show-raw", &ran.saved()[0]]).output;
    assert!(shown.contains("http://octopoes:8001") && !shown.contains("secret"), "{shown}");
    // What plugins of the original look for, and what this one's own manifest names.
    assert!(shown.contains("'OPENKAT_CACHE_PATH': '/cache'"), "{shown}");
    assert!(shown.contains("'FTP_PROXY': 'http://proxy:3128'"), "{shown}");
    assert!(shown.contains("'OWN_KEY': 'named'"), "{shown}");
}

#[test]
fn a_folder_of_plugins_may_be_named_from_here() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("boefjes/plugins/here");
    fs::create_dir_all(&folder).unwrap();
    write(&folder.join("__init__.py"), "");
    write(&folder.join("boefje.json"), r#"{"id": "here", "consumes": [], "scan_level": 0}"#);
    write(
        &folder.join("main.py"),
        "from boefjes.config import BASE_DIR\n\n\ndef run(boefje_meta):\n    \
         return [({\"text/plain\"}, str(BASE_DIR))]\n",
    );
    let mut run = command(boefjes());
    run.args(["--local", "machine", "--plugins", "boefjes/plugins"]).current_dir(root.path());
    let ran = Ended::of(run.args(["run-boefje", "acme", "here", "Network|internet"]));
    assert!(!ran.output.contains("not imported"), "{ran:?}");
    let mut show = command(boefjes());
    show.args(["--local", "machine", "show-raw"]).arg(&ran.saved()[0]).current_dir(root.path());
    assert_eq!(Ended::of(&mut show).output, format!("{}/boefjes\n", root.path().display()));
}

#[test]
fn the_command_line_is_that_of_the_original() {
    let machine = Machine::new();
    for (arguments, words) in [
        (&["run-boefje", "acme", "trivial"][..], "<INPUT_OOI>"),
        (&["run-boefje", "--what", "a", "b", "c"], "--what"),
        (&["run-boefje", "", "b", "c"], "a value is required for '[ORGANIZATION_CODE]'"),
        (&["run-boefje", "-p", "nowhere", "a", "b", "c"], "nowhere: there is no such folder"),
        (&["run-normalizer", "items", "no-id"], "RAW_ID"),
        (&["run-normalizer", "items", "no-id"], "it is no id, such as "),
        (&["show-raw"], "<RAW_ID>"),
    ] {
        let ended = machine.run(arguments);
        assert_eq!((ended.code, ended.output.as_str()), (2, ""), "{ended:?}");
        assert!(ended.complaints.contains(words), "{ended:?}");
        // How the tool is used, and not the whole program.
        if !ended.complaints.contains("no such folder") {
            let usage = format!("Usage: boefjes {} ", arguments[0]);
            assert_eq!(ended.complaints.matches("Usage: ").count(), 1, "{ended:?}");
            assert!(ended.complaints.contains(&usage), "{ended:?}");
        }
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
