//! Messages of the hand-over, as any process at the other end of a socket may send them: bytes, and descriptors with them.

use std::fs;
use std::os::fd::AsRawFd;
use std::time::Duration;

use integration_tests::memfd::{self, message};
use shmrecord::handover;

use crate::mutator::{self, change, change_length};
use crate::random::Random;
use crate::run;
use crate::twin::{self, Twin, same, words};

#[test]
fn hostile_messages_are_refused_or_received() {
    run::inputs("messages::hostile_messages_are_refused_or_received", 5000, twin::program, |program| {
        let mut twin = Twin::start(program);
        move |random| {
            let bytes = hostile(random);
            let memfds = random.below(4);
            let others = if random.below(8) == 0 { random.below(3) } else { 0 };
            check(&bytes, memfds, others, twin.as_mut());
        }
    });
}

fn hostile(random: &mut Random) -> Vec<u8> {
    let longest = "n".repeat(249);
    let name = ["name", "größer", "a.guard", ".", &longest][random.below(5)];
    let mut bytes = message(name, 1 + u32::try_from(random.below(2)).expect("1 or 2"));
    if random.below(32) == 0 {
        bytes = mutator::arbitrary(random, 400);
    }
    for _ in 0..random.below(3) {
        let part = [0..8, 8..16, 16..26, 256..272, 0..bytes.len()][random.below(5)].clone();
        if random.below(12) == 0 {
            change_length(random, &mut bytes);
        } else if part.end <= bytes.len() {
            change(random, &mut bytes, part);
        }
    }
    // Without a byte there is no message on a stream.
    if bytes.is_empty() { vec![0] } else { bytes }
}

/// What both languages make of these bytes with so many memfds and then other descriptors; none stays open.
pub(crate) fn check(bytes: &[u8], memfds: usize, others: usize, twin: Option<&mut Twin>) {
    let [ours, theirs] = memfd::sockets(libc::SOCK_STREAM);
    let files: Vec<_> = (0..memfds).map(|_| memfd::make(&[], 0)).collect();
    let null = fs::File::open("/dev/null").expect("a device");
    let descriptors = files.iter().map(AsRawFd::as_raw_fd).chain((0..others).map(|_| null.as_raw_fd()));
    let open = || fs::read_dir("/proc/self/fd").expect("this process's descriptors").count();
    let before = open();
    memfd::send(&theirs, bytes, &descriptors.collect::<Vec<_>>());
    let received = handover::receive(&ours, Duration::from_millis(1));
    let mut rust = words(&received);
    if let Ok(address) = received {
        rust = format!("{rust} {address}");
        handover::forget(&address).expect("it was received");
    }
    assert_eq!(open(), before, "{rust}: a descriptor stays open");
    if let Some(twin) = twin {
        twin.say(&format!("receive {memfds} {others}"), bytes);
        same(&twin.answer(), &rust);
    }
}
