//! What is said to Bytes, in both of its forms, and what is made of the answers.

use std::sync::Arc;
use std::time::Duration;

use boefjes::{BoefjeMeta, Bytes, NormalizerMeta, Output, Services, Stopping};
use katalogus::Json;
use ostler_tests::openkat::{Asked, Call, OpenKatVersion, Trouble};
use ostler_tests::{OpenKat, wait_for};
use serde_json::json;
use uuid::Uuid;

const RUN: &str = "7134430c-8509-4944-b0be-27cb9bfb4bc2";
const META: &str = r#"{"id":"7134430c-8509-4944-b0be-27cb9bfb4bc2","started_at":"2026-11-22T08:59:30.445462Z","ended_at":"2026-11-22T08:59:31Z","boefje":{"id":"b","version":null},"input_ooi":"Hostname|internet|ä.b","arguments":{"input":{"name":"ä.b"}},"organization":"acme","runnable_hash":null,"environment":{"KEY":"value"}}"#;

fn run() -> Uuid {
    Uuid::parse_str(RUN).unwrap()
}

fn meta() -> BoefjeMeta {
    BoefjeMeta::from_json(&Json::parse(META).unwrap()).unwrap()
}

fn raw(mime_types: &[&str], content: &[u8]) -> Output {
    let mime_types = mime_types.iter().map(|&one| one.to_owned()).collect();
    Output { name: None, mime_types, content: content.to_vec() }
}

fn headers(call: &Call) -> Vec<String> {
    let known = call.headers.iter().filter(|(name, _)| name != "host" && name != "accept");
    let mut known: Vec<_> = known.map(|(name, value)| format!("{name}: {value}")).collect();
    known.sort();
    known
}

#[test]
fn a_meta_is_saved_after_the_first_log_in() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let services = openkat.services();
    services.bytes.save_boefje_meta(&meta()).unwrap();
    let books = openkat.books();
    let lines: Vec<_> = books.calls.iter().map(|call| (call.line(), call.status)).collect();
    let meta = "bytes POST /bytes/boefje_meta".to_owned();
    let token = "bytes POST /token".to_owned();
    assert_eq!(lines, [(meta.clone(), Some(401)), (token, Some(200)), (meta, Some(201))]);
    let length = format!("content-length: {}", META.len());
    let agent = "user-agent: bytes-api-client/0.3";
    assert_eq!(headers(&books.calls[0]), [length.as_str(), agent]);
    assert_eq!(books.calls[0].text(), META);
    let form = "content-type: application/x-www-form-urlencoded";
    assert_eq!(headers(&books.calls[1]), ["content-length: 29", form, agent]);
    assert_eq!(books.calls[1].text(), "username=test&password=secret");
    assert_eq!(headers(&books.calls[2]), ["authorization: bearer tok1", length.as_str(), agent]);
    assert_eq!(books.calls[2].text(), META);
}

#[test]
fn a_meta_that_is_there_already_is_refused_in_its_words() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let services = openkat.services();
    services.bytes.save_boefje_meta(&meta()).unwrap();
    let error = services.bytes.save_boefje_meta(&meta()).unwrap_err().to_string();
    let words = "Bytes answered 400 to POST /bytes/boefje_meta: \
                 Integrity error: object might already exist";
    assert_eq!(error, words);
}

#[test]
fn a_normalizers_meta_is_saved() {
    let openkat = OpenKat::new(OpenKatVersion::V1_18);
    let meta = format!(
        r#"{{"id":"44b4b278-a4f0-5a11-ac42-b54bd552d3b4","started_at":"2026-11-22T09:01:30.758242Z","ended_at":"2026-11-22T09:01:31.651236Z","raw_data":{{"id":"fa06d744-bb8e-5c49-8068-9bead2bf9f23","boefje_meta":{META},"mime_types":[{{"value":"boefje/b"}}]}},"normalizer":{{"id":"n","version":null}}}}"#
    );
    let read = NormalizerMeta::from_json(&Json::parse(&meta).unwrap()).unwrap();
    openkat.services().bytes.save_normalizer_meta(&read).unwrap();
    let books = openkat.books();
    assert_eq!(books.calls[2].line(), "bytes POST /bytes/normalizer_meta");
    assert_eq!(books.calls[2].text(), meta);
    assert_eq!(books.normalizer_metas.len(), 1);
}

