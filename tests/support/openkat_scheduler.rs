//! The scheduler of [`OpenKat`](crate::OpenKat), in both of its forms.

use serde_json::{Value, json};

use crate::openkat::OpenKatVersion;
use crate::openkat_books::{BookedTask, Books, Call};
use crate::openkat_site::Reply;

/// What is written into all moments.
const MOMENT: &str = "2026-11-22T08:59:28+00:00";

pub(crate) fn answer(books: &mut Books, version: OpenKatVersion, call: &Call) -> Reply {
    let path = call.path();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let has_queues = version < OpenKatVersion::V1_19;
    match (call.method.as_str(), path.as_slice()) {
        ("GET", ["queues"]) if has_queues => queues(books),
        ("POST", ["queues", queue, "pop"]) if has_queues => pop_old(books, queue, call),
        ("POST", ["queues", queue, "push"]) if has_queues => push(books, queue, call),
        ("POST", ["schedulers", kind, "pop"]) if !has_queues => pop_new(books, kind, call),
        ("POST", ["schedulers", kind, "push"]) if !has_queues => push(books, kind, call),
        ("GET", ["tasks", id]) => task(books, version, id),
        ("PATCH", ["tasks", id]) => patch(books, version, id, call),
        _ => detail(404, "Not Found"),
    }
}

/// Makes a task of this data, and puts it into its queue.
pub(crate) fn queue(books: &mut Books, version: OpenKatVersion, data: &Value) -> String {
    let id = data["id"].as_str().expect("an id").to_owned();
    let boefje_meta = &data["raw_data"]["boefje_meta"];
    let (kind, owner) = if boefje_meta.is_object() {
        ("normalizer", &boefje_meta["organization"])
    } else {
        ("boefje", &data["organization"])
    };
    let owner = owner.as_str().expect("an organisation");
    let mut item = json!({
        "id": id,
        "hash": "00000000000000000000000000000000",
        "priority": 1,
        "data": data,
        "created_at": MOMENT,
        "modified_at": MOMENT,
    });
    let queue = if version < OpenKatVersion::V1_19 {
        format!("{kind}-{owner}")
    } else {
        for (key, value) in [
            ("schedule_id", Value::Null),
            ("organisation", owner.into()),
            ("status", "queued".into()),
            ("type", kind.into()),
        ] {
            item[key] = value;
        }
        kind.to_owned()
    };
    item["scheduler_id"] = queue.as_str().into();
    let task = BookedTask { item: item.clone(), history: vec!["queued".to_owned()] };
    books.tasks.insert(id.clone(), task);
    books.queues.entry(queue).or_default().push_back(item);
    id
}

fn queues(books: &Books) -> Reply {
    let queues = books.queues.iter().map(|(id, items)| {
        json!({"id": id, "size": items.len(), "maxsize": 1000, "item_type": id.split('-').next()})
    });
    Reply::json(200, &queues.collect())
}

fn pop_old(books: &mut Books, queue: &str, call: &Call) -> Reply {
    match taken(books, queue, 1, call) {
        None => detail(404, "queue not found"),
        Some(items) if items.is_empty() && !call.body.is_empty() => detail(404, "no items found"),
        Some(items) => Reply::json(200, items.first().unwrap_or(&Value::Null)),
    }
}

fn pop_new(books: &mut Books, kind: &str, call: &Call) -> Reply {
    let limit = call.query("limit").first().map(|limit| limit.parse().expect("a number"));
    let mut results = taken(books, kind, limit.unwrap_or(1), call).unwrap_or_default();
    // Who does not say how many are wanted is given all that are equal to the first.
    if let (None, Some(first)) = (limit, results.first()) {
        let key = first["data"]["deduplication_key"].clone();
        let is_equal = |item: &Value| !key.is_null() && item["data"]["deduplication_key"] == key;
        results.extend(taken_of(books, kind, usize::MAX, is_equal).unwrap_or_default());
    }
    Reply::json(200, &json!({ "results": results }))
}

