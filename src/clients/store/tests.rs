use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::event::{Delivery, Event, Origin};
use crate::ids::{Digest, PrNumber, RepositoryId};

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("drydock.db"))
        .await
        .unwrap();
    (folder, store)
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

fn event(pr: u64) -> Event {
    Event::PullRequestChanged {
        repository: RepositoryId(7),
        pr: PrNumber(pr),
    }
}

fn delivery(guid: &str, pr: u64) -> Delivery {
    Delivery {
        guid: guid.into(),
        name: "pull_request".into(),
        body: Digest::of(guid.as_bytes()),
        event: event(pr),
        origin: Some(Origin {
            repository: RepositoryId(7),
            name: "demo/shop".parse().unwrap(),
            installation: 3,
        }),
    }
}

async fn claim(store: &Store, owner: &str, now: u64) -> Option<Job> {
    store.claim(owner, at(now), at(now + 60), 4).await.unwrap()
}

#[tokio::test]
async fn the_database_is_nobody_elses_to_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, store) = store().await;
    let one = delivery("a", 1);
    store.accept(&one, at(0)).await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        let is_lock = entry.path().extension().is_some_and(|end| end == "lock");
        assert!(is_lock || mode & 0o077 == 0, "{entry:?}: {mode:o}");
    }
}

#[tokio::test]
async fn a_delivery_is_repeated_until_it_is_processed_and_never_after() {
    let (_folder, store) = store().await;
    let one = delivery("a", 1);
    assert_eq!(store.accept(&one, at(0)).await.unwrap(), Accepted::Queued);
    assert_eq!(
        store.accept(&one, at(1)).await.unwrap(),
        Accepted::QueuedAgain
    );
    let job = claim(&store, "w", 2).await.unwrap();
    assert_eq!(job.event, event(1));
    assert_eq!(
        store.accept(&one, at(3)).await.unwrap(),
        Accepted::QueuedAgain
    );
    assert_eq!(
        store.settle(&job, &Attempt::Finished, at(4)).await.unwrap(),
        Guarded::Done
    );
    let again = claim(&store, "w", 5).await.unwrap();
    assert_eq!(
        store
            .settle(&again, &Attempt::Finished, at(6))
            .await
            .unwrap(),
        Guarded::Done
    );
    assert_eq!(
        store.accept(&one, at(7)).await.unwrap(),
        Accepted::AlreadyProcessed
    );
    assert!(store.backlog().await.unwrap().is_idle());
    let known = store
        .find_repository(RepositoryId(7))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (known.name.to_string().as_str(), known.installation),
        ("demo/shop", 3)
    );
}

#[tokio::test]
async fn a_lane_has_one_running_and_one_waiting_job() {
    let (_folder, store) = store().await;
    for guid in ["a", "b", "c"] {
        store.accept(&delivery(guid, 1), at(0)).await.unwrap();
    }
    let job = claim(&store, "w", 1).await.unwrap();
    store.accept(&delivery("d", 1), at(1)).await.unwrap();
    store.accept(&delivery("e", 1), at(1)).await.unwrap();
    assert_eq!(claim(&store, "w", 2).await, None, "the lane is taken");
    assert!(store.has_newer(&job).await.unwrap());
    let backlog = store.backlog().await.unwrap();
    assert_eq!((backlog.running, backlog.queued), (1, 1));
    assert_eq!(
        store.settle(&job, &Attempt::Finished, at(3)).await.unwrap(),
        Guarded::Done
    );
    assert!(claim(&store, "w", 4).await.is_some());
}

#[tokio::test]
async fn a_busy_repository_does_not_take_every_worker() {
    let (_folder, store) = store().await;
    for pr in 1..=5 {
        store
            .accept(&delivery(&pr.to_string(), pr), at(0))
            .await
            .unwrap();
    }
    let other = Event::PullRequestChanged {
        repository: RepositoryId(8),
        pr: PrNumber(1),
    };
    store.enqueue(&other, at(1)).await.unwrap();
    let mut claimed = Vec::new();
    while let Some(job) = store.claim("w", at(2), at(60), 2).await.unwrap() {
        claimed.push(job.event);
    }
    assert_eq!(claimed, [event(1), event(2), other]);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_changes_nothing() {
    let (_folder, store) = store().await;
    store.accept(&delivery("a", 1), at(0)).await.unwrap();
    let slow = claim(&store, "same", 0).await.unwrap();
    let fresh = claim(&store, "same", 100)
        .await
        .expect("the lease has ended");
    assert_eq!(fresh.attempts, 2);
    assert_eq!(
        store.extend_lease(&slow, at(500)).await.unwrap(),
        Guarded::LeaseLost
    );
    assert_eq!(
        store
            .settle(&slow, &Attempt::Finished, at(101))
            .await
            .unwrap(),
        Guarded::LeaseLost
    );
    assert_eq!(
        store.accept(&delivery("a", 1), at(102)).await.unwrap(),
        Accepted::QueuedAgain
    );
    assert_eq!(
        store
            .settle(&fresh, &Attempt::Finished, at(103))
            .await
            .unwrap(),
        Guarded::Done
    );
}

#[tokio::test]
async fn postponed_work_is_due_later_and_joins_newer_work() {
    let (_folder, store) = store().await;
    store.accept(&delivery("a", 1), at(0)).await.unwrap();
    let job = claim(&store, "w", 0).await.unwrap();
    let later = Attempt::Postponed {
        until: at(50),
        trouble: "upstream".into(),
    };
    assert_eq!(
        store.settle(&job, &later, at(1)).await.unwrap(),
        Guarded::Done
    );
    assert_eq!(claim(&store, "w", 2).await, None);
    let job = claim(&store, "w", 51).await.unwrap();
    assert_eq!(job.attempts, 2);
    store.accept(&delivery("b", 1), at(52)).await.unwrap();
    assert_eq!(
        store.settle(&job, &later, at(53)).await.unwrap(),
        Guarded::Done
    );
    let job = claim(&store, "w", 54).await.unwrap();
    assert_eq!(job.attempts, 1, "new work starts with fresh attempts");
    assert_eq!(
        store
            .settle(&job, &Attempt::Finished, at(55))
            .await
            .unwrap(),
        Guarded::Done
    );
    for guid in ["a", "b"] {
        assert_eq!(
            store.accept(&delivery(guid, 1), at(56)).await.unwrap(),
            Accepted::AlreadyProcessed
        );
    }
}

#[tokio::test]
async fn work_of_a_dead_process_is_free_at_the_next_start() {
    let (folder, store) = store().await;
    let path = folder.path().join("drydock.db");
    store.accept(&delivery("a", 1), at(0)).await.unwrap();
    claim(&store, "dead", 0).await.unwrap();
    assert!(matches!(
        Store::open(&path).await,
        Err(StoreError::Lock { .. })
    ));
    store.close().await;
    drop(store);
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.release_orphans(at(1)).await.unwrap(), 1);
    assert!(claim(&store, "alive", 1).await.is_some());
}

