//! What a boefje finds around it: environment, folder, models, settings.

use ostler_tests::PluginHosts;
use ostler_tests::plugin_hosts::plugins;
use serde_json::{Value, json};

use crate::faulty;

#[test]
fn a_run_has_exactly_its_environment_and_an_import_has_the_workers() {
    let mut hosts = PluginHosts::with(&json!({
        "environment": {"BOEFJE_TOP_PORTS": "5", "RPKI_CACHE_TIMEOUT": "60"},
    }));
    let environment = json!({"TOP_PORTS": "5", "EMPTY": "", "WORD": "é=x\n"});
    let order = json!({"boefje": "shown", "environment": environment});
    let shown = hosts.run(order).json();
    assert_eq!(shown["environment"], environment);
    assert_eq!(shown["import"]["RPKI_CACHE_TIMEOUT"], "60");
    assert_eq!(shown["import"]["BOEFJE_TOP_PORTS"], "5");
    assert_eq!(shown["import"]["TOP_PORTS"], Value::Null);
    let order = json!({"boefje": "shown", "imports": {"OWN_KEY": "own"}});
    let shown = hosts.run(order).json();
    assert_eq!((&shown["import"]["OWN_KEY"], &shown["environment"]), (&json!("own"), &json!({})));
    let shown = hosts.boefje("shown").json();
    assert_eq!(shown["environment"], json!({}), "nothing stays of the job before");
    assert_eq!(shown["import"]["OWN_KEY"], Value::Null);
}

#[test]
fn a_run_finds_its_folder_its_umask_and_nothing_open_but_its_own_pipes() {
    let mut hosts = PluginHosts::new();
    let shown = hosts.boefje("shown").json();
    let cwd = plugins().parent().unwrap().parent().unwrap().to_owned();
    assert_eq!(shown["cwd"], cwd.to_str().unwrap());
    assert_eq!(shown["umask"], 0o022);
    assert_eq!(shown["leads"], json!([true, false]), "a group of its own");
    assert_eq!(shown["input"], "/dev/null");
    // Its output, its errors, its result; and nothing of the host's.
    assert_eq!(shown["descriptors"], json!(["/dev/null", "pipe", "pipe", "pipe"]));
    assert_eq!(shown["package"], "boefjes.plugins.shown");
    assert_eq!((&shown["isolated"], &shown["threads"]), (&json!(1), &json!(1)));
}

#[test]
fn a_job_sees_its_own_process_and_nothing_of_its_host() {
    let mut hosts = PluginHosts::new();
    assert_eq!(hosts.run(faulty("spy")).output(), "");
    let statistics = hosts.statistics();
    assert!(statistics["hosts"][0]["memory"].is_u64(), "{statistics}");
}

#[test]
fn older_plugins_get_their_job_as_an_object_and_newer_ones_as_a_dict() {
    let mut hosts = PluginHosts::with(&json!({"settings": {"remote_ns": "192.0.2.53"}}));
    let id = hosts.give(json!({"boefje": "styles"}));
    let shown = hosts.report(&id).json();
    let meta = ostler_tests::plugin_hosts::meta(&id);
    assert_eq!(shown["id"], format!("UUID('{id}')"));
    assert_eq!((&shown["boefje"], &shown["version"]), (&json!("test-boefje"), &Value::Null));
    assert_eq!(shown["organization"], "acme");
    assert_eq!(shown["input_ooi"], "Hostname|internet|example.com");
    assert_eq!(shown["name"], "example.com");
    assert!(shown["started_at"].as_str().unwrap().starts_with("datetime.datetime(2026, 11, 22"));
    assert_eq!(shown["dump"], meta);
    let text = shown["json"].as_str().unwrap();
    assert!(
        text.starts_with(&format!(
            "{{\"id\":\"{id}\",\"started_at\":\"2026-11-22T08:59:30.445462Z\""
        ))
    );
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), meta);
    assert_eq!((&shown["same"], &shown["remote_ns"]), (&json!(true), &json!("192.0.2.53")));

    let id = hosts.give(json!({"boefje": "annotated"}));
    let mut shown = hosts.report(&id).json();
    assert_eq!((&shown["hex"], &shown["year"]), (&json!(id.replace('-', "")), &json!(2026)));
    let kinds = json!({
        "id": "UUID", "started_at": "datetime", "ended_at": "NoneType", "boefje": "dict",
        "input_ooi": "str", "arguments": "dict", "organization": "str",
        "runnable_hash": "NoneType", "environment": "dict",
    });
    assert_eq!(shown["kinds"], kinds);
    let mut meta = ostler_tests::plugin_hosts::meta(&id);
    meta["started_at"] = "2026-11-22 08:59:30.445462+00:00".into();
    assert_eq!(shown["meta"].take(), meta);
    // The order may also say it.
    let told = hosts.run(json!({"boefje": "annotated", "style": "object"}));
    assert!(told.text().contains("'BoefjeMeta' object has no attribute 'items'"), "{told:?}");
    let told = hosts.run(json!({"boefje": "styles", "style": "plain"}));
    assert!(told.text().contains("AttributeError: 'dict' object"), "{told:?}");
}

