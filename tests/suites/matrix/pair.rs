//! Two processes, in each pair of languages. Relies on `tools` for those in C: the builds of `actor.c` take turns, `adopt.c` is
//! built once. Without a compiler there is Rust alone.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use integration_tests::process::Actor;

use crate::tools::{CC, actors, model, suite, write_header};

/// In which language a process is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Rust,
    C,
}

/// What a process has to do with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tables {
    Ours,
    Foreign,
}

/// Each language with each.
pub(crate) fn pairs() -> Vec<[Language; 2]> {
    use Language::{C, Rust};
    let all = [[Rust, Rust], [Rust, C], [C, Rust], [C, C]];
    all.into_iter().filter(|pair| CC.is_there() || !pair.contains(&C)).collect()
}

impl Language {
    /// Starts a process that answers commands.
    pub(crate) fn start(self, tables: Tables) -> Actor {
        static ACTORS: LazyLock<Vec<&str>> = LazyLock::new(actors);
        static ADOPTER: LazyLock<String> = LazyLock::new(|| {
            write_header(&model(&suite("c/twin.toml")));
            let path = CC.compile("adopt", &suite("c/adopt.c"), &[&suite("c")]);
            path.into_os_string().into_string().expect("a folder whose name is text")
        });
        static TURN: AtomicUsize = AtomicUsize::new(0);
        let rust = env!("CARGO_BIN_EXE_actor");
        match (self, tables) {
            (Self::Rust, Tables::Ours) => Actor::start(rust, &["twin"]),
            (Self::Rust, Tables::Foreign) => Actor::start(rust, &["adopt"]),
            (Self::C, Tables::Ours) => {
                let turn = TURN.fetch_add(1, Ordering::Relaxed);
                Actor::start(ACTORS[turn % ACTORS.len()], &["hold"])
            }
            (Self::C, Tables::Foreign) => Actor::start(&ADOPTER, &["hold"]),
        }
    }
}
