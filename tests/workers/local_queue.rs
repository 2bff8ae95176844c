//! The queue of a machine of its own.

use boefjes::{Filters, TaskKind, TaskStatus};
use ostler_runtime::Thread;
use uuid::Uuid;

use crate::local_place::{Place, history, pop, task};

#[test]
fn tasks_come_in_their_order_and_organisations_in_turn() {
    let place = Place::new(&[]);
    let services = place.services();
    for (organization, boefje) in [("a", "1"), ("a", "2"), ("a", "3"), ("b", "4"), ("b", "5")] {
        services.scheduler.push(&task(organization, boefje)).unwrap();
    }
    assert!(pop(&services, TaskKind::Normalizer, 9).is_empty());
    let tasks = pop(&services, TaskKind::Boefje, 9);
    let order: Vec<&str> = tasks.iter().map(|task| task.data.plugin()).collect();
    assert_eq!(order, ["1", "4", "2", "5", "3"]);
    assert_eq!(tasks[0].queue, "boefje-a");
    assert!(pop(&services, TaskKind::Boefje, 9).is_empty());
}

#[test]
fn only_wanted_plugins_are_handed_out() {
    let place = Place::new(&[]);
    let services = place.services();
    let tasks = ["1", "2", "3"].map(|boefje| task("a", boefje));
    for task in &tasks {
        services.scheduler.push(task).unwrap();
    }
    let filters = Filters { plugins: vec!["2".into(), "9".into()], images: Vec::new() };
    let popped = services.scheduler.pop(TaskKind::Boefje, 9, &filters).unwrap();
    assert_eq!(popped.tasks.iter().map(|task| task.id).collect::<Vec<_>>(), [tasks[1].id]);
    // None of them is a container.
    let filters = Filters { plugins: Vec::new(), images: vec!["image".into()] };
    assert!(services.scheduler.pop(TaskKind::Boefje, 9, &filters).unwrap().tasks.is_empty());
    assert_eq!(pop(&services, TaskKind::Boefje, 9).len(), 2);
}

#[test]
fn the_statuses_of_a_task_are_kept_with_their_times() {
    let place = Place::new(&[]);
    let services = place.services();
    let mine = task("a", "1");
    services.scheduler.push(&mine).unwrap();
    let popped = pop(&services, TaskKind::Boefje, 1).remove(0);
    assert_eq!(popped.data, mine.data);
    services.scheduler.push(&popped).unwrap();
    pop(&services, TaskKind::Boefje, 1);
    for status in [TaskStatus::Running, TaskStatus::Completed] {
        services.scheduler.set_status(mine.id, status).unwrap();
    }
    let statuses = ["queued", "dispatched", "queued", "dispatched", "running", "completed"];
    assert_eq!(history(&services, mine.id), statuses);
    let (task, status) = services.scheduler.task(mine.id).unwrap().unwrap();
    assert_eq!(status, TaskStatus::Completed);
    let item: serde_json::Value = serde_json::from_str(&task.item.compact()).unwrap();
    let times = item["history"].as_array().unwrap().iter().map(|one| one["at"].as_str().unwrap());
    let times: Vec<_> =
        times.map(|time| ostler_runtime::Moment::parse(time).expect("a time")).collect();
    assert!(times.is_sorted());
    assert!(services.scheduler.task(Uuid::new_v4()).unwrap().is_none());
    let unknown = services.scheduler.set_status(Uuid::new_v4(), TaskStatus::Failed);
    assert!(unknown.unwrap_err().to_string().contains("there is no task"));
}

#[test]
fn what_a_process_holds_that_is_gone_is_found_by_the_next() {
    let place = Place::new(&[]);
    let (gone, left) = (place.services(), place.services());
    let [begun, held, settled, waiting] = ["1", "2", "3", "4"].map(|boefje| {
        let task = task("a", boefje);
        gone.scheduler.push(&task).unwrap();
        task.id
    });
    assert_eq!(pop(&gone, TaskKind::Boefje, 3).len(), 3);
    gone.scheduler.set_status(begun, TaskStatus::Running).unwrap();
    gone.scheduler.set_status(settled, TaskStatus::Completed).unwrap();
    // As long as it is there, what it holds is its own.
    assert_eq!(pop(&left, TaskKind::Boefje, 1)[0].id, waiting);
    assert!(pop(&left, TaskKind::Boefje, 1).is_empty());
    drop(gone);
    let again = pop(&left, TaskKind::Boefje, 9);
    assert_eq!(again.iter().map(|task| task.id).collect::<Vec<_>>(), [held]);
    assert_eq!(history(&left, begun), ["queued", "dispatched", "running", "failed"]);
    assert!(left.bytes.has_run(begun).unwrap(), "there is a raw file that says why");
    assert_eq!(history(&left, held), ["queued", "dispatched", "queued", "dispatched"]);
    assert_eq!(history(&left, settled), ["queued", "dispatched", "completed"]);
}

#[test]
fn several_processes_at_once_never_take_the_same_task() {
    const TASKS: usize = 60;
    let place = Place::new(&[]);
    let services = place.services();
    for number in 0..TASKS {
        services.scheduler.push(&task(&format!("o{}", number % 3), "1")).unwrap();
    }
    let (sender, taken) = std::sync::mpsc::channel();
    let threads: Vec<Thread> = (0..3)
        .map(|number| {
            let mut settings = place.settings();
            settings.max_lock_wait = ostler_tests::wait::PATIENCE;
            let other = boefjes::Services::local_with(settings, place.plugins.clone()).unwrap();
            let sender = sender.clone();
            let take = move || {
                loop {
                    let tasks = pop(&other, TaskKind::Boefje, 2);
                    if tasks.is_empty() {
                        // The next one must not take it for gone.
                        sender.send(Err(other)).unwrap();
                        return;
                    }
                    for task in &tasks {
                        sender.send(Ok(task.id)).unwrap();
                    }
                }
            };
            Thread::spawn(&format!("taker:{number}"), take).unwrap()
        })
        .collect();
    drop(sender);
    let (ids, others): (Vec<_>, Vec<_>) = taken.iter().partition(Result::is_ok);
    let mut ids: Vec<Uuid> = ids.into_iter().flatten().collect();
    threads.into_iter().for_each(Thread::join);
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), others.len()), (TASKS, 3));
}
