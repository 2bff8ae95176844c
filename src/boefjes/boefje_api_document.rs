//! The OpenAPI document of the API for containers: `/openapi.json`.
//!
//! Paths, parameters, bodies, and the names of operations and schemas are the original's; the
//! statuses that an operation may be answered with are more than the original tells.

use katalogus::openapi::Description;
use katalogus::openapi_operation::Success::{Empty, Shows};
use katalogus::openapi_operation::{Operation, Parameter};
use katalogus::openapi_shape::Need::{Else, May, Must};
use katalogus::openapi_shape::Shape::{
    self, Base64, Choice, Date, Either, Integer, List, Map, Maybe, Name, Named, Text, Texts, Uuid,
};
use katalogus::openapi_shape::{Member, PROBLEM, schema};
use katalogus::{Generation, Json, Object};
use ostler_http::Method::{Get, Patch, Post};

/// The whole document of a generation.
pub(crate) fn document(generation: Generation, proxies_scheduler: bool) -> Json {
    let named = Generation::NAMES.iter().find(|(_, named)| *named == generation);
    Description {
        title: "Boefje API",
        version: named.map_or("", |(name, _)| name),
        words: "Where boefjes that run elsewhere fetch their jobs and bring their results.",
        operations: operations(generation, proxies_scheduler),
        schemas: schemas(generation, proxies_scheduler),
        takes_tokens: false,
        always: |_| &[421],
        failure,
    }
    .document()
}

pub(crate) fn operations(generation: Generation, proxies_scheduler: bool) -> Vec<Operation> {
    let taken = match generation {
        Generation::V1_15 => Empty,
        Generation::V1_20 => Shows(Map(&Maybe(&Uuid))),
    };
    let tasks = [
        Operation { tag: "service", ..HEALTH },
        INPUT,
        Operation::new(
            Post,
            "/api/v0/tasks/{task_id}",
            "boefje_output",
            "Bring the results of a task, which ends it",
            taken,
        )
        .takes(Named("BoefjeOutput"))
        .fails(&[403, 404, 422, 500, 503]),
    ];
    let tagged = |tag| move |operation: Operation| Operation { tag, ..operation };
    let scheduler = proxies_scheduler.then_some(SCHEDULER).into_iter().flatten();
    let [health, tasks @ ..] = tasks;
    std::iter::once(health)
        .chain(tasks.map(tagged("tasks")))
        .chain(scheduler.copied().map(tagged("scheduler")))
        .collect()
}

/// What a status of a failure says, and in which shape.
fn failure(status: u16) -> (&'static str, Shape) {
    const DETAIL: Shape = Named("Detail");
    match status {
        400 => ("The path or the body cannot be read.", DETAIL),
        403 => ("The task does not run.", DETAIL),
        404 => ("There is no such task.", DETAIL),
        413 => ("The body is too long.", DETAIL),
        421 => ("It is asked for a web page of somebody else, or under an unknown name.", DETAIL),
        422 => ("The request is not what the operation takes.", Named("HTTPValidationError")),
        503 => ("There is too much to do.", DETAIL),
        _ => ("Another service or this one failed; the log says more.", Text),
    }
}

const HEALTH: Operation =
    Operation::new(Get, "/healthz", "root", "Show whether the program is there", Shows(Text));

const INPUT: Operation = Operation::new(
    Get,
    "/api/v0/tasks/{task_id}",
    "boefje_input",
    "Fetch the job of a task that runs",
    Shows(Named("BoefjeInput")),
)
.fails(&[403, 404, 422, 500, 503]);

const LIMIT: Parameter = Parameter {
    name: "limit",
    shape: Integer,
    default: Some("1"),
    words: "How many tasks at most",
};

const SCHEDULER: &[Operation] = &[
    Operation::new(
        Post,
        "/api/v0/scheduler/{queue}/pop",
        "pop_task",
        "Take tasks, with all that their boefjes are given",
        Shows(List(&Named("Task"))),
    )
    .may_take(Named("Filters"))
    .asks(&[LIMIT])
    .fails(&[500, 503]),
    Operation::new(
        Post,
        "/api/v0/scheduler/{queue}/push",
        "push_item",
        "Give a task back",
        Shows(Named("Task")),
    )
    .takes(Named("Task"))
    .fails(&[500, 503]),
    Operation::new(
        Get,
        "/api/v0/scheduler/tasks/{task_id}",
        "get_task",
        "Show a task",
        Shows(Named("Task")),
    )
    .fails(&[404, 422, 500, 503]),
    Operation::new(
        Patch,
        "/api/v0/scheduler/tasks/{task_id}",
        "patch_task",
        "Say what has become of a task",
        Shows(Named("Task")),
    )
    .takes(Named("TaskPatch"))
    .fails(&[404, 500, 503]),
];

