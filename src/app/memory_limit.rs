//! What the budgets of memory are held to where the process may have little: in a container, or a unit with `MemoryMax=`.

use std::fs::read_to_string;
use std::path::Path;

use crate::config::Config;

/// Where the system has its control groups.
const MOUNTED: &str = "/sys/fs/cgroup";

/// The least that makes sense for pages of the database.
const LEAST_CACHE: usize = 4 << 20;

/// Holds `server.memory_bytes` to a third of what the process may have, and `storage.cache_bytes` to a twelfth: the rest is for
/// the search index, for passwords that are hashed, and for pages of files.
pub(super) fn hold(config: &mut Config) {
    let Some(limit) = limit(&read_to_string("/proc/self/cgroup").unwrap_or_default(), Path::new(MOUNTED)) else {
        return;
    };
    let least = config.server.least_memory_bytes();
    hold_to(&mut config.server.memory_bytes, (limit / 3).max(least), "server.memory_bytes", limit);
    hold_to(&mut config.storage.cache_bytes, (limit / 12).max(LEAST_CACHE), "storage.cache_bytes", limit);
}

fn hold_to(bytes: &mut usize, most: usize, key: &str, limit: usize) {
    if *bytes > most {
        tracing::info!(
            configured = *bytes,
            used = most,
            limit,
            "{key} is held to what the limit on memory leaves room for"
        );
        *bytes = most;
    }
}

/// The least of the limits on memory, in bytes, of the control groups that a process is in: `groups` names them, a line for each
/// hierarchy (cgroups(7)). None when there is none.
fn limit(groups: &str, mounted: &Path) -> Option<usize> {
    let limits = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next()?, parts.next()?.trim_start_matches('/'));
        // The one hierarchy of version 2 has no name; of version 1, it is that of the memory.
        let (hierarchy, file) = match controllers {
            "" => (mounted.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|it| it == "memory") => (mounted.join("memory"), "memory.limit_in_bytes"),
            _ => return None,
        };
        // In a container, the group may be named as the host sees it, and be mounted as the root.
        let own = hierarchy.join(group);
        let above = own.ancestors().take_while(|path| path.starts_with(&hierarchy));
        above.filter_map(|path| read_to_string(path.join(file)).ok()?.trim().parse().ok()).min()
    });
    // Version 1 says "none" with a number that no machine has.
    limits.min().filter(|limit| *limit < 1 << 50)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn mounted(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            fs::write(path, text).expect("a file");
        }
        root
    }

    #[test]
    fn the_least_limit_of_a_group_and_those_above_counts() {
        let root = mounted(&[("a/memory.max", "200\n"), ("a/b/memory.max", "max\n"), ("a/b/c/memory.max", "300\n")]);
        assert_eq!(limit("0::/a/b/c\n", root.path()), Some(200));
        assert_eq!(limit("0::/a/b/c/gone\n", root.path()), Some(200));
        assert_eq!(limit("0::/\n", root.path()), None);
        assert_eq!(limit("", root.path()), None);
    }

    #[test]
    fn of_version_1_only_the_memory_counts() {
        let none = "9223372036854771712\n";
        let root =
            mounted(&[("memory/memory.limit_in_bytes", "100663296\n"), ("memory/b/memory.limit_in_bytes", none)]);
        assert_eq!(limit("5:devices:/\n4:cpu,memory:/docker/abc\n0::/\n", root.path()), Some(96 << 20));
        let root = mounted(&[("memory/memory.limit_in_bytes", none), ("devices/memory.max", "1\n")]);
        assert_eq!(limit("5:devices:/\n4:memory:/\n", root.path()), None);
    }

    #[test]
    fn budgets_shrink_to_fit_and_never_grow() {
        let mut bytes = 256 << 20;
        hold_to(&mut bytes, 32 << 20, "server.memory_bytes", 96 << 20);
        assert_eq!(bytes, 32 << 20);
        hold_to(&mut bytes, 64 << 20, "server.memory_bytes", 192 << 20);
        assert_eq!(bytes, 32 << 20);
    }
}
