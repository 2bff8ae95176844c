//! How many descriptors this process may open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything but connections, generously.
const OTHER_DESCRIPTORS: u64 = 256;

/// Raises the number of descriptors that this process may open to what it is granted, and warns if
/// that is too little for so many connections: each is a descriptor, and files need some too.
pub fn make_room(connections: usize) {
    let limit = raise_limit();
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_DESCRIPTORS);
    if limit < needed {
        log::warn!(
            "this process may open {limit} descriptors, max_connections needs {needed}: \
             raise LimitNOFILE, or lower max_connections"
        );
    }
}

fn raise_limit() -> u64 {
    let granted = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: granted.maximum, maximum: granted.maximum };
    let limit =
        if setrlimit(Resource::Nofile, raised).is_ok() { granted.maximum } else { granted.current };
    limit.unwrap_or(u64::MAX)
}
