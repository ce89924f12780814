//! Stopping jobs from elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use super::run::Event;

/// A switch that stops every job started with it, now and later. Clones are the same switch.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    next: u64,
    listeners: Vec<(u64, mpsc::Sender<Event>)>,
}

impl Cancel {
    /// Stops the jobs. They end with [`super::SandboxError::Cancelled`].
    pub fn cancel(&self) {
        let mut state = self.lock();
        state.cancelled = true;
        for (_, listener) in state.listeners.drain(..) {
            // A job that has just ended does not listen any more.
            let _ = listener.send(Event::Cancelled);
        }
    }

    /// True once [`Self::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Tells `sender` when it happens, at once if it already has, until the answer is dropped.
    pub(super) fn listen(&self, sender: mpsc::Sender<Event>) -> Listening<'_> {
        let mut state = self.lock();
        let id = state.next;
        state.next = id.wrapping_add(1);
        if state.cancelled {
            let _ = sender.send(Event::Cancelled);
        } else {
            state.listeners.push((id, sender));
        }
        Listening { cancel: self, id }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while the lock is held, so a poisoned state is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that listens; dropping it ends that.
pub(super) struct Listening<'a> {
    cancel: &'a Cancel,
    id: u64,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.cancel
            .lock()
            .listeners
            .retain(|(id, _)| *id != self.id);
    }
}