/// Takes items from a queue that there is.
fn taken(books: &mut Books, queue: &str, limit: usize, call: &Call) -> Option<Vec<Value>> {
    let filters: Value = if call.body.is_empty() { Value::Null } else { call.json() };
    taken_of(books, queue, limit, |item| passes(item, &filters))
}

/// Takes items from a queue that there is, of those that are wanted.
fn taken_of(
    books: &mut Books,
    queue: &str,
    limit: usize,
    is_wanted: impl Fn(&Value) -> bool,
) -> Option<Vec<Value>> {
    let waiting = books.queues.get_mut(queue)?;
    let mut items = Vec::new();
    while items.len() < limit {
        let Some(place) = waiting.iter().position(&is_wanted) else { break };
        items.extend(waiting.remove(place));
    }
    for item in &mut items {
        let id = item["id"].as_str().unwrap_or_default();
        if let Some(task) = books.tasks.get_mut(id) {
            task.history.push("dispatched".to_owned());
            if item["status"].is_string() {
                item["status"] = "dispatched".into();
            }
        }
    }
    Some(items)
}

/// Whether an item fulfils every filter of the form that workers send.
fn passes(item: &Value, filters: &Value) -> bool {
    filters["filters"].as_array().is_none_or(|filters| {
        filters.iter().all(|filter| {
            let steps = filter["field"].as_str().expect("a field").split("__");
            let value = steps.fold(&item["data"], |value, step| &value[step]);
            assert_eq!((&filter["column"], &filter["operator"]), (&json!("data"), &json!("in")));
            filter["value"].as_array().expect("values").contains(value)
        })
    })
}

fn push(books: &mut Books, queue: &str, call: &Call) -> Reply {
    if !books.queues.contains_key(queue) {
        return detail(404, "queue not found");
    }
    let Ok(mut item) = serde_json::from_slice::<Value>(&call.body) else {
        return detail(400, "malformed item");
    };
    let Some(id) = item["id"].as_str().filter(|_| item["data"].is_object()) else {
        return detail(400, "malformed item");
    };
    let id = id.to_owned();
    let is_known = books.tasks.contains_key(&id);
    let task = books
        .tasks
        .entry(id)
        .or_insert_with(|| BookedTask { item: item.clone(), history: Vec::new() });
    task.history.push("queued".to_owned());
    if item["status"].is_string() {
        item["status"] = "queued".into();
    }
    task.item = item.clone();
    let waiting = books.queues.entry(queue.to_owned()).or_default();
    if is_known {
        waiting.push_front(item.clone());
    } else {
        waiting.push_back(item.clone());
    }
    Reply::json(201, &item)
}

fn task(books: &Books, version: OpenKatVersion, id: &str) -> Reply {
    let Some(task) = books.tasks.get(id) else { return detail(404, "task not found") };
    let item = &task.item;
    if version < OpenKatVersion::V1_19 {
        let kind = if item["data"]["raw_data"].is_object() { "normalizer" } else { "boefje" };
        let task = json!({
            "id": id,
            "scheduler_id": item["scheduler_id"],
            "type": kind,
            "p_item": item,
            "status": task.status(),
            "created_at": MOMENT,
            "modified_at": item.get("modified_at").unwrap_or(&MOMENT.into()),
        });
        return Reply::json(200, &task);
    }
    let mut shown = item.clone();
    shown["status"] = task.status().into();
    Reply::json(200, &shown)
}

fn patch(books: &mut Books, version: OpenKatVersion, id: &str, call: &Call) -> Reply {
    let change: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let Some(status) = change["status"].as_str() else { return detail(400, "no data to patch") };
    let Some(task) = books.tasks.get_mut(id) else { return detail(404, "task not found") };
    task.history.push(status.to_owned());
    self::task(books, version, id)
}

fn detail(status: u16, words: &str) -> Reply {
    Reply::json(status, &json!({ "detail": words }))
}
