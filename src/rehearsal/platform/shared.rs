//! The core behind its lock, and the signal that something in it has changed.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::core::Core;

/// Shared by every connection and every handle.
#[derive(Debug)]
pub struct Shared {
    core: Mutex<Core>,
    changes: watch::Sender<u64>,
    stop: watch::Sender<bool>,
}

impl Shared {
    /// Puts a core behind its lock.
    #[must_use]
    pub fn new(core: Core) -> Self {
        Shared { core: Mutex::new(core), changes: watch::Sender::new(0), stop: watch::Sender::new(false) }
    }

    /// Does something with the core, then wakes whoever waits for changes. Nothing waits inside.
    pub fn with<T>(&self, what: impl FnOnce(&mut Core) -> T) -> T {
        let answer = what(&mut self.core.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|count| *count += 1);
        answer
    }

    /// Uses up a fault or the like, which nobody waits for; wakes nobody.
    pub fn look_mut<T>(&self, what: impl FnOnce(&mut Core) -> T) -> T {
        what(&mut self.core.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks without changing anything; wakes nobody.
    pub fn look<T>(&self, what: impl FnOnce(&Core) -> T) -> T {
        what(&self.core.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts changes; it only ever grows.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Becomes true when the platform stops.
    #[must_use]
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Ends every connection and the listener.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}
