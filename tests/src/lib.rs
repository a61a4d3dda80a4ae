//! What the suites share: places for segments, record types, segments seen as bytes, other processes. Relies on the
//! runtime's public API and, in `image`, on `docs/FORMAT.md` alone; tests nothing itself.
//!
//! | module | what |
//! |---|---|
//! | [`place`] | an address that nobody else uses, removed at the end |
//! | [`case`] | kinds of segment x cells x arrangements |
//! | [`every`] | the record with every kind of field |
//! | [`clock`] | the time, and a record that keeps it |
//! | [`records`] | record types, and patterns by which a torn record is recognised |
//! | [`versions`] | records that grow |
//! | [`image`] | a segment's bytes, read and changed behind the library's back |
//! | [`lock`] | the locks of a guard, taken by somebody else |
//! | [`memfd`] | memfds, by the descriptors that a child would get |
//! | [`readable`] | descriptors, asked as event loops do |
//! | [`sysv`] | System V segments and semaphores, by the bare system calls |
//! | [`foreign`] | a program without our library: its segment, its records, its guard |
//! | [`turns`] | what one of many writers does until it is killed, and what holds whoever is |
//! | [`said`] | what is said of such a program's table, to both languages |
//! | [`vectors`] | how wide the vectors are that a program copies by |
//! | [`twin`] | what the actor answers like its twins in C |
//! | [`program`] | what the programs share that tests start |
//! | [`fork`] | a process made two |
//! | [`check`] | errors that must say everything; the rule for skipping |
//! | [`waiting`] | what must come within a minute |
//! | [`timing`] | what is promised of time, asserted on a machine that is shared |
//! | [`bus`] | SIGBUS, as other code of a program raises and handles it |
//! | [`holdings`] | descriptors, mappings and threads of a process |
//! | [`process`] | the actor: a process to talk to, to stop and to kill |
//! | [`tools`] | tools of the machine, a folder for what they make |
//! | [`alone`] | a test's body in a process of its own, with other limits, rights or mounts |
//! | [`filter`] | system calls that fail, or never end |
//! | [`mark`] | where a process under trace says that its operation begins and ends |
//! | [`tracer`] | a process that is stepped, or whose system calls fail, or are its last |

pub mod alone;
pub mod bus;
pub mod case;
pub mod check;
pub mod clock;
pub mod every;
pub mod filter;
pub mod foreign;
pub mod fork;
pub mod holdings;
pub mod image;
pub mod lock;
pub mod mark;
pub mod memfd;
pub mod place;
pub mod process;
pub mod program;
pub mod readable;
pub mod records;
pub mod said;
pub mod sysv;
pub mod timing;
pub mod tools;
#[cfg(target_arch = "x86_64")]
pub mod tracer;
pub mod turns;
pub mod twin;
pub mod vectors;
pub mod versions;
pub mod waiting;
