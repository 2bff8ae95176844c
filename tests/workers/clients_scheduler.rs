//! What is said to the scheduler, in each of its generations, and what is made of the answers.

use boefjes::{Filters, Popped, Scheduler, Task, TaskKind, TaskStatus};
use katalogus::Json;
use ostler_tests::OpenKat;
use ostler_tests::openkat::{Asked, Call, OpenKatVersion, Trouble, boefje_job, normalizer_job};
use serde_json::{Value, json};
use uuid::Uuid;

const INPUT: &str = "Hostname|internet|a.b";

fn pop(openkat: &OpenKat, limit: usize) -> Popped {
    let scheduler = openkat.services().scheduler;
    scheduler.pop(TaskKind::Boefje, limit, &Filters::default()).unwrap()
}

fn ids(popped: &Popped) -> Vec<String> {
    popped.tasks.iter().map(|task| task.id.to_string()).collect()
}

fn uuid(text: &str) -> Uuid {
    Uuid::parse_str(text).unwrap()
}

/// The headers of a call that are chosen, in the order of their names.
fn headers(call: &Call) -> Vec<String> {
    let known = call.headers.iter().filter(|(name, _)| name != "host" && name != "user-agent");
    let mut known: Vec<_> = known.map(|(name, value)| format!("{name}: {value}")).collect();
    known.sort();
    known
}

#[test]
fn a_task_is_taken_from_a_queue() {
    for version in [OpenKatVersion::V1_15, OpenKatVersion::V1_18] {
        let openkat = OpenKat::new(version);
        let id = openkat.queue(&boefje_job("acme", "dns-records", INPUT));
        let popped = pop(&openkat, 1);
        assert_eq!(ids(&popped), [id.as_str()]);
        assert_eq!(popped.tasks[0].queue, "boefje-acme");
        assert_eq!(popped.tasks[0].data.plugin(), "dns-records");
        let lines = ["scheduler GET /queues", "scheduler POST /queues/boefje-acme/pop"];
        assert_eq!(openkat.lines(), lines);
        let books = openkat.books();
        assert_eq!(headers(&books.calls[0]), ["accept: */*"]);
        assert_eq!(headers(&books.calls[1]), ["accept: */*", "content-length: 0"]);
        assert_eq!(books.tasks[&id].history, ["queued", "dispatched"]);
    }
}

#[test]
fn a_task_is_taken_from_the_scheduler_of_its_kind() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let data = boefje_job("acme", "dns-records", INPUT);
    let ours = [openkat.queue(&data), openkat.queue(&boefje_job("other", "ssl", INPUT))];
    openkat.queue(&normalizer_job("n", &Uuid::new_v4().to_string(), &data));
    let services = openkat.services();
    let pop = |limit| services.scheduler.pop(TaskKind::Boefje, limit, &Filters::default());
    let first = pop(3).unwrap();
    assert_eq!(ids(&first), ours);
    assert_eq!(first.tasks[1].queue, "boefje");
    assert_eq!(ids(&pop(1).unwrap()), Vec::<String>::new());
    let lines = [
        "scheduler GET /queues",
        "scheduler POST /schedulers/boefje/pop?limit=3",
        "scheduler POST /schedulers/boefje/pop?limit=1",
    ];
    assert_eq!(openkat.lines(), lines);
    assert_eq!(openkat.books().calls[1].body, b"");
}

#[test]
fn queues_of_many_organisations_take_turns() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    for organization in ["a", "b", "c"] {
        for plugin in ["1", "2"] {
            openkat.queue(&boefje_job(organization, plugin, INPUT));
        }
    }
    openkat.queue(&boefje_job("b", "3", INPUT));
    let services = openkat.services();
    let pop = |limit| {
        let popped = services.scheduler.pop(TaskKind::Boefje, limit, &Filters::default());
        let popped = popped.unwrap().tasks.into_iter();
        popped.map(|task| format!("{}{}", task.data.organization(), task.data.plugin()))
    };
    let mut order: Vec<_> = (0..4).flat_map(|_| pop(1)).collect();
    order.extend(pop(5));
    assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "c2", "b3"]);
}