#[test]
fn raw_files_are_sent_as_they_are() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let services = openkat.services();
    services.bytes.save_boefje_meta(&meta()).unwrap();
    let raws = [raw(&["boefje/b", "text/a+b c"], b"\0\xff"), raw(&["boefje/b"], b"")];
    let ids = services.bytes.save_raws(run(), &raws).unwrap();
    let books = openkat.books();
    let kept: Vec<_> = books.raws.iter().map(|raw| Uuid::parse_str(&raw.id).ok()).collect();
    assert_eq!(ids, kept);
    let call = &books.calls[3];
    let query = format!("mime_types=boefje%2Fb&mime_types=text%2Fa%2Bb+c&boefje_meta_id={RUN}");
    assert_eq!(call.line(), format!("bytes POST /bytes/raw?{query}"));
    assert_eq!(call.body, b"\0\xff");
    let expected = [
        "authorization: bearer tok1",
        "content-length: 2",
        "content-type: application/octet-stream",
        "user-agent: bytes-api-client/0.3",
    ];
    assert_eq!(headers(call), expected);
    assert_eq!(books.raws[1].content, b"");
}

#[test]
fn a_raw_file_that_is_there_already_is_no_error() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let services = openkat.services();
    services.bytes.save_boefje_meta(&meta()).unwrap();
    let raws = [raw(&["boefje/b"], b"1"), raw(&["boefje/b"], b"2"), raw(&["text/plain"], b"3")];
    let ids = services.bytes.save_raws(run(), &raws).unwrap();
    let is_new: Vec<_> = ids.iter().map(Option::is_some).collect();
    assert_eq!(is_new, [true, false, true]);
}

#[test]
fn raw_files_go_as_json_where_they_are_refused_as_they_are() {
    let openkat = OpenKat::new(OpenKatVersion::V1_18);
    let services = openkat.services();
    services.bytes.save_boefje_meta(&meta()).unwrap();
    let named = Output { name: Some("a \"b\"".to_owned()), ..raw(&["boefje/b"], b"{}") };
    let raws = [raw(&["boefje/b", "a/b"], b"\0\xff"), named];
    let ids = services.bytes.save_raws(run(), &raws).unwrap();
    let books = openkat.books();
    let kept: Vec<_> = books.raws.iter().map(|raw| Uuid::parse_str(&raw.id).ok()).collect();
    assert_eq!(ids, kept);
    assert_eq!(books.raws[0].content, b"\0\xff");
    assert_eq!(books.raws[0].mime_types, ["boefje/b", "a/b"]);
    let calls: Vec<_> = books.calls[3..].iter().map(|call| call.status).collect();
    assert_eq!(calls, [Some(422), Some(200), Some(200)], "the old form is tried once");
    let target = format!("bytes POST /bytes/raw?boefje_meta_id={RUN}");
    assert_eq!(books.calls[4].line(), target);
    let body = r#"{"files":[{"name":"raw","content":"AP8=","tags":["boefje/b","a/b"]}]}"#;
    assert_eq!(books.calls[4].text(), body);
    assert_eq!(books.calls[4].header("content-type"), Some("application/json"));
    let body = r#"{"files":[{"name":"a \"b\"","content":"e30=","tags":["boefje/b"]}]}"#;
    assert_eq!(books.calls[5].text(), body);
}

#[test]
fn who_comes_back_may_want_raw_files_as_they_are() {
    let openkat = OpenKat::new(OpenKatVersion::V1_18);
    let services = openkat.services();
    services.bytes.save_boefje_meta(&meta()).unwrap();
    services.bytes.save_raws(run(), &[raw(&["a/b"], b"1")]).unwrap();
    openkat.refuse(Asked::Bytes);
    services.bytes.save_raws(run(), &[raw(&["a/c"], b"1")]).unwrap_err();
    openkat.accept(Asked::Bytes);
    let before = openkat.books().calls.len();
    services.bytes.save_raws(run(), &[raw(&["a/d"], b"1")]).unwrap();
    let books = openkat.books();
    let calls: Vec<_> = books.calls[before..].iter().map(|call| call.status).collect();
    assert_eq!(calls, [Some(422), Some(200)]);
}

