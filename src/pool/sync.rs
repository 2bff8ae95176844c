//! What threads of the pool meet in: the system's own, or, in a test that is built with
//! `--cfg shuttle`, models of it whose every step another thread may come between
//! (`schedules.rs`).

#[cfg(not(all(test, shuttle)))]
pub(crate) use self::real::{
    AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, Receiver, Sender, Wake, bounded,
};

#[cfg(all(test, shuttle))]
pub(crate) use self::model::{
    AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, Receiver, Sender, Wake, bounded,
};

#[cfg(not(all(test, shuttle)))]
mod real {
    pub(crate) use crossbeam_channel::{Receiver, Sender, bounded};
    pub(crate) use ostler_runtime::Wake;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    pub(crate) use std::sync::{Mutex, MutexGuard};
}

#[cfg(all(test, shuttle))]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod model {
    use std::collections::VecDeque;
    use std::io;
    use std::os::fd::{AsFd, BorrowedFd};
    use std::sync::Arc;

    use crossbeam_channel::{TryRecvError, TrySendError};
    use shuttle::sync::Condvar;
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};

    /// A channel with so many places.
    pub(crate) fn bounded<T>(places: usize) -> (Sender<T>, Receiver<T>) {
        let queue = Arc::new(Mutex::new(VecDeque::new()));
        (Sender(Arc::clone(&queue), places), Receiver(queue))
    }

    #[derive(Debug)]
    pub(crate) struct Sender<T>(Arc<Mutex<VecDeque<T>>>, usize);

    impl<T> Sender<T> {
        pub(crate) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
            let mut queue = self.0.lock().unwrap();
            if queue.len() >= self.1 {
                return Err(TrySendError::Full(value));
            }
            queue.push_back(value);
            Ok(())
        }
    }

    #[derive(Debug)]
    pub(crate) struct Receiver<T>(Arc<Mutex<VecDeque<T>>>);

    impl<T> Receiver<T> {
        pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
            self.0.lock().unwrap().pop_front().ok_or(TryRecvError::Empty)
        }
    }

    /// An event descriptor, and the poll that it ends.
    #[derive(Debug)]
    pub(crate) struct Wake {
        awake: Mutex<bool>,
        changed: Condvar,
    }

    impl Wake {
        #[expect(clippy::unnecessary_wraps, reason = "the real one may fail")]
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self { awake: Mutex::new(false), changed: Condvar::new() })
        }

        pub(crate) fn wake(&self) {
            *self.awake.lock().unwrap() = true;
            self.changed.notify_all();
        }

        pub(crate) fn clear(&self) {
            *self.awake.lock().unwrap() = false;
        }

        /// What a poll without patience sees.
        pub(crate) fn is_awake(&self) -> bool {
            *self.awake.lock().unwrap()
        }

        /// What a poll without end does.
        pub(crate) fn wait(&self) {
            let mut awake = self.awake.lock().unwrap();
            while !*awake {
                awake = self.changed.wait(awake).unwrap();
            }
        }
    }

    impl AsFd for Wake {
        fn as_fd(&self) -> BorrowedFd<'_> {
            panic!("nobody polls in a model")
        }
    }
}