#[test]
fn only_queues_of_the_kind_are_asked() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let boefje = boefje_job("acme", "dns-records", INPUT);
    openkat.queue(&boefje);
    let id = openkat.queue(&normalizer_job("n", &Uuid::new_v4().to_string(), &boefje));
    let scheduler = openkat.services().scheduler;
    let popped = scheduler.pop(TaskKind::Normalizer, 5, &Filters::default()).unwrap();
    assert_eq!(ids(&popped), [id]);
    assert_eq!(popped.tasks[0].data.kind(), TaskKind::Normalizer);
    let line = "scheduler POST /queues/normalizer-acme/pop";
    assert_eq!(openkat.lines()[1..], [line, line], "until there are no more");
}

#[test]
fn filters_go_with_every_pop() {
    for version in [OpenKatVersion::V1_15, OpenKatVersion::V1_19] {
        let openkat = OpenKat::new(version);
        openkat.queue(&boefje_job("acme", "ssl", INPUT));
        let wanted = openkat.queue(&boefje_job("acme", "dns-records", INPUT));
        let scheduler = openkat.services().scheduler;
        let plugins = vec!["dns-records".to_owned()];
        let filters = Filters { plugins, images: Vec::new() };
        for expected in [vec![wanted], Vec::new()] {
            let popped = scheduler.pop(TaskKind::Boefje, 1, &filters).unwrap();
            assert_eq!(ids(&popped), expected);
        }
        let call = openkat.books().calls.iter().find(|call| !call.body.is_empty()).cloned();
        let call = call.unwrap();
        let body = r#"{"filters":[{"column":"data","field":"boefje__id","operator":"in","value":["dns-records"]}]}"#;
        assert_eq!(call.text(), body);
        assert_eq!(call.header("content-type"), Some("application/json"));
        let images = Filters { plugins: Vec::new(), images: vec!["i".to_owned()] };
        assert_eq!(
            ids(&scheduler.pop(TaskKind::Boefje, 1, &images).unwrap()),
            Vec::<String>::new()
        );
        let last = openkat.books().calls.last().unwrap().json();
        assert_eq!(last["filters"][0]["field"], "boefje__oci_image");
    }
}

#[test]
fn what_is_no_task_is_reported_and_the_others_are_taken() {
    let bad = |mut item: Value| {
        item["data"]["boefje"]["id"] = Value::Null;
        item
    };
    for (version, queue) in
        [(OpenKatVersion::V1_15, "boefje-acme"), (OpenKatVersion::V1_19, "boefje")]
    {
        let openkat = OpenKat::new(version);
        let id = Uuid::new_v4();
        let data = boefje_job("acme", "dns-records", INPUT);
        openkat.queue_item(queue, bad(json!({"id": id.to_string(), "data": data})));
        openkat.queue_item(queue, json!(["no", "task"]));
        let good = openkat.queue(&data);
        let popped = pop(&openkat, 3);
        assert_eq!(ids(&popped), [good]);
        let words = |words: &str| format!("queue {queue}: {words}");
        let expected = [
            (Some(id), words("data.boefje.id: it is missing")),
            (None, words("the whole: it is no object")),
        ];
        assert_eq!(popped.unreadable, expected);
    }
}

