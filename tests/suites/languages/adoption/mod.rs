//! Tables that another program made, adopted by C and by Rust at once: the same records, the same guards, the same words for
//! what is wrong. Relies on `c/adopt.c` for the C side; the segments are made here, as that other program would.

mod names;
mod values;
mod words;

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::sync::OnceLock;

use integration_tests::place::{Backend, Place};
use integration_tests::said::{counter, stride};
use integration_tests::sysv;
use shmrecord::{ForeignGuard, Semaphore};

use crate::every::Every;
use crate::tools::{Compiler, model, suite, write_header};

const BYTES: usize = 4096;
const STRIDE: u64 = stride::<Every>();

const COMPILERS: [Compiler; 2] = [
    Compiler { name: "gcc", flags: &["-std=c11", "-O0"] },
    Compiler { name: "clang", flags: &["-std=c11", "-O2"] },
];

/// The C side, from every compiler that is there.
fn programs() -> Vec<&'static str> {
    static BUILT: [OnceLock<String>; COMPILERS.len()] = [const { OnceLock::new() }; COMPILERS.len()];
    write_header(&model(&suite("c/twin.toml")));
    let build = |compiler: &Compiler| {
        let path = compiler.compile(&format!("adopt-{}", compiler.name), &suite("c/adopt.c"), &[&suite("c")]);
        path.into_os_string().into_string().expect("a folder whose name is text")
    };
    let there = COMPILERS.iter().zip(&BUILT).filter(|(compiler, _)| compiler.is_there());
    there.map(|(compiler, built)| built.get_or_init(|| build(compiler)).as_str()).collect()
}

/// A segment of zeros, as another program makes it.
fn segment(backend: Backend) -> Place {
    let place = Place::new(backend);
    if backend == Backend::Sysv {
        sysv::make_segment(place.key(), BYTES);
    } else {
        let file = File::create_new(place.path()).unwrap();
        file.set_len(BYTES as u64).unwrap();
        file.set_permissions(PermissionsExt::from_mode(0o600)).unwrap();
    }
    place
}

/// A free semaphore, as another program makes it; removed on drop.
struct Lock(Place);

impl Lock {
    fn new(backend: Backend) -> Self {
        let place = Place::new(backend);
        Semaphore::create(place.address(), 1).unwrap();
        Self(place)
    }

    fn semaphore(&self) -> Semaphore {
        Semaphore::open(self.0.address()).unwrap()
    }

    fn guard(&self) -> ForeignGuard<'_> {
        match self.0.address().split_once(':').unwrap() {
            ("sysv", key) => ForeignGuard::Sysv { key, index: 0 },
            (_, name) => ForeignGuard::Posix { name },
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A test may have removed it.
        let _ = Semaphore::unlink(self.0.address());
    }
}

/// Places for counters: for all records, in front of each, behind each.
fn counters(stride: u64) -> [ForeignGuard<'static>; 6] {
    let behind = 64 + stride - 8;
    [(8, false), (56, true), (behind, true)]
        .map(|(offset, each)| [counter(offset, 32, each), counter(offset, 64, each)])
        .concat()
        .try_into()
        .expect("three places, two widths")
}
