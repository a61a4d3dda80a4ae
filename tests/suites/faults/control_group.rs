//! A memory limit of a control group: what is above it is refused, where the kernel would end the process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use integration_tests::alone::Alone;
use integration_tests::check::error_of;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern4096, Quote, quote};
use shmrecord::{ErrorKind, Options, Writer};

const LIMIT: u64 = 32 << 20;
/// Twice the limit.
const CAPACITY: usize = 16 << 10;

/// A group of its own, removed on drop.
struct Group(PathBuf);

impl Group {
    /// `None`: no group with a limit can be made here, which nothing that can be installed would change.
    fn new() -> Option<Self> {
        [("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")]
            .into_iter()
            .find_map(|(root, limit)| {
                let group = Self(Path::new(root).join(format!("shmrecord-test-{}", process::id())));
                fs::create_dir(&group.0).ok()?;
                let has_limit = group.0.join(limit).exists();
                (has_limit && fs::write(group.0.join(limit), LIMIT.to_string()).is_ok()).then_some(group)
            })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Its only process has ended.
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn what_is_above_the_limit_is_refused_and_leaves_nothing() {
    const BODY: &str = "control_group::what_is_above_the_limit_is_refused_and_leaves_nothing";
    let is_body = std::env::var_os("SHMRECORD_TEST_ALONE").is_some();
    let Some(group) = (if is_body { Some(None) } else { Group::new().map(Some) }) else {
        println!("skipped: no control group with a memory limit can be made here");
        return;
    };
    let prepare = || {
        let word = group.as_ref().map_or(String::new(), |group| group.0.display().to_string());
        (word, ())
    };
    Alone::new(BODY).setup("echo $$ > \"$SHMRECORD_TEST_WORD/cgroup.procs\"").run_after(prepare, |_| {
        for backend in [Backend::Posix, Backend::Sysv, Backend::Memfd] {
            let place = Place::new(backend);
            let address = place.address();
            let refused = Writer::<Pattern4096>::create(address, CAPACITY);
            assert_eq!(refused.as_ref().err().and_then(|error| error.raw_os_error()), Some(libc::ENOMEM));
            assert!(
                refused.as_ref().unwrap_err().to_string().contains("the memory limit of a control group")
            );
            let ErrorKind::NoSpace { wanted } = error_of(refused, address) else { panic!("{address}") };
            assert!(wanted > LIMIT);
            assert!(place.names().is_empty(), "{:?}", place.names());
            // What fits, and what takes nothing yet, is made.
            let mut writer = Writer::<Quote>::create(address, 4).unwrap();
            writer.write(0, &quote(1)).unwrap();
            drop(writer);
            shmrecord::remove(address).unwrap();
            drop(Options::new().sparse(true).create::<Pattern4096>(address, CAPACITY).unwrap());
            shmrecord::remove(address).unwrap();
        }
    });
}
