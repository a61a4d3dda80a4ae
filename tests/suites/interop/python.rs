//! Python's `sysv_ipc` and `posix_ipc` on our segments. What they do with our semaphores is tested with the semaphores.

use std::process::Command;

use integration_tests::place::{Backend, Place};
use integration_tests::records::{Quote, quote};
use integration_tests::tools::{has, run};
use shmrecord::Writer;

use crate::tools::suite;

#[test]
fn python_sees_our_segments_by_key_and_by_name() {
    let packages = "python3 with sysv_ipc and posix_ipc (python3 -m pip install sysv_ipc posix_ipc)";
    if !has(packages, Command::new("python3").args(["-c", "import sysv_ipc, posix_ipc"])) {
        return;
    }
    for backend in [Backend::Sysv, Backend::Posix] {
        let place = Place::new(backend);
        let mut writer = Writer::<Quote>::create(place.address(), 5).unwrap();
        for number in [7, 8] {
            writer.write(3, &quote(number)).unwrap();
        }
        let seen = run(Command::new("python3").arg(suite("python/attach.py")).args([place.address(), "3"]));
        // Twice published: the version word of one cell is 4.
        let expected = ["SHMRECRD 1 256", "True 32 5", "4", "S8 4.0 8", "read-only"];
        assert_eq!(seen.lines().collect::<Vec<_>>(), expected, "{}", place.address());
    }
}
