//! How many connections the descriptors of the process allow.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are not for connections: the database, the files of the search index while parts of it are merged,
/// exports, backups, standard streams, connections to the addresses of the metrics and of operators, and those over plain HTTP
/// to what is over HTTPS.
const RESERVED: u64 = 256 + 2 * INNER_CONNECTIONS as u64 + PLAIN_CONNECTIONS as u64;
/// Connections that are served at a time at the address of the metrics, and at that of operators, if they have one.
pub(super) const INNER_CONNECTIONS: usize = 64;
/// Connections that are served at a time over plain HTTP to be sent on to HTTPS. They rest for seconds only.
pub(super) const PLAIN_CONNECTIONS: usize = 128;

/// Raises the soft limit on open files to the hard one, and returns how many connections can be served at a time: `wanted`,
/// or fewer if there are too few descriptors for that.
pub(super) fn connections(wanted: usize) -> usize {
    let limit = raised();
    let possible = limit.map_or(usize::MAX, possible);
    if possible < wanted {
        tracing::warn!(
            wanted,
            possible,
            "server.max_connections is more than the limit on open files allows; fewer are served at a time: raise \
             LimitNOFILE or ulimit -n"
        );
    }
    wanted.min(possible)
}

/// The limit on open files once it is raised; none when there is none.
fn raised() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        // Not every system allows what it calls the hard limit.
        Err(_) => current,
    }
}

/// How many connections fit beside what else needs descriptors, which has half of them if there are very few.
fn possible(limit: u64) -> usize {
    let reserved = RESERVED.min(limit / 2);
    usize::try_from(limit - reserved).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        assert_eq!(possible(1024), 512);
        assert_eq!(possible(100), 50);
        assert_eq!(possible(1), 1);
    }
}