fn schemas(generation: Generation, proxies_scheduler: bool) -> Json {
    let input = match generation {
        Generation::V1_15 => OLD_INPUT,
        Generation::V1_20 => INPUT_WITH_TASK,
    };
    let mut rows: Vec<(&str, &[Member])> = vec![("BoefjeInput", input)];
    rows.extend(SHARED);
    if generation == Generation::V1_20 || proxies_scheduler {
        rows.extend(TASKS);
    }
    let mut schemas: Object = rows
        .into_iter()
        .map(|(name, members)| (name.to_owned(), schema(name, &[members])))
        .collect();
    schemas.insert("StatusEnum", Choice(&["COMPLETED", "FAILED"]).schema());
    schemas.into()
}

const OLD_INPUT: &[Member] = &[
    ("task_id", Uuid, Must),
    ("output_url", Text, Must),
    ("boefje_meta", Named("BoefjeMeta"), Must),
];

const INPUT_WITH_TASK: &[Member] = &[("output_url", Text, Must), ("task", Named("Task"), Must)];

const META: &[Member] = &[
    ("id", Uuid, Must),
    ("started_at", Maybe(&Date), May),
    ("ended_at", Maybe(&Date), May),
    ("boefje", Named("Boefje"), Must),
    ("input_ooi", Maybe(&Text), May),
    ("arguments", Shape::Object, Else("{}")),
    ("organization", Text, Must),
    ("runnable_hash", Maybe(&Text), May),
    ("environment", Maybe(&Map(&Text)), May),
];

const OUTPUT: &[Member] =
    &[("status", Named("StatusEnum"), Must), ("files", Maybe(&List(&Named("File"))), May)];

const FILE: &[Member] =
    &[("name", Maybe(&Text), May), ("content", Base64, Must), ("tags", Maybe(&Texts), May)];

const SHARED: [(&str, &[Member]); 7] = [
    ("BoefjeMeta", META),
    ("Boefje", &[("id", Name, Must), ("version", Maybe(&Text), May)]),
    ("BoefjeOutput", OUTPUT),
    ("File", FILE),
    ("Detail", &[("detail", Text, Must)]),
    ("HTTPValidationError", &[("detail", List(&Named("ValidationError")), Must)]),
    ("ValidationError", PROBLEM),
];

const STATUSES: Shape =
    Choice(&["pending", "queued", "dispatched", "running", "completed", "failed", "cancelled"]);

const TASK: &[Member] = &[
    ("id", Uuid, Must),
    ("scheduler_id", Text, May),
    ("schedule_id", Maybe(&Text), May),
    ("organisation", Text, May),
    ("priority", Maybe(&Integer), May),
    ("status", STATUSES, May),
    ("type", Choice(&["boefje", "normalizer"]), May),
    ("hash", Maybe(&Text), May),
    ("data", Either(&[Named("BoefjeMeta"), Named("NormalizerMeta")]), Must),
    ("created_at", Maybe(&Date), May),
    ("modified_at", Maybe(&Date), May),
];

const NORMALIZER_META: &[Member] = &[
    ("id", Uuid, Must),
    ("started_at", Maybe(&Date), May),
    ("ended_at", Maybe(&Date), May),
    ("raw_data", Named("RawDataMeta"), Must),
    ("normalizer", Named("Normalizer"), Must),
];

const RAW_DATA_META: &[Member] = &[
    ("id", Uuid, Must),
    ("boefje_meta", Named("BoefjeMeta"), Must),
    ("mime_types", List(&Named("MimeType")), May),
];

const FILTER: &[Member] = &[
    ("column", Text, Must),
    ("field", Choice(&["boefje__id", "normalizer__id", "boefje__oci_image"]), Must),
    ("operator", Text, Must),
    ("value", Texts, Must),
];

const TASKS: [(&str, &[Member]); 8] = [
    ("Task", TASK),
    ("TaskPatch", &[("status", STATUSES, Must)]),
    ("NormalizerMeta", NORMALIZER_META),
    ("Normalizer", &[("id", Name, Must), ("version", Maybe(&Text), May)]),
    ("RawDataMeta", RAW_DATA_META),
    ("MimeType", &[("value", Text, Must)]),
    ("Filters", &[("filters", Maybe(&List(&Named("Filter"))), May)]),
    ("Filter", FILTER),
];