#[test]
fn a_stray_refusal_costs_one_raw_file_and_no_other() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let services = openkat.services();
    services.bytes.save_boefje_meta(&meta()).unwrap();
    openkat.inject(Asked::Bytes, "POST /bytes/raw", 1, Trouble::Status(422));
    // Its name is that of a member of the old answer.
    let named = Output { name: Some("id".to_owned()), ..raw(&["a/b"], b"1") };
    let error = services.bytes.save_raws(run(), &[named]).unwrap_err().to_string();
    let words = "Bytes answered something strange to POST /bytes/raw: it does not name the file";
    assert!(error.starts_with(words), "{error}");
    services.bytes.save_raws(run(), &[raw(&["a/c"], b"2")]).unwrap();
    let books = openkat.books();
    assert_eq!(books.raws.last().unwrap().content, b"2");
    assert_eq!(books.raws.last().unwrap().mime_types, ["a/c"]);
}

#[test]
fn a_bytes_that_becomes_an_older_one_is_sent_raw_files_as_they_are() {
    let openkat = OpenKat::new(OpenKatVersion::V1_18);
    let services = openkat.services();
    services.bytes.save_boefje_meta(&meta()).unwrap();
    services.bytes.save_raws(run(), &[raw(&["a/b"], b"1")]).unwrap();
    let old = json!({"status": "success", "message": "Raw data saved", "id": RUN}).to_string();
    openkat.inject(Asked::Bytes, "POST /bytes/raw", 2, Trouble::Body(old.into_bytes()));
    services.bytes.save_raws(run(), &[raw(&["a/c"], b"2")]).unwrap_err();
    assert_eq!(services.bytes.save_raws(run(), &[raw(&["a/d"], b"3")]), Ok(vec![Some(run())]));
    assert_eq!(openkat.books().calls.last().unwrap().body, b"3");
}

#[test]
fn a_file_may_be_called_like_a_member_of_the_older_answer() {
    let openkat = OpenKat::new(OpenKatVersion::V1_18);
    let services = openkat.services();
    services.bytes.save_boefje_meta(&meta()).unwrap();
    for name in ["status", "id", "message"] {
        let named = Output { name: Some(name.to_owned()), ..raw(&["a/b"], b"1") };
        let ids = services.bytes.save_raws(run(), &[named]).unwrap();
        let kept = openkat.books().raws.last().map(|raw| Uuid::parse_str(&raw.id).unwrap());
        assert_eq!(ids, [kept], "{name}");
    }
}

#[test]
fn a_raw_file_of_no_run_is_refused() {
    for version in [OpenKatVersion::V1_15, OpenKatVersion::V1_18] {
        let openkat = OpenKat::new(version);
        let services = openkat.services();
        let error = services.bytes.save_raws(run(), &[raw(&["a/b"], b"1")]).unwrap_err();
        let words = "Bytes answered 500 to POST /bytes/raw: no such run";
        assert_eq!(error.to_string(), words);
    }
}

#[test]
fn a_raw_file_and_its_meta_are_read() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let boefje_meta: serde_json::Value = serde_json::from_str(META).unwrap();
    let id = openkat.put_raw(&boefje_meta, &["boefje/b", "a/b"], b"\0\xff");
    let id = Uuid::parse_str(&id).unwrap();
    let services = openkat.services();
    assert_eq!(services.bytes.raw(id, u64::MAX).unwrap(), Some(b"\0\xff".to_vec()));
    let read = services.bytes.raw_meta(id).unwrap().unwrap();
    assert_eq!((read.id, &read.boefje_meta), (id, &meta()));
    assert_eq!(read.mime_types, ["boefje/b", "a/b"]);
    let lines = openkat.lines();
    let path = format!("bytes GET /bytes/raw/{id}");
    assert_eq!(lines, [&path, "bytes POST /token", &path, &format!("{path}/meta")]);
    let unknown = Uuid::new_v4();
    assert_eq!(services.bytes.raw(unknown, u64::MAX).unwrap(), None);
    assert_eq!(services.bytes.raw_meta(unknown).unwrap(), None);
}