#[tokio::test]
async fn many_workers_never_share_a_lane() {
    let (_folder, store) = store().await;
    for number in 0..200_u64 {
        store
            .accept(&delivery(&number.to_string(), number % 40), at(0))
            .await
            .unwrap();
    }
    let running = std::sync::Arc::new(std::sync::Mutex::new(HashSet::new()));
    let workers = (0..8).map(|worker| {
        let (store, running) = (store.clone(), running.clone());
        tokio::spawn(async move {
            let mut done = 0;
            while let Some(job) = store
                .claim(&worker.to_string(), at(1), at(60), 100)
                .await
                .unwrap()
            {
                assert!(
                    running.lock().unwrap().insert(job.event.clone()),
                    "overlaps: {:?}",
                    job.event
                );
                tokio::task::yield_now().await;
                running.lock().unwrap().remove(&job.event);
                let _ = store.settle(&job, &Attempt::Finished, at(2)).await.unwrap();
                done += 1;
            }
            done
        })
    });
    let done: i32 = futures::future::join_all(workers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();
    assert_eq!(done, 40);
    assert!(store.backlog().await.unwrap().is_idle());
}

fn wanted(reference: &str, intent: &str) -> Wanted {
    Wanted {
        target: "check/7/abc".into(),
        kind: EffectKind::Check,
        repository: RepositoryId(7),
        reference: reference.into(),
        intent: intent.into(),
    }
}

async fn claim_effect(store: &Store, now: u64) -> Option<Effect> {
    store
        .claim_effect("check/7/abc", "w", at(now), at(now + 30))
        .await
        .unwrap()
}

#[tokio::test]
async fn an_effect_is_sent_until_the_newest_wanted_state_is_out() {
    let (_folder, store) = store().await;
    assert!(store.want(&wanted("r1", "queued"), at(0)).await.unwrap());
    assert!(!store.want(&wanted("r1", "queued"), at(0)).await.unwrap());
    let first = claim_effect(&store, 1).await.unwrap();
    assert_eq!((first.attempts, first.unsent), (1, true));
    assert_eq!(
        store.record_external_id(&first, "99").await.unwrap(),
        Guarded::Done
    );
    assert!(store.want(&wanted("r1", "done"), at(2)).await.unwrap());
    assert_eq!(claim_effect(&store, 2).await, None, "someone is writing it");
    assert_eq!(
        store.record_sent(&first, at(3)).await.unwrap(),
        Guarded::Done
    );
    let second = claim_effect(&store, 4).await.unwrap();
    assert_eq!(
        (second.wanted.intent.as_str(), second.external_id.as_deref()),
        ("done", Some("99"))
    );
    assert_eq!(
        store.record_unsent(&second, at(60), "502").await.unwrap(),
        Guarded::Done
    );
    assert_eq!(claim_effect(&store, 5).await, None);
    let third = claim_effect(&store, 61).await.unwrap();
    assert_eq!(third.attempts, 2);
    assert_eq!(
        store.record_sent(&third, at(62)).await.unwrap(),
        Guarded::Done
    );
    assert_eq!(claim_effect(&store, 63).await, None);
    assert!(store.want(&wanted("r2", "queued"), at(64)).await.unwrap());
    let other = claim_effect(&store, 65).await.unwrap();
    assert_eq!((other.external_id, other.unsent), (None, true));
}

#[tokio::test]
async fn an_edited_or_deleted_audit_entry_is_named() {
    let (_folder, store) = store().await;
    for action in ["one", "two", "three"] {
        let entry = NewAudit {
            actor: "drydock",
            action,
            subject: "demo/shop#1",
            detail: "{}",
        };
        store.append_audit(&entry, at(0)).await.unwrap();
    }
    let entries = store.audit_entries().await.unwrap();
    assert_eq!(verify_chain(&entries), Ok(()));
    let mut edited = entries.clone();
    edited[1].actor = "someone".into();
    assert_eq!(verify_chain(&edited), Err(2));
    let mut shorter = entries;
    shorter.remove(1);
    assert_eq!(verify_chain(&shorter), Err(3));
}
