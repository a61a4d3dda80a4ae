//! Tables in segments that another program made and guards in its own way: read, written, recovered, refused. Relies on the
//! public API, and on `foreign` for that program.

mod access;
mod fork;
mod recovery;
mod refusal;
mod seqcount;
mod shapes;

use integration_tests::foreign::{Kind, Program};
use integration_tests::place::Backend;

/// Runs this for every guard in every kind of segment.
fn every_program(test: impl Fn(&Program)) {
    for backend in Backend::ALL {
        for kind in Kind::all() {
            let program = Program::new(backend, kind);
            println!("{backend:?}, {kind:?}"); // shown when it fails
            test(&program);
        }
    }
}