#[test]
fn where_no_scheduler_is_there_is_no_empty_queue() {
    let openkat = OpenKat::answering(|_| (404, br#"{"detail":"Not Found"}"#.to_vec()));
    let scheduler = openkat.services().scheduler;
    let plugins = Filters { plugins: vec!["b".to_owned()], images: Vec::new() };
    for filters in [Filters::default(), plugins] {
        for _ in 0..2 {
            let error = scheduler.pop(TaskKind::Boefje, 1, &filters).unwrap_err().to_string();
            let words = "the scheduler answered 404 to POST /schedulers/boefje/pop: Not Found";
            assert_eq!(error, words);
            assert_eq!(scheduler.tells_version(), None);
        }
    }
}

#[test]
fn that_nothing_fits_the_filters_is_no_error_and_asked_for_once() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let scheduler = openkat.services().scheduler;
    let body = json!({"detail": "nothing fits"}).to_string().into_bytes();
    openkat.inject(Asked::Scheduler, "/pop", usize::MAX, Trouble::Answer(404, body));
    let filters = Filters { plugins: vec!["b".to_owned()], images: Vec::new() };
    for _ in 0..3 {
        assert!(scheduler.pop(TaskKind::Boefje, 1, &filters).unwrap().tasks.is_empty());
    }
    let pop = "scheduler POST /schedulers/boefje/pop?limit=1";
    assert_eq!(openkat.lines(), ["scheduler GET /queues", pop, pop, pop]);
    // Without filters there is nothing that it could not fit.
    scheduler.pop(TaskKind::Boefje, 1, &Filters::default()).unwrap_err();
}

#[test]
fn the_status_of_a_task_that_cannot_be_read_is_read() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let scheduler = openkat.services().scheduler;
    let body = r#"{"status":"running","p_item":{}}"#;
    openkat.inject(Asked::Scheduler, "GET /tasks", 1, Trouble::Body(body.into()));
    assert_eq!(scheduler.status(Uuid::nil()), Ok(Some(TaskStatus::Running)));
    assert_eq!(scheduler.status(Uuid::nil()), Ok(None));
}

#[test]
fn a_queue_that_fails_keeps_nobody_from_the_others() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    openkat.queue(&boefje_job("a", "1", INPUT));
    let id = openkat.queue(&boefje_job("b", "2", INPUT));
    openkat.inject(Asked::Scheduler, "boefje-a/pop", usize::MAX, Trouble::Status(500));
    assert_eq!(ids(&pop(&openkat, 2)), [id]);
    let scheduler = openkat.services().scheduler;
    let error = scheduler.pop(TaskKind::Boefje, 1, &Filters::default()).unwrap_err();
    let words = "the scheduler answered 500 to POST /queues/boefje-a/pop: as the test wants";
    assert_eq!(error.to_string(), words);
}

#[test]
fn a_task_is_given_back_as_it_came() {
    for (version, path) in [
        (OpenKatVersion::V1_15, "/queues/boefje-acme"),
        (OpenKatVersion::V1_18, "/queues/boefje-acme"),
        (OpenKatVersion::V1_19, "/schedulers/boefje"),
    ] {
        let openkat = OpenKat::new(version);
        let id = openkat.queue(&boefje_job("acme", "dns-records", INPUT));
        let item = openkat.books().tasks[&id].item.clone();
        let task = pop(&openkat, 1).tasks.remove(0);
        // One who has asked for nothing before finds the generation first.
        openkat.services().scheduler.push(&task).unwrap();
        let books = openkat.books();
        assert_eq!(books.tasks[&id].history, ["queued", "dispatched", "queued"]);
        let call = books.calls.last().unwrap();
        assert_eq!(call.line(), format!("scheduler POST {path}/push"));
        let mut given = call.json();
        if version == OpenKatVersion::V1_19 {
            assert_eq!(given["status"], "dispatched");
            given["status"] = "queued".into();
        }
        assert_eq!(given, item);
        assert_eq!(call.header("content-type"), None);
        drop(books);
        assert_eq!(ids(&pop(&openkat, 1)), [id]);
    }
}