#[test]
fn plugins_in_nested_folders_import_each_other_and_open_files_from_the_top() {
    let mut hosts = PluginHosts::new();
    assert_eq!(hosts.boefje("nested.inner").output(), "shared shared True");
}

#[test]
fn in_a_tree_of_the_originals_its_other_modules_are_found_and_ours_come_first() {
    let tree = tempfile::tempdir().unwrap();
    let package = tree.path().join("boefjes");
    std::fs::create_dir_all(package.join("plugins/one")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(package.join(name), text).unwrap();
    write("clients.py", "WORD = 'found'\n");
    std::fs::create_dir(package.join("worker")).unwrap();
    write("worker/more.py", "MORE = 'and more'\n");
    write("normalizer_models.py", "raise RuntimeError('this one needs octopoes')\n");
    write("job_models.py", "raise RuntimeError('this one needs pydantic')\n");
    write(
        "plugins/one/main.py",
        "from boefjes.clients import WORD\n\
         from boefjes.config import BASE_DIR\n\
         from boefjes.job_models import BoefjeMeta\n\
         from boefjes.normalizer_models import NormalizerOutput\n\
         from boefjes.worker.more import MORE\n\
         def run(boefje_meta: BoefjeMeta):\n\
         \x20   return [({'text/plain'}, f'{WORD} {MORE} {(BASE_DIR / \"clients.py\").exists()}')]\n",
    );
    let mut hosts =
        PluginHosts::with(&json!({"root": package.join("plugins"), "cwd": tree.path()}));
    assert_eq!(hosts.boefje("one").output(), "found and more True");
}

#[test]
fn a_module_is_looked_at_without_being_run() {
    let mut hosts = PluginHosts::new();
    let look = |hosts: &mut PluginHosts, module: &str| hosts.run(json!({ "look": module }));
    let looked = look(&mut hosts, "annotated.normalize");
    assert_eq!(looked.0["parameters"], json!(["input_ooi", "raw"]));
    for (module, words) in [
        ("broken.main", "ModuleNotFoundError: No module named 'a_package_that_nobody_has'"),
        ("no_run.main", "TypeError: boefjes.plugins.no_run.main has no function run"),
        ("nowhere.main", "ModuleNotFoundError: No module named 'boefjes.plugins.nowhere'"),
    ] {
        let report = look(&mut hosts, module);
        assert_eq!(report.outcome(), "failed", "{report:?}");
        assert!(report.text().contains(words), "{report:?}");
    }
}

#[test]
fn the_values_of_settings_are_not_in_what_is_kept_of_what_a_plugin_prints() {
    let mut hosts = PluginHosts::new();
    let environment = json!({"HOW": "print-word", "WORD": "a-word-for-nobody"});
    let report = hosts.run(json!({"boefje": "faulty", "environment": environment}));
    let words = report.0["last_words"].as_str().unwrap();
    assert!(words.ends_with("xxxx***!\n***\n"), "{words}");
    hosts.wait_log(": ***");
    let log = hosts.log();
    assert_eq!(log.matches("***").count(), 31, "{log}");
    assert_eq!(log.matches("word-for").count() + words.matches("word-for").count(), 0, "{log}");
}

#[test]
fn what_a_plugin_prints_is_in_the_log_under_its_jobs_id_and_its_end_in_the_report() {
    let mut hosts = PluginHosts::new();
    let id = hosts.give(json!({"boefje": "slow"}));
    hosts.wait_log(&format!("job {id}: running"));
    let report = hosts.run(json!({"program": plugins().join("program/main")}));
    assert_eq!(report.0["last_words"], "said something\n");
}
