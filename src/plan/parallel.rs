//! Reading many files of one tree on every core.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::tree::{Reader, Tree};

/// Items below which threads cost more than they save.
const FEW: usize = 64;

/// Threads at most: reading is bound by the disk beyond it.
const THREADS: usize = 8;

/// Applies `work` to every item; the results are in the order of the items.
pub(super) fn map<T: Sync, R: Send>(
    tree: &Tree,
    items: &[T],
    work: impl Fn(&Reader<'_>, &T) -> R + Sync,
) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(THREADS);
    if items.len() < FEW || threads < 2 {
        let reader = tree.reader();
        return items.iter().map(|item| work(&reader, item)).collect();
    }
    let next = AtomicUsize::new(0);
    let worker = || {
        let reader = tree.reader();
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else {
                return done;
            };
            done.push((at, work(&reader, item)));
        }
    };
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        handles
            .into_iter()
            .flat_map(|handle| match handle.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