#[test]
fn a_task_is_looked_at_and_its_status_set() {
    for version in [OpenKatVersion::V1_15, OpenKatVersion::V1_18, OpenKatVersion::V1_19] {
        let openkat = OpenKat::new(version);
        let id = openkat.queue(&boefje_job("acme", "dns-records", INPUT));
        let scheduler = openkat.services().scheduler;
        let status = || {
            let (task, status) = scheduler.task(uuid(&id)).unwrap().unwrap();
            assert_eq!((task.id, task.data.plugin()), (uuid(&id), "dns-records"));
            assert!(task.queue.starts_with("boefje"), "{}", task.queue);
            status
        };
        assert_eq!(status(), TaskStatus::Queued);
        scheduler.set_status(uuid(&id), TaskStatus::Completed).unwrap();
        assert_eq!(status(), TaskStatus::Completed);
        openkat.set_status(&id, "cancelled");
        assert_eq!(status(), TaskStatus::Cancelled);
        let books = openkat.books();
        let lines: Vec<_> = books.calls.iter().map(Call::line).collect();
        let get = format!("scheduler GET /tasks/{id}");
        let patch = format!("scheduler PATCH /tasks/{id}");
        assert_eq!(lines, [get.clone(), patch, get.clone(), get]);
        assert_eq!(books.calls[1].text(), r#"{"status": "completed"}"#);
        let sent = ["accept: */*", "content-length: 23", "content-type: application/json"];
        assert_eq!(headers(&books.calls[1]), sent);
    }
}

#[test]
fn a_task_that_nobody_knows_is_none_and_cannot_be_set() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let scheduler = openkat.services().scheduler;
    let id = Uuid::new_v4();
    assert_eq!(scheduler.task(id).unwrap(), None);
    let error = scheduler.set_status(id, TaskStatus::Failed).unwrap_err().to_string();
    assert_eq!(error, format!("the scheduler answered 404 to PATCH /tasks/{id}: task not found"));
    let item = json!({"id": id.to_string(), "data": boefje_job("acme", "b", INPUT)});
    let task = Task::from_json(Json::parse(&item.to_string()).unwrap(), "boefje-acme").unwrap();
    let task = Task { item: Json::Null, ..task };
    let error = scheduler.push(&task).unwrap_err().to_string();
    let words = "the scheduler answered 400 to POST /queues/boefje-acme/push: malformed item";
    assert_eq!(error, words);
}

/// What is asked of the scheduler.
type Asks = fn(&dyn Scheduler) -> Result<(), boefjes::ServiceError>;

#[test]
fn a_strange_answer_is_an_error_that_names_the_call() {
    let pop: Asks = |it| it.pop(TaskKind::Boefje, 1, &Filters::default()).map(drop);
    let task: Asks = |it| it.task(Uuid::nil()).map(drop);
    let id = Uuid::nil();
    for (version, asks, on, body, words) in [
        (OpenKatVersion::V1_15, pop, "/queues", "{}", "GET /queues: it is no list".to_owned()),
        (
            OpenKatVersion::V1_15,
            pop,
            "/pop",
            "<p>",
            "POST /queues/boefje-acme/pop: it is no JSON: ".to_owned(),
        ),
        (
            OpenKatVersion::V1_19,
            pop,
            "/pop",
            "[]",
            "POST /schedulers/boefje/pop: it has no results".to_owned(),
        ),
        (OpenKatVersion::V1_19, task, "", "3", format!("GET /tasks/{id}: it is no object")),
        (OpenKatVersion::V1_19, task, "", "{}", format!("GET /tasks/{id}: it has no status")),
        (
            OpenKatVersion::V1_15,
            task,
            "",
            r#"{"status":"done"}"#,
            format!("GET /tasks/{id}: \"done\" is no status"),
        ),
        (
            OpenKatVersion::V1_15,
            task,
            "",
            r#"{"status":"failed","p_item":{}}"#,
            format!("GET /tasks/{id}: data: it is missing"),
        ),
    ] {
        let openkat = OpenKat::new(version);
        openkat.inject(Asked::Scheduler, on, 1, Trouble::Body(body.into()));
        let error = asks(&*openkat.services().scheduler).unwrap_err().to_string();
        let start = format!("the scheduler answered something strange to {words}");
        assert!(error.starts_with(&start), "{error}");
    }
}
