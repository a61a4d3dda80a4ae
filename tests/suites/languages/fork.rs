//! The role of a C writer whose process forks and becomes another program, seen from Rust.

use integration_tests::case::every_backend;
use integration_tests::place::Backend;
use integration_tests::process::Actor;
use shmrecord::{ErrorKind, Writer};

use crate::every::Every;
use crate::tools::actors;

#[test]
fn a_role_ends_with_its_process_although_a_child_of_it_lives_on() {
    for program in actors() {
        every_backend(|place| {
            let address = place.address();
            let mut actor = Actor::start(program, &["hold"]);
            assert_eq!(actor.ask(&format!("create {address} 4")), "holds 1");
            actor.take(place);
            assert_eq!(actor.ask("fork"), "forked");
            Writer::<Every>::open(address).unwrap_err();
            let forked = ErrorKind::ForkedHandle;
            let written = actor.ask("write 0 1");
            let expected =
                format!("{} write {address}: {forked}; open the table anew in this process", forked.code());
            assert_eq!(written, expected);
            actor.kill_parent();
            assert_eq!(Writer::<Every>::open(address).unwrap().epoch(), 2);
            assert_eq!(actor.ask("write 0 1"), expected);
            assert_eq!(actor.ask("drop"), "dropped");
            assert_eq!(actor.ask(&format!("open {address}")), "holds 3");
            assert_eq!(actor.ask("write 0 1"), "written");
        });
    }
}

#[test]
fn a_role_ends_with_exec_but_for_that_of_system_v_which_ends_with_the_process() {
    for program in actors() {
        every_backend(|place| {
            let address = place.address();
            let mut actor = Actor::start(program, &["hold"]);
            assert_eq!(actor.ask(&format!("create {address} 4")), "holds 1");
            actor.take(place);
            assert_eq!(actor.ask("exec"), "becoming");
            assert_eq!(actor.ask("drop"), "dropped");
            if place.backend() == Backend::Sysv {
                let refused = Writer::<Every>::open(address).unwrap_err();
                let pid = Some(actor.pid());
                assert!(matches!(refused.kind(), ErrorKind::WriterAlive { pid: it, .. } if *it == pid));
                actor.kill();
            }
            assert_eq!(Writer::<Every>::open(address).unwrap().epoch(), 2);
        });
    }
}