/// What is asked of Bytes.
type Asks = fn(&dyn Bytes) -> Result<(), boefjes::ServiceError>;

#[test]
fn a_strange_answer_is_an_error_that_names_the_call() {
    let save: Asks = |bytes| bytes.save_raws(run(), &[raw(&["a/b"], b"1")]).map(drop);
    let meta: Asks = |bytes| bytes.raw_meta(run()).map(drop);
    let meta_path = format!("GET /bytes/raw/{RUN}/meta");
    for (asks, body, words) in [
        (save, "1", "POST /bytes/raw: it is no object".to_owned()),
        (save, "{}", "POST /bytes/raw: it has no id".to_owned()),
        (save, r#"{"status":"success"}"#, "POST /bytes/raw: it has no id".to_owned()),
        (save, r#"{"id":"1"}"#, "POST /bytes/raw: its id is no UUID".to_owned()),
        (save, r#"{"raw":"1"}"#, "POST /bytes/raw: it has no id".to_owned()),
        (meta, "", format!("{meta_path}: it is no JSON: ")),
        (meta, "{}", format!("{meta_path}: mime_types: it is missing")),
    ] {
        let openkat = OpenKat::new(OpenKatVersion::V1_15);
        openkat.inject(Asked::Bytes, "/bytes", 1, Trouble::Body(body.into()));
        let error = asks(&*openkat.services().bytes).unwrap_err().to_string();
        let start = format!("Bytes answered something strange to {words}");
        assert!(error.starts_with(&start), "{error}");
    }
}

#[test]
fn a_refusal_that_repeats_the_request_is_told_without_it() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let services = openkat.services();
    services.bytes.save_boefje_meta(&meta()).unwrap();
    let started = BoefjeMeta { started_at: None, ..meta() };
    let error = services.bytes.save_boefje_meta(&started).unwrap_err().to_string();
    assert_eq!(error, "Bytes answered 422 to POST /bytes/boefje_meta: no times");
    let books = openkat.books();
    assert_eq!(books.boefje_metas, [serde_json::from_str::<serde_json::Value>(META).unwrap()]);
    assert_eq!(books.boefje_metas[0]["environment"], json!({"KEY": "value"}));
}

/// A client with this time-out that tries everything once, and a raw file that one with the usual
/// patience has saved.
fn kept(openkat: &OpenKat, timeout: Duration, content: &[u8]) -> (Services, Uuid) {
    let patient = openkat.services();
    patient.bytes.save_boefje_meta(&meta()).unwrap();
    let ids = patient.bytes.save_raws(run(), &[raw(&["text/plain"], content)]).unwrap();
    let mut settings = openkat.client_settings();
    (settings.timeout, settings.back_off) = (timeout, Vec::new());
    let services = Services::remote(&settings, &Arc::new(Stopping::new()));
    let id = ids[0].unwrap();
    // From then on it has a token, too. On a busy machine that may take more than one try.
    wait_for("the file is had", || services.bytes.raw(id, 1 << 20).is_ok());
    (services, id)
}

#[test]
fn a_long_raw_file_may_take_longer_than_the_time_out_while_it_comes() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let content = vec![b'x'; 1 << 20];
    let (services, id) = kept(&openkat, Duration::from_secs(2), &content);
    let comes = || {
        openkat.inject(Asked::Bytes, "GET", 1, Trouble::Pieces(8, Duration::from_millis(300)));
        services.bytes.raw(id, 1 << 20)
    };
    // A pause of a busy machine may be longer than the time-out; all of it is always longer.
    let came = (0..3).find_map(|_| comes().ok());
    assert!(came == Some(Some(content)), "it never comes");
}

#[test]
fn a_raw_file_that_hardly_comes_is_given_up() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let (services, id) = kept(&openkat, Duration::from_secs(1), &vec![b'x'; 1 << 16]);
    let hardly = Trouble::Pieces(1000, Duration::from_millis(20));
    openkat.inject(Asked::Bytes, "GET", usize::MAX, hardly);
    let error = services.bytes.raw(id, 1 << 20).unwrap_err().to_string();
    assert!(error.ends_with("no answer in time"), "{error}");
}
